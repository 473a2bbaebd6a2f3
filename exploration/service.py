"""What people do with explorations: each change is stored first, then workers and watchers are told."""

from collections.abc import Sequence
from dataclasses import replace

from exploration.dispatch.port import EXPLORATION, Dispatch, Job
from exploration.feed.port import Feed
from exploration.images.request import exploration_pictures
from exploration.observed import ended, submitted
from exploration.request import DEFAULT_COST_USD, Limits, Request, check_budget, check_request, check_text
from exploration.sources import SourceBook
from graphstore.errors import NotFoundError
from graphstore.ids import new_id
from graphstore.model import Budget, ConceptId, Exploration, ExplorationDraft, Idempotency, Options
from graphstore.port import Store
from providers.images.catalogue import ImageCatalogue
from providers.knowledge.port import Card, Question, Subject
from telemetry.traces import carried


class Explorer:
    """Starts explorations and changes their course, from any process."""

    def __init__(
        self, sources: SourceBook, catalogue: ImageCatalogue, dispatch: Dispatch, feed: Feed, limits: Limits
    ) -> None:
        self._sources = sources
        self._catalogue = catalogue
        self._dispatch = dispatch
        self._feed = feed
        self.limits = limits

    def cards(self, store: Store) -> Sequence[Card]:
        """The knowledge sources there are."""
        return self._sources.cards(store)

    async def start(self, store: Store, request: Request, idempotency: Idempotency | None = None) -> Exploration:
        """Start an exploration and return it at once.

        Raises `InvalidRequest`, `UnknownNameError`, `NotConfiguredError`, `TopicUnknown`, `TopicAmbiguous` and what
        `Control.start` raises; then nothing is stored.
        """
        exploration = await self._stored(store, request, idempotency=idempotency)
        await self._dispatch.enqueue(_job(store, exploration))
        return exploration

    async def start_leased(self, store: Store, request: Request, lease: tuple[str, float]) -> Exploration:
        """Start one that the caller owns from the beginning, by a token, for so many seconds. Raises as `start`
        does."""
        return await self._stored(store, request, lease=lease)

    async def _stored(
        self,
        store: Store,
        request: Request,
        idempotency: Idempotency | None = None,
        lease: tuple[str, float] | None = None,
    ) -> Exploration:
        draft, asked = await self._draft(store, request), new_id()
        exploration = await store.control.start(draft, idempotency=idempotency, lease=lease)
        if exploration.id > asked:  # else it is that of an earlier request with the same key
            submitted(exploration)
        return exploration

    async def _draft(self, store: Store, request: Request) -> ExplorationDraft:
        """The request checked, its topic found by one of its sources. Raises as `start` does."""
        check_request(request, self.limits)
        names = self._sources.named(store, request.sources)
        pictures = exploration_pictures(request.pictures, self._catalogue) if request.pictures else None
        options = request.options_with(names, pictures)
        topic, root = await self._beginning(store, request, names)
        return ExplorationDraft(topic, options, self._bounded(store, request.budget, topic, options), root)

    async def pause(self, store: Store, id: str) -> Exploration:
        """Begin no further step. See `Control.pause`."""
        return await self._told(store, await store.control.pause(id))

    async def resume(self, store: Store, id: str) -> Exploration:
        """Go on. See `Control.resume`."""
        return await self._told(store, await store.control.resume(id))

    async def cancel(self, store: Store, id: str, reason: str) -> Exploration:
        """Stop for good, keeping what was found. See `Control.cancel`."""
        cancelled = await store.control.cancel(id, reason)
        ended(cancelled)
        return await self._told(store, cancelled)

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

    async def _beginning(self, store: Store, request: Request, sources: Sequence[str]) -> tuple[str, ConceptId | None]:
        """The topic, and the concept that it is where that is known."""
        if request.concept is not None:
            concept = (await store.concepts.get([request.concept])).get(request.concept)
            if concept is None:
                raise NotFoundError("concept", request.concept)
            return concept.name, concept.id
        topic = check_text("topic", request.topic or "", self.limits.topic_length)
        return topic, (await self._sources.resolve(store, topic, sources)).concept_id

    def _bounded(self, store: Store, budget: Budget, topic: str, options: Options) -> Budget:
        """The budget, with a bound in dollars where something of it can cost any."""
        if budget.cost_usd is not None:
            return budget
        question = Question(Subject(topic), options.breadth, (topic,), options.instructions, options.language)
        prices = [source.price(question).cost_usd for source in self._sources.chosen(store, options.sources)]
        if options.pictures is not None:
            prices.append(self._catalogue.card(options.pictures.provider).cost_usd)
        return replace(budget, cost_usd=DEFAULT_COST_USD) if any(prices) else budget

    async def _told(self, store: Store, exploration: Exploration) -> Exploration:
        """Tell watchers of the newest event, and workers to look."""
        job = _job(store, exploration)
        await self._feed.announce((store.workspace, exploration.id), exploration.next_seq - 1)
        await self._dispatch.interrupt(job)
        await self._dispatch.enqueue(job)
        return exploration


def _job(store: Store, exploration: Exploration) -> Job:
    """To be run by somebody, who goes on where we are in a trace."""
    return Job(store.workspace, EXPLORATION, exploration.id, carried())
