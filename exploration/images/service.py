"""What people do with images: each change is stored first, then painters and watchers are told."""

from collections.abc import Sequence

import structlog

from exploration.dispatch.port import IMAGES, Dispatch, Job
from exploration.feed.port import Feed
from exploration.images.request import ImageRequest, image_options
from graphstore.errors import NotFoundError
from graphstore.model import UNFINISHED, Idempotency, Image, ImageDraft
from graphstore.port import Store
from providers.images.cache.port import CacheStats
from providers.images.catalogue import ImageCatalogue
from providers.images.port import ImageCard
from telemetry.traces import carried

_log = structlog.get_logger(__name__)


class Studio:
    """Takes requests for images and changes their course, from any process."""

    def __init__(self, catalogue: ImageCatalogue, dispatch: Dispatch, feed: Feed) -> None:
        self._catalogue = catalogue
        self._dispatch = dispatch
        self._feed = feed

    def cards(self) -> Sequence[ImageCard]:
        """Who makes pictures."""
        return self._catalogue.cards()

    @property
    def default(self) -> str:
        """Who is asked when a request names nobody."""
        return self._catalogue.default

    async def request(
        self, store: Store, request: ImageRequest, idempotency: Idempotency | None = None
    ) -> Sequence[Image]:
        """Ask for images and return them at once, as they are stored: those of the first concept first.

        Raises `InvalidRequest`, `UnknownNameError` and what `ImageJobs.request` raises; then nothing is stored.
        """
        options = image_options(request, self._catalogue)
        drafts = [ImageDraft(concept, request.count, options) for concept in dict.fromkeys(request.concepts)]
        images = await store.image_jobs.request(drafts, idempotency)
        for job in dict.fromkeys(image.job for image in images if image.status in UNFINISHED):
            _log.info("images_submitted", job=job)  # from here a request's id leads to the work for it
            await self._dispatch.enqueue(Job(store.workspace, IMAGES, job, carried()))
        return images

    async def cancel(self, store: Store, id: str) -> Image:
        """Do not make it after all. See `ImageJobs.cancel`."""
        image = await store.image_jobs.cancel(id)
        await self._told(store, image, image.version)
        return image

    async def delete(self, store: Store, id: str) -> None:
        """Delete an image, whatever its status. Raises `NotFoundError`."""
        image = (await store.images.get([id])).get(id)
        if image is None:
            raise NotFoundError("image", id)
        await store.image_jobs.delete(id)
        await self._told(store, image, image.version + 1)

    async def cache_stats(self, store: Store) -> CacheStats:
        """What came of looking for pictures that were made before."""
        return await self._catalogue.stats(store.workspace)

    async def clear_cache(self, store: Store) -> int:
        """Forget which pictures answered which requests; how many were forgotten."""
        return await self._catalogue.clear(store.workspace)

    async def _told(self, store: Store, image: Image, version: int) -> None:
        """Tell watchers of the change, and whoever makes the image to look."""
        await self._feed.announce((store.workspace, image.id), version)
        await self._dispatch.interrupt(Job(store.workspace, IMAGES, image.job))
