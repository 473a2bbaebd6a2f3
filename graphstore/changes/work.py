"""The `Work` port: what the owner of an exploration does under its lease."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from graphstore.changes.journal import change_status, new_step, note
from graphstore.changes.recording import Resolved, resolve, write
from graphstore.errors import BudgetExceeded, ConflictError, LeaseLost
from graphstore.model import (
    ConceptId,
    Event,
    EventKind,
    Exploration,
    ExplorationStatus,
    Failure,
    Lease,
    Member,
    Outcome,
    Recorded,
    Spend,
    Step,
    StepState,
)
from graphstore.transaction import Transact, Transaction

_Status = ExplorationStatus
_ALIVE = frozenset({_Status.RUNNING, _Status.PAUSED})


class StoreWork:
    """`graphstore.port.Work` over any adapter's transactions."""

    def __init__(self, transact: Transact) -> None:
        self._transact = transact

    async def claim(self, id: str, token: str, seconds: float) -> Exploration | None:
        """See `Work.claim`."""

        async def procedure(tx: Transaction) -> Exploration | None:
            exploration = (await tx.lock([id])).get(id)
            if exploration is None or exploration.status not in {_Status.QUEUED, _Status.RUNNING}:
                return None
            if exploration.lease is not None and exploration.lease.until > tx.now:
                return None
            exploration = _leased(tx, exploration, token, seconds)
            if exploration.status is _Status.QUEUED:
                return await change_status(tx, exploration, _Status.RUNNING)
            await tx.put_exploration(exploration)
            return exploration

        return await self._transact(procedure)

    async def renew(self, id: str, token: str, seconds: float, worked: float = 0.0) -> Exploration:
        """See `Work.renew`."""

        async def procedure(tx: Transaction) -> Exploration:
            exploration = _worked(_leased(tx, await _owned(tx, id, token), token, seconds), worked)
            await tx.put_exploration(exploration)
            return exploration

        return await self._transact(procedure)

    async def release(self, id: str, token: str) -> None:
        """See `Work.release`."""

        async def procedure(tx: Transaction) -> None:
            exploration = (await tx.lock([id])).get(id)
            if exploration is not None and exploration.lease is not None and exploration.lease.token == token:
                await tx.put_exploration(replace(exploration, lease=None))

        await self._transact(procedure)

    async def reserve(self, id: str, token: str, step: str, worst: Spend) -> None:
        """See `Work.reserve`."""

        async def procedure(tx: Transaction) -> None:
            exploration = await _owned(tx, id, token)
            spent = _plus(exploration.spent, worst)
            for name, used, allowed in (
                ("tokens", spent.tokens, exploration.budget.tokens),
                ("costUsd", spent.cost_usd, exploration.budget.cost_usd),
            ):
                if allowed is not None and used > allowed:
                    raise BudgetExceeded(name)
            found = (await tx.steps([step])).get(step)
            if found is None or found.state is not StepState.PENDING:
                raise LeaseLost(id)
            booked = replace(found, attempts=found.attempts + 1, reserved=worst, spent=_plus(found.spent, worst))
            await tx.put_steps([booked])
            await tx.put_exploration(replace(exploration, spent=spent))

        await self._transact(procedure)

    async def commit(self, outcome: Outcome) -> Recorded:
        """See `Work.commit`."""

        async def procedure(tx: Transaction) -> Recorded:
            await tx.lock_graph()
            exploration = await _owned(tx, outcome.exploration, outcome.token)
            step = (await tx.steps([outcome.step])).get(outcome.step)
            if step is None:  # its concept was deleted meanwhile
                return Recorded()
            if step.state is not StepState.PENDING:
                return Recorded(events=tuple(await tx.events_of_step(exploration.id, step.id)))
            return await _grow(tx, exploration, step, outcome)

        return await self._transact(procedure)

    async def fail(self, failure: Failure) -> Event:
        """See `Work.fail`."""

        async def procedure(tx: Transaction) -> Event:
            exploration = await _owned(tx, failure.exploration, failure.token)
            step = (await tx.steps([failure.step])).get(failure.step)
            if step is None or step.state is not StepState.PENDING:
                raise LeaseLost(exploration.id)
            exploration, step = _settled(exploration, step, failure.spent)
            retry = failure.retry_in is not None
            step = replace(
                step,
                attempts=step.attempts if step.reserved else step.attempts + 1,
                reserved=None,
                error=failure.error,
                retry_at=tx.now + timedelta(seconds=failure.retry_in) if failure.retry_in is not None else None,
                state=StepState.PENDING if retry else StepState.FAILED,
                finished=None if retry else tx.now,
            )
            await tx.put_steps([step])
            if not retry:
                p = exploration.progress
                progress = replace(p, steps_pending=p.steps_pending - 1, steps_failed=p.steps_failed + 1)
                exploration = replace(exploration, progress=progress)
            _, event = await note(
                tx, exploration, EventKind.STEP_FAILED, step=step.id, error=failure.error, will_retry=retry
            )
            return event

        return await self._transact(procedure)

    async def finish(
        self, id: str, token: str, budget_reached: str | None, reason: str | None, worked: float = 0.0
    ) -> Exploration:
        """See `Work.finish`."""

        async def procedure(tx: Transaction) -> Exploration:
            exploration = _worked(await _owned(tx, id, token), worked)
            if budget_reached is not None:
                return await change_status(tx, exploration, _Status.BUDGET_REACHED, reason or budget_reached)
            if exploration.progress.steps_pending:
                raise ConflictError(f"{exploration.progress.steps_pending} steps are still to be done")
            status = _Status.COMPLETED if exploration.progress.steps_done else _Status.FAILED
            return await change_status(tx, exploration, status, reason)

        return await self._transact(procedure)


async def _owned(tx: Transaction, id: str, token: str) -> Exploration:
    """The exploration, locked, if it is alive and this token holds it. Lock first, compare after."""
    exploration = (await tx.lock([id])).get(id)
    if exploration is None or exploration.status not in _ALIVE:
        raise LeaseLost(id)
    if exploration.lease is None or exploration.lease.token != token:
        raise LeaseLost(id)
    return exploration


def _worked(exploration: Exploration, seconds: float) -> Exploration:
    return replace(exploration, spent=_plus(exploration.spent, Spend(seconds=seconds)))


def _leased(tx: Transaction, exploration: Exploration, token: str, seconds: float) -> Exploration:
    return replace(exploration, lease=Lease(token, tx.now + timedelta(seconds=seconds)))


async def _grow(tx: Transaction, exploration: Exploration, step: Step, outcome: Outcome) -> Recorded:
    """Store what a step found: knowledge, members, frontier, spend and the event, in this order."""
    resolved = await resolve(tx, outcome.knowledge.concepts, lift=False)
    before = await tx.members(exploration.id, list({r.concept.id for r in resolved}))
    kept, complete = _within_budget(exploration, resolved, before.keys())
    ids = {r.claim.ref: r.concept.id for r in kept}
    if outcome.root not in ids:
        raise ConflictError("this concept was deleted; addKnowledge brings it back")
    relations = await write(tx, kept, outcome.knowledge.relations)
    created = frozenset(r.concept.id for r in kept if r.before is None)
    root = ids[outcome.root]
    joined = [
        Member(exploration.id, id, step.depth + (id != root), id in created, exploration.next_seq)
        for id in dict.fromkeys(ids.values())
        if id not in before
    ]
    opened = await _widen_frontier(tx, exploration, step, joined=joined, before=before, root=root)
    exploration, step = _settled(exploration, replace(step, concept=root), outcome.spent)
    await tx.put_members(joined)
    await tx.put_steps([_done(tx, step) if complete else replace(step, reserved=None)])
    exploration = _counted(exploration, joined=len(joined), opened=opened, done=complete, root=root)
    if not complete and not joined:
        await tx.put_exploration(exploration)
        return Recorded(ids, created, relations, complete=False)
    _, event = await note(
        tx,
        exploration,
        EventKind.GRAPH_GREW,
        concepts=tuple(m.concept for m in joined),
        created=tuple(m.concept for m in joined if m.created),
        relations=relations,
        step=step.id,
    )
    return Recorded(ids, created, relations, (event,), complete=complete)


def _within_budget(
    exploration: Exploration, resolved: Sequence[Resolved], members: Collection[ConceptId]
) -> tuple[list[Resolved], bool]:
    """The claims that the budget of concepts lets in, in order, and whether those are all."""
    if exploration.budget.concepts is None:
        return list(resolved), True
    room = max(0, exploration.budget.concepts - exploration.progress.concepts_found)
    newcomers = [id for id in dict.fromkeys(r.concept.id for r in resolved) if id not in members]
    admitted = {*members, *newcomers[:room]}
    return [r for r in resolved if r.concept.id in admitted], len(newcomers) <= room


async def _widen_frontier(
    tx: Transaction,
    exploration: Exploration,
    step: Step,
    *,
    joined: Sequence[Member],
    before: Mapping[ConceptId, Member],
    root: ConceptId,
) -> int:
    """Steps for the members that this step brought within reach; how many are new.

    Members come nearer only when a failed step is retried after its depth was passed. One that joins has a step
    already where it was a member before, for as long as another concept was merged into it.
    """
    nearer = [replace(m, depth=step.depth + 1) for id, m in before.items() if id != root and m.depth > step.depth + 1]
    await tx.put_members(nearer)
    reached = [m for m in (*joined, *nearer) if m.concept != root]
    present = {s.concept: s for s in await tx.steps_of(exploration.id, [m.concept for m in reached])}
    moved = [replace(s, depth=step.depth + 1) for s in present.values() if s.state is StepState.PENDING]
    opened = [
        new_step(tx, exploration.id, m.concept, m.depth, priority=1 / (1 + rank))
        for rank, m in enumerate(m for m in reached if m.concept not in present)
        if m.depth < exploration.options.depth
    ]
    await tx.put_steps([*moved, *opened])
    return len(opened)


def _settled(exploration: Exploration, step: Step, spent: Spend | None) -> tuple[Exploration, Step]:
    """Put an attempt's true spend in the place of its reservation; an unknown one leaves the reservation spent."""
    if spent is None:
        return exploration, step
    reserved = step.reserved or Spend()
    extra = Spend(
        seconds=spent.seconds, tokens=spent.tokens - reserved.tokens, cost_usd=spent.cost_usd - reserved.cost_usd
    )
    return replace(exploration, spent=_plus(exploration.spent, extra)), replace(step, spent=_plus(step.spent, extra))


def _done(tx: Transaction, step: Step) -> Step:
    return replace(step, state=StepState.DONE, reserved=None, error=None, retry_at=None, finished=tx.now)


def _counted(exploration: Exploration, *, joined: int, opened: int, done: bool, root: ConceptId) -> Exploration:
    p = exploration.progress
    progress = replace(
        p,
        concepts_found=p.concepts_found + joined,
        steps_done=p.steps_done + done,
        steps_pending=p.steps_pending + opened - done,
    )
    spent = replace(exploration.spent, concepts=progress.concepts_found)
    return replace(exploration, progress=progress, spent=spent, root=exploration.root or root)


def _plus(one: Spend, other: Spend) -> Spend:
    """The sum; rounded, so that many small costs add up to what their decimals say."""
    return Spend(
        one.concepts + other.concepts,
        round(one.seconds + other.seconds, 6),
        one.tokens + other.tokens,
        round(one.cost_usd + other.cost_usd, 9),
    )
