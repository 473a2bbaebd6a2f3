"""The painter: jobs of images are claimed, made, and completed or handed back."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import structlog

from exploration.activity.port import Activity, AgentActivity
from exploration.dispatch.port import IMAGES, Job
from exploration.errors import ConceptGone
from exploration.feed.port import Feed
from exploration.images.drawing import AGENT, Drawing, Sketch, image_error
from exploration.images.patience import patiently
from exploration.images.telling import telling
from exploration.tasks import cancel
from graphstore.errors import LeaseLost, StoreError, UnavailableError
from graphstore.ids import new_id
from graphstore.model import Image, ImageStatus, Painted
from graphstore.port import Database, ImageRef, Store
from providers.errors import ProviderError
from providers.registry import UnknownNameError
from telemetry.metrics.graph import IMAGE_FAILURES
from telemetry.metrics.work import LEASES_LOST

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Easel:
    """What a painter works with."""

    database: Database
    drawing: Drawing
    feed: Feed
    activity: Activity
    lease: float
    """Seconds."""


class Painter:
    """Makes the images of jobs, all those of one job by one call of their provider."""

    def __init__(self, easel: Easel) -> None:
        self._easel = easel
        self._stopping = False

    def stop(self) -> None:
        """From now on begin nothing; what is being made is finished, or handed back when it is cancelled."""
        self._stopping = True

    async def run(self, job: Job, wake: asyncio.Event) -> None:
        """Claim the job and make its images; returns at once when there is nothing to claim, or no place to keep
        them: they stay QUEUED then, and the sweep comes back to them."""
        if self._stopping:
            return
        try:
            await self._easel.drawing.ready()
        except UnavailableError as error:
            _log.warning("picture_store_away", job=job.id, error=str(error))
            return
        store, token = self._easel.database.within(job.workspace), new_id()
        images = await store.image_jobs.claim(job.id, token, self._easel.lease)
        if images:
            await self.own(images, store, token, wake)

    async def own(self, images: Sequence[Image], store: Store, token: str, wake: asyncio.Event) -> None:
        """Make images of one job under a lease that is held already.

        When it is cancelled they are handed back. When a store stays away they are left to the sweep, which finds
        them when the lease has run out: so attempts that may have cost something are counted.
        """
        job = images[0].job
        _log.info("images_claimed", job=job, images=len(images))
        try:
            await _Sitting(self._easel, store, job, token, wake, {image.id: image for image in images}).work()
        except LeaseLost:
            _log.info("image_lease_lost", job=job)
            await _count_lost(images, store)
        except asyncio.CancelledError:
            await store.image_jobs.release(job, token)
            raise


@dataclass(slots=True)
class _Sitting:
    """One job while this process owns it."""

    easel: Easel
    store: Store
    job: str
    token: str
    wake: asyncio.Event
    wanted: Mapping[str, Image]
    """Those that are still to be made."""
    since: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def work(self) -> None:
        """Until the images have ended. Raises `LeaseLost` when none of them is wanted any more, `StoreError`."""
        await self._announce(self.wanted.values())
        making = asyncio.create_task(self._make(), name=f"making images {self.job}")
        holding = asyncio.create_task(self._hold(), name=f"lease of images {self.job}")
        begun = tuple(self.wanted)
        try:
            await asyncio.wait({making, holding}, return_when=asyncio.FIRST_COMPLETED)
            if not making.done():
                holding.result()
            ended = await patiently(partial(self.store.image_jobs.complete, self.job, self.token, making.result()))
        finally:
            await cancel(making, holding)
            for id in begun:
                await self.easel.activity.clear(self._ref(id), id)
        await self._announce(ended)
        _count_failed(ended)
        ready = sum(image.status is ImageStatus.READY for image in ended)
        _log.info("images_made", job=self.job, ready=ready, failed=len(ended) - ready)

    async def _make(self) -> Mapping[str, Painted]:
        """What came of each image: one call for all, or one for each gap-free part where some are not wanted."""
        made: dict[str, Painted] = {}
        for part in _parts(self.wanted.values()):
            made |= await self._make_part(part)
        return made

    async def _make_part(self, images: Sequence[Image]) -> Mapping[str, Painted]:
        options, sketch = images[0].options, None
        drawing = self.easel.drawing
        try:
            sketch = await drawing.sketch(self.store, images[0].concept, options)
            async with telling(partial(self._tell, sketch)) as told:
                count, first = len(images), images[0].position
                drawn = await drawing.draw(self.store, sketch, options, count=count, first=first, told=told)
        except StoreError:
            raise
        except Exception as error:  # the edge: whatever a provider raises is why there is no picture
            if not isinstance(error, ProviderError | UnknownNameError | ConceptGone):
                _log.exception("image_failed", job=self.job)
            painted = _without_picture(sketch, error)
            return {image.id: painted for image in images}
        return {
            image.id: Painted(drawn.prompt, drawn.concept_version, picture)
            for image, picture in zip(images, drawn.pictures, strict=True)
        }

    async def _hold(self) -> None:
        """Renew the lease well before it runs out, and at once when somebody says that something has changed. A store
        that is away for a moment is no reason to throw away what may be paid for."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self.easel.lease / 3):
                    await self.wake.wait()
            self.wake.clear()
            try:
                renewed = await self.store.image_jobs.renew(self.job, self.token, self.easel.lease)
                self.wanted = {image.id: image for image in renewed}
            except UnavailableError as error:
                _log.warning("image_lease_not_renewed", job=self.job, error=str(error))

    async def _tell(self, sketch: Sketch, share: float | None) -> None:
        """Say who works on the images and how far they are; those who watch hear of each change of that."""
        for id in self.wanted:
            activity = AgentActivity(AGENT, sketch.name, id, self.since, share)
            await self.easel.activity.report(self._ref(id), activity)
        if share is not None:
            await self._announce(self.wanted.values())

    async def _announce(self, images: Iterable[Image]) -> None:
        for image in images:
            await self.easel.feed.announce(self._ref(image.id), image.version)

    def _ref(self, id: str) -> ImageRef:
        return self.store.workspace, id


def _parts(images: Iterable[Image]) -> list[list[Image]]:
    """The images by position, a part for each stretch without a gap: those between may have been cancelled."""
    parts: list[list[Image]] = []
    for image in sorted(images, key=lambda image: image.position):
        if parts and parts[-1][-1].position == image.position - 1:
            parts[-1].append(image)
        else:
            parts.append([image])
    return parts


def _without_picture(sketch: Sketch | None, error: Exception) -> Painted:
    if sketch is None:
        return Painted(None, None, image_error(error))
    return Painted(sketch.prompt, sketch.concept_version, image_error(error))


def _count_failed(ended: Iterable[Image]) -> None:
    for image in ended:
        if image.error is not None:
            IMAGE_FAILURES.labels(image.error.code).inc()


async def _count_lost(images: Iterable[Image], store: Store) -> None:
    """Count a lease that was lost to another painter. What was cancelled or deleted meanwhile is nobody's."""
    with suppress(StoreError):  # to be counted is no reason to fail
        now = await store.images.get([image.id for image in images])
        if any(image.status is not ImageStatus.CANCELLED for image in now.values()):
            LEASES_LOST.labels(IMAGES).inc()
