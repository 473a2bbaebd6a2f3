"""Reading out a whole workspace, and writing it back."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from graphstore.changes import load
from graphstore.model import (
    BatchLimits,
    Concept,
    ConceptId,
    Event,
    Exploration,
    Image,
    Member,
    Record,
    Relation,
    RelationKey,
    Source,
    Step,
    StepState,
    StoredEvidence,
    Subject,
)
from graphstore.neo4j import whole
from graphstore.neo4j.concepts import end_of
from graphstore.neo4j.connection import Connection
from graphstore.neo4j.cypher import archive as cypher
from graphstore.rows.graph import Row
from graphstore.transaction import Transact

T = TypeVar("T")

_BATCH = 1_000


class _Kind(NamedTuple):
    """How all of a kind is read: its rows end with their place in the order, of which `start` is before the first. A
    record is None of what was deleted while it was read."""

    statement: str
    record: Callable[[Row], Any]
    start: tuple[str | int, ...] = ("",)


_CONCEPTS = _Kind(cypher.CONCEPTS, whole.concept)
_MERGES = _Kind(cypher.MERGES, whole.merge)
_TOMBSTONES = _Kind(cypher.TOMBSTONES, whole.tombstone)
_SOURCES = _Kind(cypher.SOURCES, whole.source)
_RELATIONS = _Kind(cypher.RELATIONS, whole.relation, ("", "", ""))
_EVIDENCE = _Kind(cypher.EVIDENCES, whole.evidence)
_IMAGES = _Kind(cypher.IMAGES, lambda row: _with_newest(whole.image, row))
_STEPS = _Kind(cypher.STEPS, lambda row: _with_newest(whole.step, row))
_MEMBERS = _Kind(cypher.MEMBERS, whole.member, ("", ""))
_EVENTS = _Kind(cypher.EVENTS, whole.event, ("", -1))
_EXPLORATIONS = _Kind(cypher.EXPLORATIONS, whole.exploration)
_RESULTS = _Kind(cypher.RESULTS, whole.idempotent_result, ("", "", ""))


def _with_newest(kind: Callable[[Row], T | None], row: Row) -> tuple[T, int | None] | None:
    """With the number of the last event that speaks of it."""
    return None if (record := kind(row[:-1])) is None else (record, row[-1])


class Neo4jArchive:
    """`graphstore.port.Archive`."""

    batch = BatchLimits(seconds=0.5, rows=5_000)
    """A transaction costs two dozen round trips and a commit to all indexes, whatever it holds."""

    def __init__(self, workspace: str, connection: Connection, transact: Transact) -> None:
        self._workspace = workspace
        self._connection = connection
        self._transact = transact

    def export(self) -> AsyncIterator[Record]:
        """See `Archive.export`. The time limit is for one batch."""
        return _Export(self._workspace, self._connection).records()

    async def load(self, records: Sequence[Record]) -> Sequence[str | None]:
        """See `Archive.load`."""
        return await self._transact(lambda tx: load(tx, records))


class _Export:
    """One reading of a workspace that others may change meanwhile.

    Each kind is read after what it refers to, so what came into the store too late to be given is known by that.
    Explorations are read first: what they had not told by then is left out, and is found again by who takes them up.
    """

    def __init__(self, workspace: str, connection: Connection) -> None:
        self._workspace = workspace
        self._connection = connection
        self._given: set[int] = set()  # hashes: a few dozen bytes for each concept, source and relation
        self._merged: dict[ConceptId, ConceptId] = {}
        self._explorations: dict[str, Exploration] = {}

    async def records(self) -> AsyncIterator[Record]:
        """All of them, in the order that `Archive.export` promises."""
        self._explorations = {e.id: e async for e in self._all(_EXPLORATIONS)}
        async for record in self._of_concepts():
            yield record
        async for record in self._of_images():
            yield record
        async for record in self._of_relations():
            yield record
        async for record in self._of_explorations():
            yield record
        async for result in self._all(_RESULTS):
            yield result

    async def _of_concepts(self) -> AsyncIterator[Record]:
        merges = [merge async for merge in self._all(_MERGES)]
        tombstones = [tombstone async for tombstone in self._all(_TOMBSTONES)]
        async for concept in self._all(_CONCEPTS):
            yield self._noted(concept, concept.id)
        for merge in merges:
            if not self._has(merge.concept.id):  # else it was parted again meanwhile
                self._merged[merge.concept.id] = merge.into
                yield merge
        for tombstone in tombstones:
            yield tombstone

    async def _of_images(self) -> AsyncIterator[Image]:
        """Without those that a step has made since: it is to be done still, and would make another one."""
        async for image, newest in self._all(_IMAGES):
            if self._has(image.concept) and not self._is_later(image.exploration, newest):
                yield image

    async def _of_relations(self) -> AsyncIterator[Record]:
        """Sources are read after relations: those of one that came late are there then, and its evidence is given."""
        async for relation in self._all(_RELATIONS):
            if self._has(relation.key.source) and self._has(relation.key.target):
                yield self._noted(relation, relation.key)
        async for source in self._all(_SOURCES):
            yield self._noted(source, source.id)
        async for evidence in self._all(_EVIDENCE):
            subject = self._subject(evidence)
            if subject is not None and self._has(evidence.source):
                yield replace(evidence, subject=subject)

    async def _of_explorations(self) -> AsyncIterator[Record]:
        async for step, newest in self._all(_STEPS):
            if (known := self._step(step, newest)) is not None:
                yield known
        async for member in self._all(_MEMBERS):
            if self._told(member) and self._has(member.concept):
                yield member
        async for event in self._all(_EVENTS):
            if self._told(event):
                yield event
        for exploration in self._explorations.values():
            yield exploration

    def _subject(self, evidence: StoredEvidence) -> Subject | None:
        """What it speaks of among what was given: merged or parted meanwhile, it does so of what is not there."""
        for subject in (evidence.subject, self._home(evidence.asserted)):
            if self._has(_attested(subject)):
                return subject
        return None

    def _home(self, subject: Subject) -> Subject:
        """Where the merges that were given lead."""
        if isinstance(subject, RelationKey):
            source, type, target = subject
            return RelationKey(end_of(self._merged, source), type, end_of(self._merged, target))
        return end_of(self._merged, subject)

    def _step(self, step: Step, newest: int | None) -> Step | None:
        """The step as its exploration knew it: pending still if what came of it is in a later event. `newest` is the
        number of the last event that speaks of it."""
        exploration = self._explorations.get(step.exploration)
        if exploration is None:
            return None
        if self._is_later(exploration.id, newest):
            step = replace(step, state=StepState.PENDING, error=None, answer=None, finished=None)
        if step.state is not StepState.PENDING or step.concept is None or self._has(step.concept):
            return step
        return replace(step, concept=None) if step.depth == 0 else None

    def _is_later(self, exploration: str | None, newest: int | None) -> bool:
        """Whether an event with this number came after the exploration was read."""
        known = self._explorations.get(exploration or "")
        return known is not None and newest is not None and newest >= known.next_seq

    def _told(self, record: Member | Event) -> bool:
        exploration = self._explorations.get(record.exploration)
        return exploration is not None and record.seq < exploration.next_seq

    def _noted(self, record: Concept | Source | Relation, reference: Subject) -> Record:
        self._given.add(hash(reference))
        return record

    def _has(self, reference: ConceptId | RelationKey) -> bool:
        return hash(reference) in self._given

    async def _all(self, kind: _Kind) -> AsyncIterator[Any]:
        place: Sequence[str | int] = kind.start
        more, width = True, len(place)
        while more:
            after = {f"after{i}": value for i, value in enumerate(place)}
            parameters = {"workspace": self._workspace, "limit": _BATCH, **after}
            rows = await self._connection.read(kind.statement, parameters)
            for row in rows:
                if None in row[-width:]:  # gone: nothing stands behind such a place
                    continue
                place = row[-width:]
                if (record := kind.record(row[:-width])) is not None:
                    yield record
            more = len(rows) == _BATCH


def _attested(subject: Subject) -> Subject:
    """What must be there for evidence: between two concepts that were merged there is no relation any more, only what
    will attest it again once they are parted."""
    if isinstance(subject, RelationKey) and subject.source == subject.target:
        return subject.source
    return subject
