"""What a provider can make, held against what is asked of it, before anything is sent."""

from providers.errors import NotConfiguredError, RefusedError
from providers.images.port import ImageCard, PictureRequest
from providers.price import NOTHING


def check(card: ImageCard, request: PictureRequest) -> None:
    """Raises `NotConfiguredError` for a provider that is not available, and `RefusedError`, with all that is allowed,
    for a request that is beyond it."""
    if card.reason is not None:
        raise NotConfiguredError(f"{card.name} is not set up: {card.reason}", used=NOTHING)
    size = "{}x{}".format(*request.size)
    if size not in card.sizes:
        raise _refused(card, "pictures", size, card.sizes)
    if request.quality not in card.qualities:
        raise _refused(card, "qualities", request.quality, card.qualities)
    if not 1 <= request.count <= card.max_batch:
        raise RefusedError(
            f"{card.name} makes 1 to {card.max_batch} pictures at once, not {request.count}", used=NOTHING
        )
    if request.seed is not None and not card.seeds:
        raise RefusedError(f"{card.name} takes no seed", used=NOTHING)


def _refused(card: ImageCard, what: str, wanted: str, allowed: tuple[str, ...]) -> RefusedError:
    return RefusedError(f"{card.name} makes no {what} of {wanted!r}; allowed: {', '.join(allowed)}", used=NOTHING)
