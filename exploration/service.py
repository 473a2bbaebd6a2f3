"""What people do with explorations: each change is stored first, then workers and watchers are told."""

from collections.abc import Sequence

from exploration.dispatch.port import EXPLORATION, Dispatch, Job
from exploration.feed.port import Feed
from exploration.request import Limits, Request, check_budget, check_request, check_text
from exploration.sources import SourceBook
from graphstore.errors import NotFoundError
from graphstore.model import Budget, Exploration, ExplorationDraft, Idempotency
from graphstore.port import Store
from providers.knowledge.port import Card


class Explorer:
    """Starts explorations and changes their course, from any process."""

    def __init__(self, sources: SourceBook, dispatch: Dispatch, feed: Feed, limits: Limits) -> None:
        self._sources = sources
        self._dispatch = dispatch
        self._feed = feed
        self.limits = limits

    def cards(self, store: Store) -> Sequence[Card]:
        """The knowledge sources there are."""
        return self._sources.cards(store)

    async def start(self, store: Store, request: Request, idempotency: Idempotency | None = None) -> Exploration:
        """Start an exploration and return it at once.

        Raises `InvalidRequest`, `UnknownSourceError`, `TopicUnknown`, `TopicAmbiguous` and what `Control.start` raises;
        then nothing is stored.
        """
        draft = await self.draft(store, request)
        exploration = await store.control.start(draft, idempotency=idempotency)
        await self._dispatch.enqueue(_job(store, exploration))
        return exploration

    async def draft(self, store: Store, request: Request) -> ExplorationDraft:
        """The request checked, its topic found by one of its sources. Raises as `start` does."""
        check_request(request, self.limits)
        names = request.sources or self._sources.default
        self._sources.chosen(store, names)
        options = request.options_with(names)
        if request.concept is not None:
            concept = (await store.concepts.get([request.concept])).get(request.concept)
            if concept is None:
                raise NotFoundError("concept", request.concept)
            return ExplorationDraft(concept.name, options, request.budget, concept.id)
        topic = check_text("topic", request.topic or "", self.limits.topic_length)
        subject = await self._sources.resolve(store, topic, names)
        return ExplorationDraft(topic, options, request.budget, subject.concept_id)

    async def pause(self, store: Store, id: str) -> Exploration:
        """Begin no further step. See `Control.pause`."""
        return await self._told(store, await store.control.pause(id))

    async def resume(self, store: Store, id: str) -> Exploration:
        """Go on. See `Control.resume`."""
        return await self._told(store, await store.control.resume(id))

    async def cancel(self, store: Store, id: str, reason: str) -> Exploration:
        """Stop for good, keeping what was found. See `Control.cancel`."""
        return await self._told(store, await store.control.cancel(id, reason))

    async def extend(self, store: Store, id: str, budget: Budget, depth: int | None = None) -> Exploration:
        """Go on with more. See `Control.extend`; raises `InvalidRequest` too."""
        check_budget(budget, self.limits)
        return await self._told(store, await store.control.extend(id, budget, depth))

    async def retry_failed(self, store: Store, id: str) -> Exploration:
        """Try failed steps again. See `Control.retry_failed`."""
        return await self._told(store, await store.control.retry_failed(id))

    async def delete(self, store: Store, id: str) -> None:
        """Forget an exploration that has ended. See `Control.delete`."""
        await store.control.delete(id)

    async def _told(self, store: Store, exploration: Exploration) -> Exploration:
        """Tell watchers of the newest event, and workers to look."""
        job = _job(store, exploration)
        await self._feed.announce((store.workspace, exploration.id), exploration.next_seq - 1)
        await self._dispatch.interrupt(job)
        await self._dispatch.enqueue(job)
        return exploration


def _job(store: Store, exploration: Exploration) -> Job:
    return Job(store.workspace, EXPLORATION, exploration.id)
