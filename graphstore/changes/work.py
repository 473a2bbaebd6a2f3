"""The `Work` port: what the owner of an exploration does under its lease."""

from dataclasses import replace
from datetime import timedelta

from graphstore.changes.growing import grow
from graphstore.changes.illustrating import illustrate
from graphstore.changes.journal import change_status, note
from graphstore.changes.spending import plus, settled
from graphstore.errors import BudgetExceeded, ConflictError, LeaseLost, NotFoundError
from graphstore.model import (
    Event,
    EventKind,
    Exploration,
    ExplorationStatus,
    Failure,
    Illustration,
    Lease,
    Outcome,
    Recorded,
    Spend,
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
            spent = plus(exploration.spent, worst)
            for name, used, allowed in (
                ("tokens", spent.tokens, exploration.budget.tokens),
                ("costUsd", spent.cost_usd, exploration.budget.cost_usd),
                ("pictures", spent.pictures, exploration.budget.pictures),
            ):
                if allowed is not None and used > allowed:
                    raise BudgetExceeded(name)
            found = (await tx.steps([step])).get(step)
            if found is None or found.state is not StepState.PENDING:
                raise LeaseLost(id)
            booked = replace(found, attempts=found.attempts + 1, reserved=worst, spent=plus(found.spent, worst))
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
            return await grow(tx, exploration, step, outcome)

        return await self._transact(procedure)

    async def illustrate(self, illustration: Illustration) -> Event:
        """See `Work.illustrate`."""

        async def procedure(tx: Transaction) -> Event:
            await tx.lock_graph()
            exploration = await _owned(tx, illustration.exploration, illustration.token)
            step = (await tx.steps([illustration.step])).get(illustration.step)
            if step is None:
                raise NotFoundError("step", illustration.step)
            if step.state is not StepState.PENDING:
                if not (before := await tx.events_of_step(exploration.id, step.id)):  # it has failed meanwhile
                    raise LeaseLost(exploration.id)
                return before[0]
            return await illustrate(tx, exploration, step, illustration)

        return await self._transact(procedure)

    async def fail(self, failure: Failure) -> Event:
        """See `Work.fail`."""

        async def procedure(tx: Transaction) -> Event:
            exploration = await _owned(tx, failure.exploration, failure.token)
            step = (await tx.steps([failure.step])).get(failure.step)
            if step is None or step.state is not StepState.PENDING:
                raise LeaseLost(exploration.id)
            exploration, step = settled(exploration, step, failure.spent)
            retry = failure.retry_in is not None
            step = replace(
                step,
                attempts=step.attempts if step.reserved else step.attempts + 1,
                reserved=None,
                error=failure.error,
                answer=failure.answer,
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
    return replace(exploration, spent=plus(exploration.spent, Spend(seconds=seconds)))


def _leased(tx: Transaction, exploration: Exploration, token: str, seconds: float) -> Exploration:
    return replace(exploration, lease=Lease(token, tx.now + timedelta(seconds=seconds)))
