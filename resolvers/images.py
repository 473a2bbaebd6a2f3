"""Reading images, asking for them, and watching them being made."""

from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import aclosing
from dataclasses import asdict

from exploration.errors import InvalidRequest
from exploration.images.request import ImageRequest
from graphstore.bytes import WIDTHS
from graphstore.model import ConceptId, Image, ImageStatus, Page
from providers.images.cache.port import CacheStats
from providers.images.port import ImageCard
from resolvers.context import RequestContext
from resolvers.idempotency import idempotency
from resolvers.ids import IMAGE, global_id, raw_id
from resolvers.loaders.images import ImagesOf
from resolvers.paging import MOST, Slice
from telemetry.metrics.graphql import EVENTS_SENT, SUBSCRIPTIONS

IMAGES = "images"
"""The order of a concept's images, the newest first."""
WIDTHS_NAMED = ", ".join(map(str, WIDTHS))
MAIN = "main"
"""The workspace that need not be named."""

_WATCHING = SUBSCRIPTIONS.labels("imageUpdates")
_SENT = EVENTS_SENT.labels("Image")


async def find(context: RequestContext, id: str) -> Image | None:
    """The image with this id."""
    return await context.loaders.image.load(raw_id("id", id, IMAGE))


async def of_concept(context: RequestContext, concept: ConceptId, part: Slice) -> Page[Image]:
    """A page of a concept's images."""
    return await context.loaders.images.load(ImagesOf(concept, part.of(IMAGES)))


def count(context: RequestContext, concept: ConceptId) -> Awaitable[int]:
    """How many images the concept has."""
    return context.loaders.image_count.load(concept)


def providers(context: RequestContext) -> Sequence[ImageCard]:
    """Who can make pictures."""
    return context.services.studio.cards()


def usual_provider(context: RequestContext) -> str:
    """Who is asked when a request names nobody."""
    return context.services.studio.default


async def cache(context: RequestContext) -> CacheStats:
    """What came of looking for pictures that were made before."""
    return await context.services.studio.cache_stats(context.store)


def seed(image: Image) -> int | None:
    """The number that chance began with, or is to begin with; None where nobody knows."""
    if image.picture is not None:
        return image.picture.seed
    return None if image.options.seed is None else image.options.seed + image.position


def thumbnail_url(context: RequestContext, image: Image, width: int) -> str | None:
    """The path under which the picture is served at a smaller width; None until there is one."""
    if width not in WIDTHS:
        raise InvalidRequest("width", f"{width:,} is none of the widths that there are: {WIDTHS_NAMED}")
    return url(context, image, width)


def url(context: RequestContext, image: Image, width: int | None = None) -> str | None:
    """The path under which the picture is served, at its own width or another one; None until there is one."""
    if image.status is not ImageStatus.READY:
        return None
    query = {"w": width, "workspace": None if context.store.workspace == MAIN else context.store.workspace}
    given = "&".join(f"{name}={value}" for name, value in query.items() if value is not None)
    path = f"/images/{global_id(IMAGE, image.id)}"
    return f"{path}?{given}" if given else path


async def progress(context: RequestContext, image: Image) -> float | None:
    """How far the picture is, from 0 to 1; None when that is not known."""
    if image.status is ImageStatus.READY:
        return 1.0
    if image.status is not ImageStatus.GENERATING:
        return None
    shares = [doing.share for doing in await context.loaders.activity.load(image.id)]
    return next((share for share in shares if share is not None), None)


async def generate(context: RequestContext, request: ImageRequest, key: str | None) -> Sequence[Image]:
    """Ask for images; with the key of an earlier request, give that one's."""
    repeat = idempotency(context, "generateImages", key, asdict(request))
    return await context.write(context.services.studio.request(context.store, request, repeat))


async def cancel(context: RequestContext, id: str) -> Image:
    """Do not make it after all."""
    return await context.write(context.services.studio.cancel(context.store, _raw(id)))


async def delete(context: RequestContext, id: str) -> str:
    """Delete an image; its id."""
    await context.write(context.services.studio.delete(context.store, _raw(id)))
    return id


async def clear_cache(context: RequestContext) -> int:
    """Forget which pictures answered which requests; how many were forgotten."""
    return await context.write(context.services.studio.clear_cache(context.store))


async def watch(context: RequestContext, ids: Sequence[str]) -> AsyncGenerator[Image, None]:
    """The images as they are, then each as it changes, with fresh loaders, until all of them have ended.

    Raises `NotFoundError` too.
    """
    if not 1 <= len(ids) <= MOST:
        raise InvalidRequest("ids", f"{len(ids):,} ids are given; 1 to {MOST} are allowed")
    wanted = [raw_id("ids", id, IMAGE) for id in ids]
    changes = context.services.image_watch.changes(context.store.workspace, wanted)
    with _WATCHING.track_inprogress():
        async with aclosing(changes):
            async for image in changes:
                context.renew_loaders()
                context.loaders.image.prime(image.id, image)
                _SENT.inc()
                yield image


def _raw(id: str) -> str:
    return raw_id("input.id", id, IMAGE)
