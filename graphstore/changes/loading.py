"""Records back into a store: what export wrote is stored as it was, ids included."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from graphstore.changes.journal import recount
from graphstore.model import (
    ENDED,
    Concept,
    Event,
    Exploration,
    ExplorationStatus,
    IdempotentResult,
    Image,
    ImageStatus,
    Member,
    Merge,
    Record,
    Relation,
    Source,
    Step,
    StoredEvidence,
    Tombstone,
)
from graphstore.transaction import Transaction


async def load(tx: Transaction, records: Sequence[Record]) -> list[str | None]:
    """Store a batch, replacing what has the same id; for each record None or why it was refused."""
    await tx.lock_graph()
    refusals: list[str | None] = [None] * len(records)
    await _refuse_taken_names(tx, records, refusals)
    await _refuse_taken_sources(tx, records, refusals)
    by_kind: dict[type[Any], list[Any]] = {}
    for record, refusal in zip(records, refusals, strict=True):
        if refusal is None:
            by_kind.setdefault(type(record), []).append(record)
    for kind, put in _puts(tx).items():
        if kind in by_kind:
            await put(by_kind[kind])
    touched = {e.id for e in by_kind.get(Exploration, ())}
    touched |= {record.exploration for kind in (Step, Member, Event) for record in by_kind.get(kind, ())}
    await recount(tx, touched)
    return refusals


def _puts(tx: Transaction) -> dict[type[Any], Callable[[list[Any]], Awaitable[None]]]:
    async def put_steps(steps: list[Step]) -> None:
        await tx.put_steps([replace(step, reserved=None) for step in steps])

    async def put_images(images: list[Image]) -> None:
        await tx.put_images([_unheld(image) for image in images])

    return {
        Concept: tx.put_concepts,
        Source: tx.put_sources,
        Relation: tx.put_relations,
        StoredEvidence: tx.put_evidence,
        Tombstone: tx.put_tombstones,
        Merge: _one_by_one(tx.put_merge),
        Exploration: _one_by_one(lambda exploration: tx.put_exploration(_unowned(exploration))),
        Step: put_steps,
        Member: tx.put_members,
        Event: tx.put_events,
        IdempotentResult: _one_by_one(tx.put_idempotent_result),
        Image: put_images,
    }


def _one_by_one(put: Callable[[Any], Awaitable[None]]) -> Callable[[list[Any]], Awaitable[None]]:
    async def put_all(records: list[Any]) -> None:
        for record in records:
            await put(record)

    return put_all


def _unowned(exploration: Exploration) -> Exploration:
    """No owner survives a move: what had not ended is queued again, a pause kept."""
    if exploration.status in ENDED or exploration.status is ExplorationStatus.PAUSED:
        return replace(exploration, lease=None)
    return replace(exploration, lease=None, status=ExplorationStatus.QUEUED)


def _unheld(image: Image) -> Image:
    """No maker survives a move either."""
    status = ImageStatus.QUEUED if image.status is ImageStatus.GENERATING else image.status
    return replace(image, status=status, lease=None)


async def _refuse_taken_names(tx: Transaction, records: Sequence[Record], refusals: list[str | None]) -> None:
    concepts = {i: r for i, r in enumerate(records) if isinstance(r, Concept)}
    stored = await tx.concepts_named(list({c.key for c in concepts.values()}))
    owner = {(c.key, c.sense): c.id for c in stored}
    for i, concept in concepts.items():
        if owner.setdefault((concept.key, concept.sense), concept.id) != concept.id:
            refusals[i] = f"another concept is stored as {concept.name!r} in the same sense, with another id"


async def _refuse_taken_sources(tx: Transaction, records: Sequence[Record], refusals: list[str | None]) -> None:
    sources = {i: r for i, r in enumerate(records) if isinstance(r, Source)}
    stored = await tx.sources(list({s.key for s in sources.values()}))
    owner = {key: source.id for key, source in stored.items()}
    for i, source in sources.items():
        if owner.setdefault(source.key, source.id) != source.id:
            refusals[i] = f"another source is stored under the key {source.key!r}, with another id"
