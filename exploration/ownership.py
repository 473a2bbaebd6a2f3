"""One exploration while this process owns it: steps are taken from the frontier, and what they find is committed,
under a lease that is renewed."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from exploration.errors import ExplorationError
from exploration.expanding import Expanding
from exploration.illustrating import Illustrating
from exploration.lane import Lane
from exploration.observed import attempt, ended, failed
from exploration.tasks import cancel
from exploration.tools import Tools
from graphstore.errors import BudgetExceeded, ConflictError, InvalidError, LeaseLost, UnavailableError
from graphstore.model import (
    Exploration,
    ExplorationStatus,
    Failure,
    PageRequest,
    Spend,
    Step,
    StepFilter,
    StepKind,
    StepState,
)
from graphstore.port import ExplorationRef, Store
from providers.errors import GarbledError, ProviderError, TransientError
from providers.registry import UnknownNameError

_log = structlog.get_logger(__name__)

ANSWER_LENGTH = 20_000
"""Characters that are kept of an answer that could not be used."""


@dataclass(slots=True)
class Ownership:
    """One exploration while this process owns it."""

    tools: Tools
    store: Store
    exploration: Exploration
    token: str
    wake: asyncio.Event
    stopping: Callable[[], bool]
    lanes: list[Lane] = field(init=False)
    """Beside each other: pictures never hold up what is found, nor the other way round."""
    booked: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        pace, pictures = self.tools.pace, self.exploration.options.pictures
        expanding = Expanding(self.tools, self.store, self.token, self._lap)
        self.lanes = [Lane(StepKind.EXPAND, pace.steps_at_once, expanding)]
        if pictures is not None:
            illustrating = Illustrating(self.tools, self.store, self.token, pictures, self._lap)
            self.lanes.append(Lane(StepKind.PICTURE, pace.pictures_at_once, illustrating))

    async def work(self) -> None:
        """Until it ends, is paused, lost or handed back."""
        heartbeat = asyncio.create_task(self._keep_lease(), name=f"lease {self.exploration.id}")
        try:
            while await self._advance(heartbeat):
                pass
        finally:
            await cancel(heartbeat, *self._running)

    async def _advance(self, heartbeat: asyncio.Task[None]) -> bool:
        """Begin what may begin, then wait for news; False when there is nothing left to do here."""
        self.wake.clear()
        await self._look()
        if self.stopping() or self.exploration.status is ExplorationStatus.PAUSED:
            if not self._running:
                await self.store.work.renew(self.exploration.id, self.token, self.tools.pace.lease, self._lap())
                return False
            await self._news(heartbeat, None)
            return True
        if self._out_of_time():
            await cancel(*self._running)
            return await self._end("seconds")
        self._close_full_lanes()
        retry = _least(*[await self._begin_steps(lane) for lane in self.lanes])
        if not self._running and retry is None:
            return await self._end(await self._budget_reached())
        await self._news(heartbeat, _least(retry, self._seconds_left()))
        return True

    async def _look(self) -> None:
        """See how the exploration stands now. Raises `LeaseLost` when it is no longer ours."""
        found = await self.store.explorations.get([self.exploration.id])
        now = found.get(self.exploration.id)
        if now is None or now.lease is None or now.lease.token != self.token:
            raise LeaseLost(self.exploration.id)
        self.exploration = now

    def _close_full_lanes(self) -> None:
        """Nothing is expanded any more once there are as many concepts as there may be."""
        allowed = self.exploration.budget.concepts
        if allowed is not None and self.exploration.progress.concepts_found >= allowed:
            self.lanes[0].closed = self.lanes[0].closed or "concepts"

    async def _begin_steps(self, lane: Lane) -> float | None:
        """Fill the lane's free places from the frontier; seconds until a waiting step may be retried."""
        if lane.free <= 0:
            return None
        limit = lane.at_once + len(lane.running)
        frontier = await self.store.explorations.frontier(self.exploration.id, lane.kind, limit)
        for step in frontier.ready:
            if step.id not in lane.running and lane.free > 0:
                lane.running[step.id] = asyncio.create_task(self._take(lane, step), name=f"step {step.id}")
        return frontier.wait

    async def _news(self, heartbeat: asyncio.Task[None], wait: float | None) -> None:
        """Wait for a step to end, a call from outside, or the time; what a task raised is raised here."""
        woken = asyncio.create_task(self.wake.wait())
        try:
            tasks = {woken, heartbeat, *self._running}
            done, _ = await asyncio.wait(tasks, timeout=wait, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
        for lane in self.lanes:
            lane.running = {id: task for id, task in lane.running.items() if task not in done}
        # All of them are asked first: a second one that failed as well is not left to complain by itself.
        results = await asyncio.gather(*(done - {woken}), return_exceptions=True)
        for error in results:
            if isinstance(error, BaseException):
                raise error

    async def _take(self, lane: Lane, step: Step) -> None:
        """One attempt at one step."""
        try:
            await self._attempt(lane, step)
        except LeaseLost:
            # It may be the step alone that is gone, together with its concept.
            if await self.store.explorations.steps_by_id([step.id]):
                raise
        finally:
            await self.tools.activity.clear(self._ref, step.id)

    async def _attempt(self, lane: Lane, step: Step) -> None:
        try:
            with attempt(step):
                events = await lane.craft.attempt(self.exploration, step)
            for event in events:
                await self._announce(event.seq)
        except BudgetExceeded as exceeded:
            lane.closed = exceeded.budget
        except (ProviderError, UnknownNameError, ExplorationError, ConflictError, InvalidError) as error:
            await self._failed(step, error)
        except (LeaseLost, UnavailableError):
            raise
        except Exception as error:  # the edge: a defect that one step meets must not hold up the others for ever
            _log.exception("step_failed", exploration=self.exploration.id, step=step.id)
            await self._failed(step, RuntimeError(f"internal error ({type(error).__name__}); the log has more"))

    async def _failed(self, step: Step, error: Exception) -> None:
        """Only what may pass by itself is tried again. What the attempt is known to have cost takes the place of what
        was booked for it; where nobody knows, the worst is assumed."""
        used = error.used if isinstance(error, ProviderError) else None
        answer = error.answer if isinstance(error, GarbledError) else None
        failure = Failure(
            self.exploration.id,
            self.token,
            step.id,
            str(error),
            retry_in=self._retry_in(step.attempts + 1, error) if isinstance(error, TransientError) else None,
            spent=None if used is None else Spend(tokens=used.tokens, cost_usd=used.cost_usd),
            answer=None if answer is None else answer[:ANSWER_LENGTH],
        )
        event = await self.store.work.fail(failure)
        failed(step, error, will_retry=failure.retry_in is not None)
        await self._announce(event.seq)

    def _retry_in(self, attempt: int, error: TransientError) -> float | None:
        """Exponential backoff with jitter, never sooner than the provider asked for."""
        pace = self.tools.pace
        if attempt >= pace.attempts:
            return None
        backoff = min(pace.first_retry * 2 ** (attempt - 1), pace.longest_retry)
        return max(float(backoff * self.tools.jitter()), error.retry_after or 0.0)

    async def _keep_lease(self) -> None:
        """Renew the lease well before it runs out, and have the owner look at the status."""
        lease = self.tools.pace.lease
        while True:
            await asyncio.sleep(lease / 3)
            await self.store.work.renew(self.exploration.id, self.token, lease, self._lap())
            self.wake.set()

    async def _budget_reached(self) -> str | None:
        """The budget for want of which steps are left over, where some are."""
        for lane in self.lanes:
            if lane.closed is not None:
                left = await self.store.explorations.frontier(self.exploration.id, lane.kind, 1)
                if left.ready or left.wait is not None:
                    return lane.closed
        return None

    async def _end(self, budget: str | None) -> bool:
        """End the exploration; False, since nothing is left to do."""
        await self._look()
        if not self.exploration.progress.steps_pending:
            budget = None
        reason = f"{budget}: the budget of {budget} is used up" if budget else await self._why_failed()
        exploration = await self.store.work.finish(self.exploration.id, self.token, budget, reason, self._lap())
        ended(exploration)
        await self._announce(exploration.next_seq - 1)
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

    def _out_of_time(self) -> bool:
        left = self._seconds_left()
        return left is not None and left <= 0

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
    def _running(self) -> list[asyncio.Task[None]]:
        return [task for lane in self.lanes for task in lane.running.values()]

    @property
    def _ref(self) -> ExplorationRef:
        return self.store.workspace, self.exploration.id


def _least(*waits: float | None) -> float | None:
    return min((w for w in waits if w is not None), default=None)
