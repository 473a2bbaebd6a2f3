"""One exploration while this process owns it: steps are taken from the frontier, and what they find is committed,
under a lease that is renewed."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import structlog

from exploration.activity.port import Activity, AgentActivity
from exploration.agents.connection import ROOT
from exploration.agents.pipeline import Pipeline
from exploration.errors import ExplorationError
from exploration.feed.port import Feed
from exploration.sources import SourceBook
from exploration.tasks import cancel
from graphstore.errors import BudgetExceeded, ConflictError, InvalidError, LeaseLost, UnavailableError
from graphstore.model import (
    Exploration,
    ExplorationStatus,
    Failure,
    Outcome,
    PageRequest,
    Spend,
    Step,
    StepFilter,
    StepState,
)
from graphstore.port import Database, ExplorationRef, Store
from providers.errors import ProviderError, RefusedError, TransientError
from providers.knowledge.errors import UnknownSourceError
from providers.knowledge.port import Question, Subject

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast and how patiently explorations run. Times are in seconds."""

    steps_at_once: int = 4
    lease: float = 10.0
    source_limit: float = 60.0
    """How long one source may take to answer."""
    attempts: int = 4
    """After this many failed attempts a step is failed for good."""
    first_retry: float = 0.5
    """The wait before the second attempt; it doubles with each further one, give or take half (jitter)."""
    longest_retry: float = 30.0


@dataclass(frozen=True, slots=True)
class Tools:
    """What a run works with."""

    database: Database
    sources: SourceBook
    feed: Feed
    activity: Activity
    pace: Pace
    jitter: Callable[[], float]
    """A number from 0.5 to 1.5."""


@dataclass(slots=True)
class Ownership:
    """One exploration while this process owns it."""

    tools: Tools
    store: Store
    exploration: Exploration
    token: str
    wake: asyncio.Event
    stopping: Callable[[], bool]
    running: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    booked: float = field(default_factory=time.monotonic)
    out_of: str | None = None
    """The budget that a step found exhausted."""

    async def work(self) -> None:
        """Until it ends, is paused, lost or handed back."""
        heartbeat = asyncio.create_task(self._keep_lease(), name=f"lease {self.exploration.id}")
        try:
            while await self._advance(heartbeat):
                pass
        finally:
            await cancel(heartbeat, *self.running.values())

    async def _advance(self, heartbeat: asyncio.Task[None]) -> bool:
        """Begin what may begin, then wait for news; False when there is nothing left to do here."""
        self.wake.clear()
        await self._look()
        if self.stopping() or self.exploration.status is ExplorationStatus.PAUSED:
            if not self.running:
                await self.store.work.renew(self.exploration.id, self.token, self.tools.pace.lease, self._lap())
                return False
            await self._news(heartbeat, self._seconds_left())
            return True
        if (budget := self._exhausted()) is not None:
            await self._stop_steps(abort=budget == "seconds")
            return await self._end(budget)
        retry = await self._begin_steps()
        if not self.running and retry is None:
            return await self._end(None)
        await self._news(heartbeat, _least(retry, self._seconds_left()))
        return True

    async def _look(self) -> None:
        """See how the exploration stands now. Raises `LeaseLost` when it is no longer ours."""
        found = await self.store.explorations.get([self.exploration.id])
        now = found.get(self.exploration.id)
        if now is None or now.lease is None or now.lease.token != self.token:
            raise LeaseLost(self.exploration.id)
        self.exploration = now

    async def _begin_steps(self) -> float | None:
        """Fill the free places from the frontier; seconds until a waiting step may be retried."""
        at_once = self.tools.pace.steps_at_once
        if len(self.running) >= at_once:
            return None
        frontier = await self.store.explorations.frontier(self.exploration.id, at_once + len(self.running))
        for step in frontier.ready:
            if step.id not in self.running and len(self.running) < at_once:
                self.running[step.id] = asyncio.create_task(self._take(step), name=f"step {step.id}")
        return frontier.wait

    async def _news(self, heartbeat: asyncio.Task[None], wait: float | None) -> None:
        """Wait for a step to end, a call from outside, or the time; what a task raised is raised here."""
        woken = asyncio.create_task(self.wake.wait())
        try:
            tasks = {woken, heartbeat, *self.running.values()}
            done, _ = await asyncio.wait(tasks, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
        self.running = {id: task for id, task in self.running.items() if task not in done}
        # All of them are asked first: a second one that failed as well is not left to complain by itself.
        results = await asyncio.gather(*(done - {woken}), return_exceptions=True)
        for error in results:
            if isinstance(error, BaseException):
                raise error

    async def _take(self, step: Step) -> None:
        """One attempt at one step."""
        try:
            outcome = await self._attempt(step)
            recorded = await self.store.work.commit(outcome)
            for event in recorded.events:
                await self._announce(event.seq)
        except BudgetExceeded as exceeded:
            self.out_of = exceeded.budget
        except (ProviderError, UnknownSourceError, ExplorationError, ConflictError, InvalidError) as error:
            await self._failed(step, error)
        except (LeaseLost, UnavailableError):
            raise
        except Exception as error:  # the edge: a defect that one step meets must not hold up the others for ever
            _log.exception("step_failed", exploration=self.exploration.id, step=step.id)
            await self._failed(step, RuntimeError(f"internal error ({type(error).__name__}); the log has more"))
        finally:
            await self.tools.activity.clear(self._ref, step.id)

    async def _attempt(self, step: Step) -> Outcome:
        sources = self.tools.sources.chosen(self.store, self.exploration.options.sources)
        pipeline = Pipeline(sources, self.tools.pace.source_limit)
        question = await self._question(step)
        price = pipeline.price(question)
        if not price.free:
            worst = Spend(tokens=price.tokens, cost_usd=price.cost_usd)
            await self.store.work.reserve(self.exploration.id, self.token, step.id, worst)

        async def working(agent: str) -> None:
            activity = AgentActivity(agent, question.subject.name, step.id, datetime.now(UTC))
            await self.tools.activity.report(self._ref, activity)

        knowledge, spent, known = await pipeline.run(question, working)
        if not known and step.depth == 0:
            raise RefusedError(f"no source knows anything of {question.subject.name!r}")
        return Outcome(self.exploration.id, self.token, step.id, knowledge, ROOT, replace(spent, seconds=self._lap()))

    async def _question(self, step: Step) -> Question:
        options = self.exploration.options
        if step.concept is None:
            subject = await self.tools.sources.resolve(self.store, self.exploration.topic, options.sources)
        else:
            found = await self.store.concepts.get([step.concept])
            if step.concept not in found:
                raise ConflictError("this concept was deleted; addKnowledge brings it back")
            c = found[step.concept]
            subject = Subject(c.name, c.kind, c.domain, c.summary, c.aliases, c.external_ids, concept_id=c.id)
        return Question(subject, options.breadth, (self.exploration.topic,), options.instructions, options.language)

    async def _failed(self, step: Step, error: Exception) -> None:
        """Only what may pass by itself is tried again."""
        retry = self._retry_in(step.attempts + 1, error.retry_after) if isinstance(error, TransientError) else None
        event = await self.store.work.fail(
            Failure(self.exploration.id, self.token, step.id, str(error), retry_in=retry, spent=None)
        )
        await self._announce(event.seq)

    def _retry_in(self, attempt: int, asked: float | None) -> float | None:
        """Exponential backoff with jitter, never sooner than the provider asked for."""
        pace = self.tools.pace
        if attempt >= pace.attempts:
            return None
        backoff = min(pace.first_retry * 2 ** (attempt - 1), pace.longest_retry)
        return max(float(backoff * self.tools.jitter()), asked or 0.0)

    async def _keep_lease(self) -> None:
        """Renew the lease well before it runs out, and have the owner look at the status."""
        lease = self.tools.pace.lease
        while True:
            await asyncio.sleep(lease / 3)
            await self.store.work.renew(self.exploration.id, self.token, lease, self._lap())
            self.wake.set()

    def _exhausted(self) -> str | None:
        """The budget that ends it now, if one does."""
        budget, progress = self.exploration.budget, self.exploration.progress
        left = self._seconds_left()
        if left is not None and left <= 0:
            return "seconds"
        if budget.concepts is not None and progress.concepts_found >= budget.concepts and progress.steps_pending:
            return "concepts"
        return self.out_of

    async def _stop_steps(self, *, abort: bool) -> None:
        """Let running steps commit, or abort them."""
        if abort:
            await cancel(*self.running.values())
        else:
            await asyncio.gather(*self.running.values())
        self.running.clear()

    async def _end(self, budget: str | None) -> bool:
        """End the exploration; False, since nothing is left to do."""
        await self._look()
        if not self.exploration.progress.steps_pending:
            budget = None
        reason = f"{budget}: the budget of {budget} is used up" if budget else await self._why_failed()
        ended = await self.store.work.finish(self.exploration.id, self.token, budget, reason, self._lap())
        await self._announce(ended.next_seq - 1)
        return False

    async def _why_failed(self) -> str | None:
        """The reason of the first failed step, where no step came to anything."""
        if self.exploration.progress.steps_done:
            return None
        failed = StepFilter(states=(StepState.FAILED,))
        pages = await self.store.explorations.steps([self.exploration.id], failed, PageRequest(1))
        errors = (item.value.error for page in pages.values() for item in page.items)
        return next(errors, "nothing is left to be done: what it would have begun with was deleted")

    async def _announce(self, seq: int) -> None:
        """Tell of a commit that has just returned."""
        _log.debug("event_committed", exploration=self.exploration.id, seq=seq)  # its time is what lag is measured by
        await self.tools.feed.announce(self._ref, seq)

    def _seconds_left(self) -> float | None:
        allowed = self.exploration.budget.seconds
        if allowed is None:
            return None
        return allowed - self.exploration.spent.seconds - (time.monotonic() - self.booked)

    def _lap(self) -> float:
        """Seconds of work since the last time they were booked."""
        now = time.monotonic()
        seconds, self.booked = now - self.booked, now
        return seconds

    @property
    def _ref(self) -> ExplorationRef:
        return self.store.workspace, self.exploration.id


def _least(*waits: float | None) -> float | None:
    return min((w for w in waits if w is not None), default=None)
