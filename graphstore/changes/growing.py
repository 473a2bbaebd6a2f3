"""An exploration's step stores what it found: knowledge, members, frontier, spend and the event."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from graphstore.changes.journal import new_step, note
from graphstore.changes.recording import Resolved, resolve, write
from graphstore.changes.spending import done, settled
from graphstore.errors import ConflictError
from graphstore.model import (
    ConceptId,
    EventKind,
    Exploration,
    Member,
    Outcome,
    Recorded,
    Step,
    StepKind,
    StepState,
)
from graphstore.transaction import Transaction


async def grow(tx: Transaction, exploration: Exploration, step: Step, outcome: Outcome) -> Recorded:
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
    exploration, step = settled(exploration, replace(step, concept=root), outcome.spent)
    await tx.put_members(joined)
    await tx.put_steps([done(tx, step) if complete else replace(step, reserved=None)])
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
    steps = await tx.steps_of(exploration.id, [m.concept for m in (*joined, *nearer)])
    present = {(s.kind, s.concept) for s in steps}
    moved = [replace(s, depth=step.depth + 1) for s in steps if s.state is StepState.PENDING and s.concept != root]
    opened = [
        new_step(tx, exploration.id, m.concept, m.depth, priority=1 / (1 + rank))
        for rank, m in enumerate(m for m in reached if (StepKind.EXPAND, m.concept) not in present)
        if m.depth < exploration.options.depth
    ]
    illustrated = [
        new_step(tx, exploration.id, m.concept, m.depth, priority=1 / (1 + rank), kind=StepKind.PICTURE)
        for rank, m in enumerate(m for m in joined if (StepKind.PICTURE, m.concept) not in present)
        if exploration.options.pictures is not None
    ]
    await tx.put_steps([*moved, *opened, *illustrated])
    return len(opened) + len(illustrated)


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
