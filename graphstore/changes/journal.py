"""Writing down what happens to an exploration: every change of it is one numbered event."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from graphstore.errors import NotFoundError
from graphstore.ids import new_id
from graphstore.model import (
    ENDED,
    ConceptId,
    Event,
    EventKind,
    Exploration,
    ExplorationStatus,
    Spend,
    Step,
    StepKind,
    StepState,
)
from graphstore.transaction import Transaction


async def locked(tx: Transaction, id: str) -> Exploration:
    """The exploration, locked for the rest of the transaction. Raises `NotFoundError`."""
    found = (await tx.lock([id])).get(id)
    if found is None:
        raise NotFoundError("exploration", id)
    return found


async def note(tx: Transaction, exploration: Exploration, kind: EventKind, **details: Any) -> tuple[Exploration, Event]:
    """Store the exploration as it is now, with the event that tells of the change."""
    event = Event(exploration.id, exploration.next_seq, kind, tx.now, exploration.progress, **details)
    exploration = replace(exploration, next_seq=exploration.next_seq + 1)
    await tx.put_exploration(exploration)
    await tx.put_events([event])
    return exploration, event


async def change_status(
    tx: Transaction, exploration: Exploration, status: ExplorationStatus, reason: str | None = None
) -> Exploration:
    """Give an exploration another status, with its event; one that ends loses its lease."""
    ended = status in ENDED
    exploration = replace(
        exploration,
        status=status,
        reason=reason,
        lease=None if ended else exploration.lease,
        started=exploration.started or (tx.now if status is ExplorationStatus.RUNNING else None),
        finished=tx.now if ended else None,
    )
    exploration, _ = await note(tx, exploration, EventKind.STATUS_CHANGED, status=status, reason=reason)
    return exploration


async def recount(tx: Transaction, ids: Collection[str]) -> None:
    """Let explorations be as far as what is stored of them, after it was changed outside of their own steps."""
    explorations = await tx.lock(sorted(ids))
    counted = await tx.counted(list(explorations))
    for id, exploration in explorations.items():
        progress, newest = counted[id]
        spent = replace(exploration.spent, concepts=progress.concepts_found)
        next_seq = max(exploration.next_seq, newest + 1)
        counts = replace(exploration, progress=progress, spent=spent, next_seq=next_seq)
        if counts != exploration:
            await tx.put_exploration(counts)


def new_step(
    tx: Transaction,
    exploration: str,
    concept: ConceptId | None,
    depth: int,
    *,
    priority: float,
    kind: StepKind = StepKind.EXPAND,
) -> Step:
    """A pending step."""
    return Step(
        id=new_id(),
        exploration=exploration,
        kind=kind,
        concept=concept,
        depth=depth,
        priority=priority,
        state=StepState.PENDING,
        attempts=0,
        error=None,
        spent=Spend(),
        reserved=None,
        retry_at=None,
        created=tx.now,
        finished=None,
    )
