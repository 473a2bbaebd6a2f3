"""Reading and changing the graph."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from graphstore.model import (
    Concept,
    ConceptFilter,
    ConceptId,
    ConceptOrder,
    ConceptPatch,
    Direction,
    Edge,
    Evidence,
    EvidenceClaim,
    Hit,
    Idempotency,
    Knowledge,
    Page,
    PageRequest,
    Recorded,
    Relation,
    RelationKey,
    Source,
    SourceKind,
    Subject,
)


class Concepts(Protocol):
    """Read concepts."""

    async def get(self, ids: Sequence[ConceptId], *, follow_merges: bool = True) -> Mapping[ConceptId, Concept]:
        """Concepts by the id asked for; a merged concept's id gives the one it went into."""
        ...

    async def named(self, keys: Sequence[str]) -> Mapping[str, Sequence[Concept]]:
        """All senses of each name key: those so named before those so called by an alias,
        within each the best supported first (support, degree, confidence, id)."""
        ...

    async def by_external_id(self, ids: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Concept]:
        """Concepts by (scheme, value)."""
        ...

    async def page(self, filter: ConceptFilter, order: ConceptOrder, request: PageRequest) -> Page[Concept]:
        """A page of all concepts."""
        ...

    async def count(self, filter: ConceptFilter) -> int:
        """How many concepts pass the filter."""
        ...

    async def search(self, text: str, filter: ConceptFilter, request: PageRequest) -> Page[Hit[Concept]]:
        """Concepts that hold every word of the text (as a word or the beginning of one), best first.

        The text is words only: quotes, operators and wildcards have no meaning. No word: an empty page.
        """
        ...

    async def count_hits(self, text: str, filter: ConceptFilter) -> int:
        """How many concepts `search` finds in all."""
        ...

    async def similar(self, ids: Sequence[ConceptId], limit: int) -> Mapping[ConceptId, Sequence[Concept]]:
        """For each concept, others whose names suggest that they may be the same one, likeliest first."""
        ...


class Relations(Protocol):
    """Read relations and what attests them. Order: confidence, support (both falling), type, source, target."""

    async def get(self, keys: Sequence[RelationKey]) -> Mapping[RelationKey, Edge]:
        """Relations by identity, ends included."""
        ...

    async def of(
        self, ids: Sequence[ConceptId], direction: Direction, types: Sequence[str] | None, request: PageRequest
    ) -> Mapping[ConceptId, Page[Edge]]:
        """A page of relations for each concept, ends included, in one read for all of them."""
        ...

    async def count(
        self, ids: Sequence[ConceptId], direction: Direction, types: Sequence[str] | None
    ) -> Mapping[ConceptId, int]:
        """How many relations each concept has."""
        ...

    async def neighbours(
        self, ids: Sequence[ConceptId], direction: Direction, types: Sequence[str] | None, request: PageRequest
    ) -> Mapping[ConceptId, Page[Concept]]:
        """A page of the distinct concepts at the other ends, for each concept; by strongest relation, then id."""
        ...

    async def count_neighbours(
        self, ids: Sequence[ConceptId], direction: Direction, types: Sequence[str] | None
    ) -> Mapping[ConceptId, int]:
        """How many distinct concepts are at the other ends, for each concept."""
        ...

    async def links(self, ids: Sequence[ConceptId], types: Sequence[str] | None, limit: int) -> Sequence[Relation]:
        """Relations that touch the given concepts, without their ends, the strongest `limit` of each concept."""
        ...

    async def types(self) -> Mapping[str, int]:
        """How many relations of each type there are."""
        ...

    async def evidence(self, subjects: Sequence[Subject], request: PageRequest) -> Mapping[Subject, Page[Evidence]]:
        """A page of evidence for each subject, sources included: the most confident first, then by id."""
        ...

    async def count_evidence(self, subjects: Sequence[Subject]) -> Mapping[Subject, int]:
        """How many pieces of evidence each subject has."""
        ...

    async def source_kinds(self, subjects: Sequence[Subject]) -> Mapping[Subject, frozenset[SourceKind]]:
        """The kinds of the sources that attest each subject."""
        ...

    async def sources(self, ids: Sequence[str]) -> Mapping[str, Source]:
        """Sources by id."""
        ...


class Curation(Protocol):
    """Change the graph. Each call is one transaction."""

    async def add(self, knowledge: Knowledge, idempotency: Idempotency | None = None) -> Recorded:
        """Record claims: decide identity (`graphstore.identity`), write what is new, renew confidence and support.

        Lifts the tombstones of the concepts it names. Raises `InvalidError` for a relation type too many,
        `IdempotencyConflict`.
        """
        ...

    async def update_concept(
        self, id: ConceptId, patch: ConceptPatch, expected_version: int, evidence: EvidenceClaim
    ) -> Concept:
        """Change a concept on a person's word. Raises `NotFoundError`, `VersionConflict`, `ConflictError` when
        another concept has that name and sense already."""
        ...

    async def delete_concept(self, id: ConceptId) -> None:
        """Delete it with its relations and evidence, leaving a tombstone. Raises `NotFoundError`."""
        ...

    async def retype_relation(
        self, key: RelationKey, type: str, expected_version: int, evidence: EvidenceClaim
    ) -> Relation:
        """Give a relation another type, its evidence going with it; joins one that exists under that type.
        Raises `NotFoundError`, `VersionConflict`, `InvalidError`."""
        ...

    async def delete_relation(self, key: RelationKey) -> None:
        """Delete it with its evidence. Raises `NotFoundError`."""
        ...

    async def delete_source(self, id: str) -> None:
        """Delete a source with all evidence from it, and the relations that nothing else attests.
        Concepts stay. Raises `NotFoundError`."""
        ...

    async def merge(self, into: ConceptId, others: Sequence[ConceptId]) -> Concept:
        """Make several concepts one: relations, evidence, names, memberships go to `into`, their ids lead there.
        Raises `NotFoundError`, `InvalidError` when `into` is among the others."""
        ...

    async def unmerge(self, id: ConceptId) -> Concept:
        """Restore a merged concept with the evidence, relations and memberships it had brought along.
        Raises `NotFoundError` when it is not one, `ConflictError` when its name and sense are taken by now."""
        ...
