"""The statements of one write transaction: all that an adapter writes in its own query language.

What the statements are for is decided once, in `graphstore/changes/`, for every adapter. The methods are coroutines
so that a driver may wait; an adapter without waiting runs them to their end on its writer thread. All reads see the
transaction's own writes. Every method takes a batch and does nothing for an empty one.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias, TypeVar

from graphstore.model import (
    Concept,
    ConceptId,
    Event,
    Exploration,
    IdempotentResult,
    Image,
    Member,
    Merge,
    Progress,
    Relation,
    RelationKey,
    Source,
    Step,
    StoredEvidence,
    Subject,
    Tombstone,
)

T = TypeVar("T")

IDEMPOTENCY_LIFE = timedelta(hours=24)
"""For so long a repeated request gets the stored answer."""


class GraphStatements(Protocol):
    """Concepts, relations, evidence."""

    async def lock_graph(self) -> None:
        """Take the write lock on the workspace's graph: what is read after this is what the writes are decided on.

        Taken before any lock on explorations, so that two transactions cannot wait for each other.
        """
        ...

    async def concepts(self, ids: Sequence[ConceptId]) -> Mapping[ConceptId, Concept]:
        """Concepts by the id asked for, merges followed."""
        ...

    async def concepts_named(self, keys: Sequence[str]) -> Sequence[Concept]:
        """Concepts of which the name or an alias has one of these name keys."""
        ...

    async def concepts_by_external_id(self, ids: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Concept]:
        """Concepts by (scheme, value)."""
        ...

    async def put_concepts(self, concepts: Sequence[Concept]) -> None:
        """Insert or replace by id, with the look-ups by alias and external id. `degree` is not written: it follows
        from the relations."""
        ...

    async def delete_concepts(self, ids: Sequence[ConceptId]) -> None:
        """Delete concepts alone; what refers to them has been dealt with."""
        ...

    async def tombstones(self, marks: Sequence[str]) -> frozenset[str]:
        """Which of these marks are set."""
        ...

    async def put_tombstones(self, tombstones: Sequence[Tombstone]) -> None:
        """Set marks; one that is set already stays as it is."""
        ...

    async def lift_tombstones(self, marks: Sequence[str]) -> None:
        """Remove marks."""
        ...

    async def relations(self, keys: Sequence[RelationKey]) -> Mapping[RelationKey, Relation]:
        """Relations by identity."""
        ...

    async def relations_between(self, pairs: Sequence[tuple[ConceptId, ConceptId]]) -> Sequence[Relation]:
        """All relations of the two concepts of each pair, whichever way they point."""
        ...

    async def relation_types(self) -> frozenset[str]:
        """The types in use."""
        ...

    async def put_relations(self, relations: Sequence[Relation]) -> None:
        """Insert or replace by key."""
        ...

    async def delete_relations(self, keys: Sequence[RelationKey]) -> None:
        """Delete relations alone, not their evidence."""
        ...

    async def sources(self, keys: Sequence[str]) -> Mapping[str, Source]:
        """Sources by key."""
        ...

    async def put_sources(self, sources: Sequence[Source]) -> None:
        """Insert sources; their keys are new."""
        ...

    async def delete_source(self, id: str) -> bool:
        """Delete a source alone, not its evidence; False when there was none."""
        ...

    async def put_evidence(self, evidence: Sequence[StoredEvidence]) -> None:
        """Insert, leaving out what is there already by (asserted, source, quote)."""
        ...

    async def replace_subjects(self, subjects: Mapping[str, Subject]) -> None:
        """Give evidence, by id, another present subject."""
        ...

    async def evidence_on(self, concepts: Sequence[ConceptId]) -> Sequence[StoredEvidence]:
        """Evidence whose present subject is one of these concepts or a relation that touches one of them."""
        ...

    async def evidence_asserted_on(self, concepts: Sequence[ConceptId]) -> Sequence[StoredEvidence]:
        """The same by what it spoke of when it came."""
        ...

    async def evidence_of(self, subjects: Sequence[Subject]) -> Sequence[StoredEvidence]:
        """Evidence whose present subject is exactly one of these."""
        ...

    async def evidence_from(self, source: str) -> Sequence[StoredEvidence]:
        """Evidence from the source with this id."""
        ...

    async def delete_evidence(self, ids: Sequence[str]) -> None:
        """Delete evidence by id."""
        ...

    async def strengths(self, subjects: Sequence[Subject]) -> Mapping[Subject, Mapping[str, float]]:
        """For each subject the strongest confidence that each origin gives it."""
        ...

    async def merge(self, id: ConceptId) -> Merge | None:
        """The merge in which this concept went into another one."""
        ...

    async def merged_into(self, ids: Sequence[ConceptId]) -> Sequence[ConceptId]:
        """The concepts that went into these, directly or through others."""
        ...

    async def put_merge(self, merge: Merge) -> None:
        """Remember a merge."""
        ...

    async def delete_merge(self, id: ConceptId) -> None:
        """Forget the merge of this concept."""
        ...


class ExplorationStatements(Protocol):
    """Explorations and what belongs to them."""

    async def lock(self, ids: Sequence[str]) -> Mapping[str, Exploration]:
        """Take the write lock on explorations, in the order of their ids, and read them after that."""
        ...

    async def counted(self, ids: Sequence[str]) -> Mapping[str, tuple[Progress, int]]:
        """How far explorations are by their members and steps, and the number of their newest event, 0 for none."""
        ...

    async def put_exploration(self, exploration: Exploration) -> None:
        """Insert or replace by id."""
        ...

    async def delete_exploration(self, id: str) -> None:
        """Delete it with steps, members and events."""
        ...

    async def steps(self, ids: Sequence[str]) -> Mapping[str, Step]:
        """Steps by id."""
        ...

    async def steps_of(self, exploration: str, concepts: Sequence[ConceptId]) -> Sequence[Step]:
        """The exploration's steps on these concepts."""
        ...

    async def pending_steps_on(self, concepts: Sequence[ConceptId]) -> Sequence[Step]:
        """Pending steps of any exploration on these concepts."""
        ...

    async def failed_steps(self, exploration: str) -> Sequence[Step]:
        """The exploration's failed steps."""
        ...

    async def put_steps(self, steps: Sequence[Step]) -> None:
        """Insert or replace by id."""
        ...

    async def delete_steps(self, ids: Sequence[str]) -> None:
        """Delete steps by id."""
        ...

    async def members(self, exploration: str, concepts: Sequence[ConceptId]) -> Mapping[ConceptId, Member]:
        """The exploration's members among these concepts."""
        ...

    async def unexpanded(self, exploration: str, below_depth: int) -> Sequence[Member]:
        """Members of less than that depth on which the exploration has no expanding step."""
        ...

    async def memberships(self, concepts: Sequence[ConceptId]) -> Sequence[Member]:
        """Memberships of these concepts in any exploration."""
        ...

    async def put_members(self, members: Sequence[Member]) -> None:
        """Insert or replace by (exploration, concept)."""
        ...

    async def delete_members(self, members: Sequence[Member]) -> None:
        """Delete memberships by (exploration, concept)."""
        ...

    async def put_events(self, events: Sequence[Event]) -> None:
        """Insert events; their numbers are new."""
        ...

    async def events_of_step(self, exploration: str, step: str) -> Sequence[Event]:
        """The GRAPH_GREW and IMAGE_READY events that this step's commits wrote."""
        ...

    async def idempotent_result(self, principal: str, mutation: str, key: str) -> IdempotentResult | None:
        """The stored answer, if it is less than 24 h old."""
        ...

    async def put_idempotent_result(self, result: IdempotentResult) -> None:
        """Insert, or replace one past its day."""
        ...


class ImageStatements(Protocol):
    """Images."""

    async def lock_job(self, job: str) -> Sequence[Image]:
        """Take the write lock on a job's images and read them after that, by position."""
        ...

    async def images(self, ids: Sequence[str]) -> Mapping[str, Image]:
        """Images by id."""
        ...

    async def images_on(self, concepts: Sequence[ConceptId]) -> Sequence[Image]:
        """Take the write lock on the images whose present concept is one of these, and read them after that."""
        ...

    async def images_made_for(self, concepts: Sequence[ConceptId]) -> Sequence[Image]:
        """The same for those that were to be of one of these at first."""
        ...

    async def put_images(self, images: Sequence[Image]) -> None:
        """Insert or replace by id."""
        ...

    async def delete_images(self, ids: Sequence[str]) -> None:
        """Delete images by id."""
        ...


class Transaction(GraphStatements, ExplorationStatements, ImageStatements, Protocol):
    """One write transaction in one workspace."""

    now: datetime
    """The store's clock, in UTC, when it began."""
    contradictions: int
    """Relations that came to contradict another in it. They are counted once it is committed."""


Procedure: TypeAlias = Callable[[Transaction], Awaitable[T]]
"""What is done in a transaction. It may be run again from the start: it must have no effect but through it."""


class Transact(Protocol):
    """Run a procedure in a write transaction of one workspace: all of it is committed, or nothing is."""

    async def __call__(self, procedure: Procedure[T]) -> T:
        """What the procedure returned, once it is committed."""
        ...
