"""The `Control` port: explorations are started and their course is changed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import orjson

from graphstore.changes.curation import existing_concept, recall, remember
from graphstore.changes.journal import change_status, locked, new_step, note
from graphstore.errors import ConflictError, InvalidError, StatusConflict
from graphstore.ids import new_id
from graphstore.model import (
    ENDED,
    Budget,
    EventKind,
    Exploration,
    ExplorationDraft,
    ExplorationStatus,
    Idempotency,
    Lease,
    Progress,
    Spend,
    Step,
    StepState,
)
from graphstore.transaction import Transact, Transaction

_Status = ExplorationStatus
PAUSABLE = frozenset({_Status.QUEUED, _Status.RUNNING})
RESUMABLE = frozenset({_Status.PAUSED})
CANCELLABLE = frozenset(_Status) - ENDED
EXTENDABLE = frozenset({_Status.BUDGET_REACHED, _Status.COMPLETED})
RETRYABLE = frozenset({_Status.COMPLETED, _Status.BUDGET_REACHED, _Status.FAILED})


class StoreControl:
    """`graphstore.port.Control` over any adapter's transactions."""

    def __init__(self, transact: Transact) -> None:
        self._transact = transact

    async def start(
        self, draft: ExplorationDraft, *, idempotency: Idempotency | None = None, lease: tuple[str, float] | None = None
    ) -> Exploration:
        """See `Control.start`."""

        async def procedure(tx: Transaction) -> Exploration:
            if idempotency:
                await tx.lock_graph()  # else two that come at once both find nothing
                if (before := await recall(tx, idempotency)) is not None:
                    return await locked(tx, orjson.loads(before)["exploration"])
            exploration = _fresh(tx, draft, lease)
            if draft.root is not None:
                root = await existing_concept(tx, draft.root)
                exploration = replace(exploration, root=root.id)
            exploration, _ = await note(tx, exploration, EventKind.EXPLORATION_STARTED)
            await tx.put_steps([new_step(tx, exploration.id, exploration.root, depth=0, priority=1.0)])
            if idempotency:
                await remember(tx, idempotency, orjson.dumps({"exploration": exploration.id}).decode())
            return exploration

        return await self._transact(procedure)

    async def pause(self, id: str) -> Exploration:
        """See `Control.pause`."""

        async def procedure(tx: Transaction) -> Exploration:
            exploration = await _in_status(tx, id, "pause", PAUSABLE)
            return await change_status(tx, exploration, _Status.PAUSED)

        return await self._transact(procedure)

    async def resume(self, id: str) -> Exploration:
        """See `Control.resume`."""

        async def procedure(tx: Transaction) -> Exploration:
            exploration = await _in_status(tx, id, "resume", RESUMABLE)
            held = exploration.lease is not None and exploration.lease.until > tx.now
            return await change_status(tx, exploration, _Status.RUNNING if held else _Status.QUEUED)

        return await self._transact(procedure)

    async def cancel(self, id: str, reason: str) -> Exploration:
        """See `Control.cancel`."""

        async def procedure(tx: Transaction) -> Exploration:
            exploration = await _in_status(tx, id, "cancel", CANCELLABLE)
            return await change_status(tx, exploration, _Status.CANCELLED, reason)

        return await self._transact(procedure)

    async def extend(self, id: str, budget: Budget, depth: int | None) -> Exploration:
        """See `Control.extend`."""

        async def procedure(tx: Transaction) -> Exploration:
            exploration = await _in_status(tx, id, "extend", EXTENDABLE)
            _refuse_less(exploration, budget, depth)
            options = replace(exploration.options, depth=depth or exploration.options.depth)
            opened = [
                new_step(tx, id, member.concept, member.depth, priority=0.0)
                for member in await tx.unexpanded(id, options.depth)
            ]
            exploration = replace(exploration, budget=budget, options=options)
            return await _reopen(tx, exploration, opened)

        return await self._transact(procedure)

    async def retry_failed(self, id: str) -> Exploration:
        """See `Control.retry_failed`."""

        async def procedure(tx: Transaction) -> Exploration:
            exploration = await _in_status(tx, id, "retry the failed steps of", RETRYABLE)
            failed = await tx.failed_steps(id)
            if not failed:
                raise ConflictError("no step of this exploration has failed")
            opened = [
                replace(s, state=StepState.PENDING, attempts=0, error=None, answer=None, retry_at=None, finished=None)
                for s in failed
            ]
            progress = replace(exploration.progress, steps_failed=0)
            return await _reopen(tx, replace(exploration, progress=progress), opened)

        return await self._transact(procedure)

    async def delete(self, id: str) -> None:
        """See `Control.delete`."""

        async def procedure(tx: Transaction) -> None:
            await _in_status(tx, id, "delete", ENDED)
            await tx.delete_exploration(id)

        await self._transact(procedure)


def _fresh(tx: Transaction, draft: ExplorationDraft, lease: tuple[str, float] | None) -> Exploration:
    held = Lease(lease[0], tx.now + timedelta(seconds=lease[1])) if lease else None
    return Exploration(
        id=new_id(),
        topic=draft.topic,
        status=_Status.RUNNING if held else _Status.QUEUED,
        reason=None,
        options=draft.options,
        budget=draft.budget,
        spent=Spend(),
        progress=Progress(steps_pending=1),
        root=None,
        lease=held,
        next_seq=1,
        created=tx.now,
        started=tx.now if held else None,
        finished=None,
    )


async def _in_status(tx: Transaction, id: str, action: str, allowed: frozenset[ExplorationStatus]) -> Exploration:
    exploration = await locked(tx, id)
    if exploration.status not in allowed:
        raise StatusConflict(action, exploration.status, allowed)
    return exploration


async def _reopen(tx: Transaction, exploration: Exploration, opened: Sequence[Step]) -> Exploration:
    await tx.put_steps(opened)
    progress = replace(exploration.progress, steps_pending=exploration.progress.steps_pending + len(opened))
    return await change_status(tx, replace(exploration, progress=progress), _Status.QUEUED)


def _refuse_less(exploration: Exploration, budget: Budget, depth: int | None) -> None:
    before, options = exploration.budget, exploration.options
    if depth is not None and depth < options.depth:
        raise InvalidError(f"depth {depth} is less than the present {options.depth}")
    pairs = {
        "concepts": (before.concepts, budget.concepts),
        "seconds": (before.seconds, budget.seconds),
        "tokens": (before.tokens, budget.tokens),
        "costUsd": (before.cost_usd, budget.cost_usd),
        "pictures": (before.pictures, budget.pictures),
    }
    for name, (old, new) in pairs.items():
        if new is not None and (old is None or new < old):
            raise InvalidError(f"a budget of {new:g} for {name} is less than the present one ({_amount(old)})")


def _amount(value: float | None) -> str:
    return "unbounded" if value is None else f"{value:g}"
