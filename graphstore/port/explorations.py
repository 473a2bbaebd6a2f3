"""Reading, starting, steering and running explorations."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from graphstore.model import (
    Budget,
    Event,
    Exploration,
    ExplorationDraft,
    ExplorationFilter,
    Failure,
    Frontier,
    Idempotency,
    Illustration,
    Member,
    Outcome,
    Page,
    PageRequest,
    Recorded,
    Spend,
    Step,
    StepFilter,
    StepKind,
)


class Explorations(Protocol):
    """Read explorations."""

    async def get(self, ids: Sequence[str]) -> Mapping[str, Exploration]:
        """Explorations by id."""
        ...

    async def page(self, filter: ExplorationFilter, request: PageRequest) -> Page[Exploration]:
        """A page of explorations, newest first."""
        ...

    async def count(self, filter: ExplorationFilter) -> int:
        """How many pass the filter."""
        ...

    async def members(self, ids: Sequence[str], request: PageRequest) -> Mapping[str, Page[Member]]:
        """A page of each one's members, in the order in which they were found."""
        ...

    async def steps(self, ids: Sequence[str], filter: StepFilter, request: PageRequest) -> Mapping[str, Page[Step]]:
        """A page of each one's steps, in the order in which they were made."""
        ...

    async def steps_by_id(self, ids: Sequence[str]) -> Mapping[str, Step]:
        """Steps by id."""
        ...

    async def frontier(self, id: str, kind: StepKind, limit: int) -> Frontier:
        """What may run now: the pending steps of this kind, by depth, priority (falling), then concept id.

        Of the expansions those of the least depth alone. Only when all of one depth have ended does the next depth
        appear: so the depth of a member does not depend on timing, and neither does the graph.
        """
        ...

    async def events(self, id: str, after: int, limit: int) -> Sequence[Event]:
        """Events whose number is greater than `after`, by number. Raises `NotFoundError`."""
        ...

    async def oldest_seq(self, id: str) -> int:
        """The number of the oldest event that is still kept; `next_seq` when none is. Raises `NotFoundError`."""
        ...


class Control(Protocol):
    """Start explorations and change their course. Each call is one transaction that also writes its event."""

    async def start(
        self, draft: ExplorationDraft, *, idempotency: Idempotency | None = None, lease: tuple[str, float] | None = None
    ) -> Exploration:
        """Store a new exploration, its first step and event 1. With `lease` (token, seconds) the caller owns it
        from the start and it is RUNNING, else QUEUED. Raises `IdempotencyConflict`, `NotFoundError` for the root."""
        ...

    async def pause(self, id: str) -> Exploration:
        """From QUEUED or RUNNING to PAUSED: no new step is begun, running ones may commit."""
        ...

    async def resume(self, id: str) -> Exploration:
        """From PAUSED to QUEUED (RUNNING where an owner still holds it)."""
        ...

    async def cancel(self, id: str, reason: str) -> Exploration:
        """From any status that has not ended to CANCELLED: what was found stays, later commits are refused."""
        ...

    async def extend(self, id: str, budget: Budget, depth: int | None) -> Exploration:
        """From BUDGET_REACHED or COMPLETED to QUEUED under a new budget, and a new depth where given.

        Members that the old depth had left unexpanded get their steps. Raises `InvalidError` for a budget or depth
        below the present one.
        """
        ...

    async def retry_failed(self, id: str) -> Exploration:
        """From COMPLETED, BUDGET_REACHED or FAILED to QUEUED, failed steps pending again with attempts at 0.
        Raises `ConflictError` when no step failed."""
        ...

    async def delete(self, id: str) -> None:
        """Delete an ended exploration with steps, members and events; the concepts stay.
        Raises `NotFoundError`, `StatusConflict`."""
        ...


class Work(Protocol):
    """What the owner of an exploration does. All of it but `claim` needs the lease, else raises `LeaseLost`."""

    async def claim(self, id: str, token: str, seconds: float) -> Exploration | None:
        """Take the lease if the exploration is QUEUED or RUNNING and no unexpired one is held; None otherwise.
        QUEUED becomes RUNNING, with its event."""
        ...

    async def renew(self, id: str, token: str, seconds: float, worked: float = 0.0) -> Exploration:
        """Hold the lease for that long from now, and book seconds worked; the answer tells how it stands now."""
        ...

    async def release(self, id: str, token: str) -> None:
        """Hand the lease back. Never raises for one that is lost already."""
        ...

    async def reserve(self, id: str, token: str, step: str, worst: Spend) -> None:
        """Book the worst case of tokens, cost and pictures of one attempt, and count the attempt, before it begins.
        A reservation of an earlier attempt of that step stays spent. Raises `BudgetExceeded`."""
        ...

    async def commit(self, outcome: Outcome) -> Recorded:
        """Record a step's knowledge with members, frontier, spend and the next event. Done already: change nothing
        and answer with what was stored. New members are cut off where the budget of concepts ends."""
        ...

    async def illustrate(self, illustration: Illustration) -> Event:
        """Record a picture step's READY image, its spend and the next event. Done already: change nothing and answer
        with the event that was stored. Raises `NotFoundError` when the step's concept is gone."""
        ...

    async def fail(self, failure: Failure) -> Event:
        """Record a failed attempt and its event; without `retry_in` the step is FAILED."""
        ...

    async def finish(
        self, id: str, token: str, budget_reached: str | None, reason: str | None, worked: float = 0.0
    ) -> Exploration:
        """Book seconds worked, end it and give up the lease: BUDGET_REACHED when a budget is named, else FAILED
        when no step is done, else COMPLETED. Raises `ConflictError` when steps are pending and no budget is named."""
        ...
