"""Loaders of concepts, relations, evidence and sources."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from graphstore.model import (
    Concept,
    ConceptId,
    Direction,
    Edge,
    Evidence,
    Page,
    PageRequest,
    RelationKey,
    Source,
    SourceKind,
)
from graphstore.model import Subject as Attested
from resolvers.loaders.loader import Loader, by_arguments

Types: TypeAlias = tuple[str, ...] | None
"""Relation types; None is all of them."""


class ConceptLoader(Loader[ConceptId, Concept | None]):
    """Concepts by id, merges followed."""

    async def batch_load_fn(self, keys: list[ConceptId]) -> list[Concept | None]:
        """One read for all ids."""
        found = await self.store.concepts.get(keys)
        return [found.get(key) for key in keys]


class SensesLoader(Loader[str, Sequence[Concept]]):
    """All concepts of a name key, the best supported first."""

    async def batch_load_fn(self, keys: list[str]) -> list[Sequence[Concept]]:
        """One read for all names."""
        found = await self.store.concepts.named(keys)
        return [found.get(key, ()) for key in keys]


class SimilarTo(NamedTuple):
    """The likeliest duplicates of a concept."""

    concept: ConceptId
    limit: int


class SimilarLoader(Loader[SimilarTo, Sequence[Concept]]):
    """Concepts that may be the same one, likeliest first."""

    async def batch_load_fn(self, keys: list[SimilarTo]) -> list[Sequence[Concept]]:
        """One read for each limit."""
        found = await by_arguments(keys, self.store.concepts.similar)
        return [found.get(key, ()) for key in keys]


class RelationLoader(Loader[RelationKey, Edge | None]):
    """Relations by identity, with both ends."""

    async def batch_load_fn(self, keys: list[RelationKey]) -> list[Edge | None]:
        """One read for all of them."""
        found = await self.store.relations.get(keys)
        return [found.get(key) for key in keys]


class RelationsOf(NamedTuple):
    """A page of a concept's relations, or of its neighbours."""

    concept: ConceptId
    direction: Direction
    types: Types
    page: PageRequest


class RelationPageLoader(Loader[RelationsOf, Page[Edge]]):
    """Pages of relations, with both ends."""

    async def batch_load_fn(self, keys: list[RelationsOf]) -> list[Page[Edge]]:
        """One read for all concepts of which the same page is asked for."""
        found = await by_arguments(keys, self.store.relations.of)
        return [found.get(key, Page()) for key in keys]


class NeighbourPageLoader(Loader[RelationsOf, Page[Concept]]):
    """Pages of the concepts at the other ends."""

    async def batch_load_fn(self, keys: list[RelationsOf]) -> list[Page[Concept]]:
        """One read for all concepts of which the same page is asked for."""
        found = await by_arguments(keys, self.store.relations.neighbours)
        return [found.get(key, Page()) for key in keys]


class CountOf(NamedTuple):
    """How many relations, or neighbours, a concept has."""

    concept: ConceptId
    direction: Direction
    types: Types


class RelationCountLoader(Loader[CountOf, int]):
    """How many relations a concept has."""

    async def batch_load_fn(self, keys: list[CountOf]) -> list[int]:
        """One read for all concepts of which the same is counted."""
        found = await by_arguments(keys, self.store.relations.count)
        return [found.get(key, 0) for key in keys]


class NeighbourCountLoader(Loader[CountOf, int]):
    """How many neighbours a concept has."""

    async def batch_load_fn(self, keys: list[CountOf]) -> list[int]:
        """One read for all concepts of which the same is counted."""
        found = await by_arguments(keys, self.store.relations.count_neighbours)
        return [found.get(key, 0) for key in keys]


class EvidenceFor(NamedTuple):
    """A page of what attests a concept or a relation."""

    subject: Attested
    page: PageRequest


class EvidencePageLoader(Loader[EvidenceFor, Page[Evidence]]):
    """Pages of evidence, with sources."""

    async def batch_load_fn(self, keys: list[EvidenceFor]) -> list[Page[Evidence]]:
        """One read for all subjects of which the same page is asked for."""
        found = await by_arguments(keys, self.store.relations.evidence)
        return [found.get(key, Page()) for key in keys]


class EvidenceCountLoader(Loader[Attested, int]):
    """How many pieces of evidence a concept or a relation has."""

    async def batch_load_fn(self, keys: list[Attested]) -> list[int]:
        """One read for all subjects."""
        found = await self.store.relations.count_evidence(keys)
        return [found.get(key, 0) for key in keys]


class SourceKindsLoader(Loader[Attested, frozenset[SourceKind]]):
    """The kinds of sources that attest a concept or a relation."""

    async def batch_load_fn(self, keys: list[Attested]) -> list[frozenset[SourceKind]]:
        """One read for all subjects."""
        found = await self.store.relations.source_kinds(keys)
        return [found.get(key, frozenset()) for key in keys]


class SourceLoader(Loader[str, Source | None]):
    """Sources by id."""

    async def batch_load_fn(self, keys: list[str]) -> list[Source | None]:
        """One read for all ids."""
        found = await self.store.relations.sources(keys)
        return [found.get(key) for key in keys]
