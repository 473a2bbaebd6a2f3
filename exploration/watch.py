"""Watching explorations: stored events first, then live ones, each once and in order.

One tail per watched exploration and process reads new events and loads what they speak of, once for all subscribers.
Wake-ups come from the feed; as one may be lost, the store is looked at as well.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Self

import structlog

from exploration.feed.port import Feed
from graphstore.errors import NotFoundError, UnavailableError
from graphstore.model import ENDED, Concept, ConceptId, Edge, Event, Image, RelationKey
from graphstore.port import Database, ExplorationRef, Store

_log = structlog.get_logger(__name__)

BATCH = 100
"""Events read at once."""
WINDOW = 256
"""Events that a tail keeps for its subscribers; one that falls behind further reads the store again."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event with what it speaks of, as that is now; what was deleted since is left out."""

    event: Event
    concepts: Mapping[ConceptId, Concept]
    relations: Mapping[RelationKey, Edge]
    images: Mapping[str, Image]


@dataclass(frozen=True, slots=True)
class Trimmed:
    """Events before this number are no longer kept."""

    exploration: str
    oldest_seq: int


class Watch:
    """All watching of this process. Used as a context manager, which owns the look-out task."""

    def __init__(self, database: Database, feed: Feed, *, look_every: float = 5.0, glance_every: float = 0.2) -> None:
        """`look_every`: seconds between looks at the store. `glance_every`: seconds between glances at whether
        another process has written, where the store can tell that at next to no cost."""
        self._database = database
        self._feed = feed
        self._look_every = look_every
        self._glance_every = glance_every
        self._tails: dict[ExplorationRef, _Tail] = {}
        self._doubtful: set[ExplorationRef] = set()
        """Explorations of which the feed may have missed something."""
        self._doubt = asyncio.Event()
        self._lookout: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._lookout = asyncio.create_task(self._look_out(), name="watch look-out")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lookout is not None:
            self._lookout.cancel()
            await asyncio.gather(self._lookout, return_exceptions=True)

    async def events(self, workspace: str, id: str, after: int) -> AsyncGenerator[Told | Trimmed, None]:
        """Events whose number is greater than `after`, until the exploration has ended and all were told.

        Raises `NotFoundError`, also when it is deleted meanwhile.
        """
        store = self._database.within(workspace)
        seq = after
        oldest = await store.explorations.oldest_seq(id)
        if seq + 1 < oldest:
            seq = oldest - 1
            yield Trimmed(id, oldest)
        async with self._tail((workspace, id)) as tail:
            may_have_ended = True
            while True:
                for told in await tail.after(seq):
                    yield told
                    seq = told.event.seq
                    may_have_ended = told.event.status in ENDED
                if may_have_ended and await tail.finished(seq):
                    return
                await tail.beyond(seq)
                may_have_ended = tail.gone

    @asynccontextmanager
    async def _tail(self, ref: ExplorationRef) -> AsyncIterator["_Tail"]:
        """The tail of this exploration, which lives as long as somebody uses it."""
        tail = self._tails.get(ref)
        if tail is None:
            tail = self._tails[ref] = _Tail(self._database.within(ref[0]), ref[1])
        tail.users += 1
        try:
            with self._feed.listen(ref, partial(self._heard, ref, tail)):
                yield tail
        finally:
            tail.users -= 1
            if not tail.users and self._tails.get(ref) is tail:
                del self._tails[ref]

    def _heard(self, ref: ExplorationRef, tail: "_Tail", seq: int | None) -> None:
        """The feed's call: up to this number there are events, or it does not know."""
        if seq is None:
            self._doubtful.add(ref)
            self._doubt.set()
        else:
            tail.wake(seq)

    async def _look_out(self) -> None:
        """Look at the store now and then, and at once when another process has written or the feed is in doubt."""
        loop = asyncio.get_running_loop()
        seen: int | None = None
        looked = loop.time()
        while True:
            doubtful = await self._pause()
            if not self._tails:
                continue
            try:
                await self._look(doubtful)
                mark = await self._database.operations.foreign_changes()
                if mark != seen or loop.time() - looked >= self._look_every:
                    seen, looked = mark, loop.time()
                    await self._look(tuple(self._tails))
            except UnavailableError as error:
                _log.warning("watch_look_failed", error=str(error))

    async def _pause(self) -> Sequence[ExplorationRef]:
        """Wait for the next glance, or until the feed is in doubt; of which explorations it is."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._glance_every):
                await self._doubt.wait()
        self._doubt.clear()
        doubtful, self._doubtful = self._doubtful, set()
        return tuple(doubtful)

    async def _look(self, refs: Sequence[ExplorationRef]) -> None:
        """Tell the tails of these explorations what is newest."""
        if not refs:
            return
        newest = await self._database.operations.newest_seqs(refs)
        for ref in refs:
            if ref in self._tails:
                self._tails[ref].wake(newest.get(ref))


@dataclass(slots=True)
class _Tail:
    """The newest events of one exploration."""

    store: Store
    id: str
    users: int = 0
    window: deque[Told] = field(default_factory=lambda: deque(maxlen=WINDOW))
    announced: int = 0
    """The greatest number that is known to be committed."""
    gone: bool = False
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self, seq: int | None) -> None:
        """Events up to this number exist; None: the exploration is gone."""
        if seq is None:
            self.gone = True
        elif seq > self.announced:
            self.announced = seq
        else:
            return
        self.changed.set()
        self.changed = asyncio.Event()

    async def after(self, seq: int) -> Sequence[Told]:
        """The next events after this number, as many as are at hand; none when there is nothing newer."""
        if (held := self._held(seq)) is not None:
            return held
        async with self.reading:
            if (held := self._held(seq)) is not None:
                return held
            announced = self.announced
            events = await self.store.explorations.events(self.id, seq, BATCH)
            if not events and self.announced == announced:
                # It was deleted, or the announcement was none of ours: there is nothing to wait for in a loop.
                self.announced = min(announced, seq)
            told = await _load(self.store, events)
            self._keep(told)
            return told

    async def finished(self, seq: int) -> bool:
        """Whether the exploration has ended and this was its last event. Raises `NotFoundError` when it is gone."""
        if seq < self.announced:
            return False
        found = (await self.store.explorations.get([self.id])).get(self.id)
        if found is None:
            raise NotFoundError("exploration", self.id)
        self.announced = max(self.announced, found.next_seq - 1)
        return found.status in ENDED and seq >= found.next_seq - 1

    async def beyond(self, seq: int) -> None:
        """Wait until there is an event after this number, or the exploration is gone."""
        while self.announced <= seq and not self.gone:
            await self.changed.wait()

    def _held(self, seq: int) -> Sequence[Told] | None:
        """What the window has after this number; None when it cannot tell."""
        if not self.window or not self.window[0].event.seq <= seq + 1 <= self.window[-1].event.seq:
            return None
        first = self.window[0].event.seq
        return [self.window[i] for i in range(seq + 1 - first, len(self.window))]

    def _keep(self, told: Sequence[Told]) -> None:
        """Lengthen the window where the events follow on it; begin it anew where they are newer."""
        for one in told:
            newest = self.window[-1].event.seq if self.window else 0
            if one.event.seq > newest + 1:
                self.window.clear()
            if one.event.seq > newest:
                self.window.append(one)


async def _load(store: Store, events: Sequence[Event]) -> list[Told]:
    """What the events speak of, in one read each of concepts, relations and images."""
    keys = list(dict.fromkeys(key for e in events for key in e.relations))
    shown = [e.image for e in events if e.image is not None]
    images = await store.images.get(shown) if shown else {}
    ids = list(dict.fromkeys(id for e in events for id in _concepts_of(e, images)))
    concepts = await store.concepts.get(ids) if ids else {}
    relations = await store.relations.get(keys) if keys else {}
    return [
        Told(
            event,
            {id: concepts[id] for id in _concepts_of(event, images) if id in concepts},
            {key: relations[key] for key in event.relations if key in relations},
            {id: images[id] for id in (event.image or "",) if id in images},
        )
        for event in events
    ]


def _concepts_of(event: Event, images: Mapping[str, Image]) -> Sequence[ConceptId]:
    """Those that it tells of, or that the picture shows."""
    image = images.get(event.image or "")
    return event.concepts if image is None else (image.concept,)
