"""What `continuum doctor` finds of pictures: who makes them, and where they are kept."""

from continuum.cli.check import Check, Level
from continuum.providing import picture_bytes
from continuum.settings import Settings, SettingsError
from graphstore.errors import StoreError
from providers.images.catalogue import MOCK, ImageCatalogue


def painter_check(settings: Settings, catalogue: ImageCatalogue) -> Check:
    """Who is asked when nobody is named. Nothing is sent: whether a key is a good one, its first use tells."""
    card = catalogue.card(catalogue.default)
    if not card.available:
        return Check(
            Level.WARN, "pictures", f"drawn, since {card.name} is not set up", f"To have it asked: {card.reason}."
        )
    if card.name == MOCK or not settings.image_generation_enabled:
        return Check(Level.OK, "pictures", "drawn")
    return Check(Level.OK, "pictures", f"made by {card.name} (at most ${card.cost_usd:g} each)")


async def place_check(settings: Settings) -> Check:
    """Whether pictures can be kept."""
    try:
        await picture_bytes(settings).ping()
    except (SettingsError, StoreError) as error:
        mend = "Until then no picture is made; all else works. See IMAGE_STORE_URL."
        return Check(Level.FAIL, "picture store", str(error), mend)
    return Check(Level.OK, "picture store", f"{settings.image_location} can be written")
