"""Every read and write of images, with given texts wherever a text goes."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from graphstore.model import (
    Idempotency,
    Illustration,
    ImageDraft,
    ImageError,
    ImageOptions,
    PageRequest,
    Painted,
    Picture,
    StepKind,
)
from graphstore.port import Store


class EveryImageCall:
    """The part of `EveryCall` that concerns images; `text` gives the next text, `attempt` calls what may be refused."""

    def __init__(
        self, store: Store, text: Callable[[], str], token: str, attempt: Callable[[Awaitable[Any]], Awaitable[Any]]
    ) -> None:
        self._store = store
        self._text = text
        self._token = token
        self._try = attempt
        self._images: list[str] = []

    async def illustrate(self, exploration: str) -> None:
        """A step's picture, twice, and one of no step."""
        frontier = await self._try(self._store.explorations.frontier(exploration, StepKind.PICTURE, 5))
        for step in (*(step.id for step in (frontier.ready[:1] if frontier else ())), self._text()):
            made = Illustration(exploration, self._token, step, self._options(), self._text(), 1, self._picture())
            for _ in range(2):
                await self._try(self._store.work.illustrate(made))

    async def paint(self, concepts: Sequence[str]) -> None:
        """Jobs with two images of each concept, of which one comes to something."""
        jobs, text, token = self._store.image_jobs, self._text, self._token
        drafts = [ImageDraft(concept, 2, self._options()) for concept in concepts[:3]]
        key = Idempotency(text(), f"paint{text()}", text(), text())
        for asked in (drafts, drafts, [ImageDraft(text(), 1, self._options())]):
            await self._try(jobs.request(asked, key))
        images = await self._try(jobs.request(drafts)) or ()
        self._images = [image.id for image in images]
        for job, owner in product((*dict.fromkeys(image.job for image in images), text()), (token, text())):
            await self._try(jobs.claim(job, owner, 60))
            await self._try(jobs.renew(job, owner, 60))
            result = self._picture() if job in self._images[:1] else ImageError(text(), text())
            await self._try(jobs.complete(job, owner, {job: Painted(text(), 1, result)}))
            await self._try(jobs.release(job, owner))
        for id in (*self._images[-1:], text()):
            await self._try(jobs.cancel(id))
            await self._try(jobs.delete(id))

    async def read(self, concepts: Sequence[str], texts: Sequence[str]) -> None:
        """All there is to read of images."""
        images = self._store.images
        await self._try(images.get([*self._images, *texts]))
        await self._try(images.count(concepts))
        await self._try(images.shown(texts))
        for request in (PageRequest(5), PageRequest(5, backward=True)):
            for asked in (request, replace(request, after=(0, self._text()))):
                await self._try(images.of(concepts, asked))

    def _options(self) -> ImageOptions:
        text = self._text
        return ImageOptions(text(), text(), text(), text(), text())

    def _picture(self) -> Picture:
        text = self._text
        return Picture(text(), text(), 1, 1, 1, text(), text(), 1, 0.0, fallback=text())
