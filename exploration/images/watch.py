"""Watching images: each as it is now, then each change, until all of them have ended.

Wake-ups come from the feed; as one may be lost, the store is looked at as well.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Self

import structlog

from exploration.feed.port import Feed
from exploration.tasks import cancel
from graphstore.errors import NotFoundError, UnavailableError
from graphstore.model import UNFINISHED, Image, ImageStatus
from graphstore.port import Database

_log = structlog.get_logger(__name__)


class ImageWatch:
    """All watching of images in this process. Used as a context manager, which owns the look-out task."""

    def __init__(self, database: Database, feed: Feed, *, look_every: float = 5.0, glance_every: float = 0.2) -> None:
        """`look_every`: seconds between looks at the store. `glance_every`: seconds between glances at whether
        another process has written, where the store can tell that at next to no cost."""
        self._database = database
        self._feed = feed
        self._look_every = look_every
        self._glance_every = glance_every
        self._views: set[_View] = set()
        self._lookout: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._lookout = asyncio.create_task(self._look_out(), name="image watch look-out")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lookout is not None:
            await cancel(self._lookout)

    async def changes(self, workspace: str, ids: Sequence[str]) -> AsyncGenerator[Image, None]:
        """Each image as it is now, in the order of the ids; then each again when it is newer, and also when it is
        said that its making went on. Ends when all of them have ended or were deleted.

        Raises `NotFoundError` for the first id that there is not.
        """
        images = self._database.within(workspace).images
        with self._viewing(workspace, ids) as view:
            present = await images.get(view.pending)
            for id in view.pending:
                if id not in present:
                    raise NotFoundError("image", id)
            for image in view.news_of(present.get):
                yield image
            while view.pending:
                await view.changed.wait()
                asked = view.take()
                found = await images.get(asked)
                for image in view.news_of(found.get, asked):
                    yield image

    @contextmanager
    def _viewing(self, workspace: str, ids: Sequence[str]) -> Iterator["_View"]:
        """A view that hears of its images for as long as the context is open."""
        view = _View(list(dict.fromkeys(ids)))
        with ExitStack() as stack:
            for id in view.pending:
                stack.enter_context(self._feed.listen((workspace, id), partial(view.heard, id)))
            self._views.add(view)
            stack.callback(self._views.discard, view)
            yield view

    async def _look_out(self) -> None:
        """Have everybody look at the store now and then, and at once when another process has written."""
        loop = asyncio.get_running_loop()
        seen: int | None = None
        looked = loop.time()
        while True:
            await asyncio.sleep(self._glance_every)
            if not self._views:
                continue
            try:
                mark = await self._database.operations.foreign_changes()
            except UnavailableError as error:
                _log.warning("image_watch_look_failed", error=str(error))
                continue
            if mark != seen or loop.time() - looked >= self._look_every:
                seen, looked = mark, loop.time()
                for view in self._views:
                    view.look()


@dataclass(eq=False, slots=True)
class _View:
    """What one watcher has seen of its images."""

    pending: list[str]
    """Those that have not ended, as far as is known."""
    seen: dict[str, int] = field(default_factory=dict)
    """The newest version that was shown of each."""
    announced: dict[str, int] = field(default_factory=dict)
    """The newest version of each that the feed told of. One that is told of again has gone on within that version."""
    progressed: set[str] = field(default_factory=set)
    doubtful: set[str] = field(default_factory=set)
    """Those of which the store should be asked."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def heard(self, id: str, version: int | None) -> None:
        """The feed's call: there is this version, or it does not know."""
        if version is not None and version == self.announced.get(id) == self.seen.get(id):
            self.progressed.add(id)
        elif version is not None:
            self.announced[id] = max(version, self.announced.get(id, 0))
            if version <= self.seen.get(id, 0):
                return
        self._ask(id)

    def look(self) -> None:
        """Whatever the feed says, see how all of them are."""
        for id in self.pending:
            self._ask(id)

    def take(self) -> list[str]:
        """Those to ask the store of now."""
        self.changed.clear()
        asked, self.doubtful = [id for id in self.pending if id in self.doubtful], set()
        return asked

    def news_of(self, find: Callable[[str], Image | None], asked: Iterable[str] | None = None) -> list[Image]:
        """What there is to show, given what the store has of the images that it was asked of."""
        news = []
        for id in tuple(self.pending if asked is None else asked):
            image = find(id)
            if image is None or image.status not in UNFINISHED:
                self.pending.remove(id)
            if image is not None and self._is_news(image):
                self.seen[id] = image.version
                news.append(image)
        return news

    def _is_news(self, image: Image) -> bool:
        went_on = image.id in self.progressed and image.status is ImageStatus.GENERATING
        self.progressed.discard(image.id)
        return went_on or image.version > self.seen.get(image.id, 0)

    def _ask(self, id: str) -> None:
        if id in self.pending:
            self.doubtful.add(id)
            self.changed.set()
