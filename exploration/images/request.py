"""What may be asked of those who make pictures, and the checks that say so before anything is spent."""

from collections.abc import Sequence
from dataclasses import dataclass

from exploration.errors import InvalidRequest
from exploration.request import PicturesRequest, check_range, check_text
from graphstore.model import ConceptId, ImageOptions, Pictures
from providers.images.catalogue import ImageCatalogue
from providers.images.port import ImageCard

MOST_CONCEPTS = 100
MOST_PICTURES = 10
"""Of one concept."""
MOST_IMAGES = 100
"""Of all concepts of one request: so many can be watched together."""
PROMPT_LENGTH = 2_000
STYLE_LENGTH = 200
MOST_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """Pictures as somebody asks for them. None: as is usual with the provider, who is the usual one himself."""

    concepts: tuple[ConceptId, ...]
    provider: str | None = None
    count: int = 1
    """Of each concept."""
    size: str | None = None
    """WIDTHxHEIGHT in pixels."""
    quality: str | None = None
    style: str = ""
    prompt: str = ""
    """In place of the one that is made from the concept."""
    seed: int | None = None
    real: bool = True
    """False: have them drawn, whatever the provider."""
    fallback: bool = True
    """Have them drawn when the provider cannot make them."""
    reuse: bool = True
    """Take the pictures that an equal request was given lately."""


def image_options(request: ImageRequest, catalogue: ImageCatalogue) -> ImageOptions:
    """How the pictures are to be made. Raises `UnknownNameError`, and `InvalidRequest` for the first argument that is
    out of bounds or that the provider cannot do."""
    _check_concepts(request.concepts)
    card = catalogue.card(request.provider or catalogue.default)
    if not card.available and request.real and not request.fallback:
        raise InvalidRequest("input.provider", f"{card.name!r} is not available: {card.reason}")
    _check_count(request, card)
    _check_seed(request, card)
    return ImageOptions(
        provider=card.name,
        size=_chosen("input.size", request.size, card.sizes, card),
        quality=_chosen("input.quality", request.quality, card.qualities, card),
        style=check_text("input.style", request.style, STYLE_LENGTH, empty=True),
        prompt=check_text("input.prompt", request.prompt, PROMPT_LENGTH, empty=True),
        seed=request.seed,
        real=request.real,
        fallback=request.fallback,
        reuse=request.reuse,
    )


def exploration_pictures(request: PicturesRequest, catalogue: ImageCatalogue) -> Pictures:
    """How an exploration's pictures are to be made: a provider that is not available has them drawn. Raises as
    `image_options` does."""
    card = catalogue.card(request.provider or catalogue.default)
    return Pictures(
        provider=card.name,
        size=_chosen("pictures.size", request.size, card.sizes, card),
        quality=_chosen("pictures.quality", request.quality, card.qualities, card),
        style=check_text("pictures.style", request.style, STYLE_LENGTH, empty=True),
    )


def _check_concepts(concepts: Sequence[ConceptId]) -> None:
    if not 1 <= len(concepts) <= MOST_CONCEPTS:
        message = f"{len(concepts):,} concepts are given; 1 to {MOST_CONCEPTS} are allowed"
        raise InvalidRequest("input.conceptIds", message)


def _check_count(request: ImageRequest, card: ImageCard) -> None:
    most = min(MOST_PICTURES, card.max_batch)
    if not 1 <= request.count <= most:
        message = f"{request.count:,} is not between 1 and {most}, which {card.name!r} can make of one concept at once"
        raise InvalidRequest("input.count", message)
    images = request.count * len(set(request.concepts))
    if images > MOST_IMAGES:
        raise InvalidRequest("input.count", f"that makes {images:,} images; at most {MOST_IMAGES} are allowed at once")


def _check_seed(request: ImageRequest, card: ImageCard) -> None:
    """Further pictures count on from the seed, so there must be room for them."""
    if request.seed is None:
        return
    if not card.seeds:
        raise InvalidRequest("input.seed", f"{card.name!r} knows no seeds: leave it out")
    check_range("input.seed", request.seed, 0, MOST_SEED + 1 - request.count)


def _chosen(argument: str, value: str | None, allowed: Sequence[str], card: ImageCard) -> str:
    """The value, or the usual one, which is the first."""
    if value is None:
        return allowed[0]
    if value not in allowed:
        message = f"{value[:40]!r} is not among those of {card.name!r}: {', '.join(allowed)}"
        raise InvalidRequest(argument, message)
    return value
