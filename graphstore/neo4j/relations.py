"""Reading relations."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphstore.model import (
    Concept,
    ConceptId,
    Cursor,
    Direction,
    Edge,
    Evidence,
    Page,
    PageRequest,
    Relation,
    RelationKey,
    Source,
    SourceKind,
    Subject,
)
from graphstore.neo4j import evidence
from graphstore.neo4j.children import pages
from graphstore.neo4j.connection import Connection
from graphstore.neo4j.cypher import relations as cypher
from graphstore.neo4j.neighbours import neighbour_counts, neighbours
from graphstore.neo4j.whole import concept, relation, unbroken
from graphstore.paging import limited
from graphstore.rows.graph import RELATION, Row


class Neo4jRelations:
    """`graphstore.port.Relations`. Each call is one round trip."""

    def __init__(self, workspace: str, connection: Connection) -> None:
        self._workspace = workspace
        self._connection = connection

    async def get(self, keys: Sequence[RelationKey]) -> Mapping[RelationKey, Edge]:
        """See `Relations.get`."""
        rows, concepts = await self._read(cypher.BY_KEY, keys=[*map(list, keys)])
        edges = map(_hydrated(concepts), rows)
        return {edge.relation.key: edge for edge in edges if edge is not None}

    async def of(
        self, ids: Sequence[ConceptId], direction: Direction, types: Sequence[str] | None, request: PageRequest
    ) -> Mapping[ConceptId, Page[Edge]]:
        """See `Relations.of`."""
        statement = cypher.pages(direction, request, typed=types is not None)
        parameters = {**_typed(types), **cypher.ORDER.parameters(request)}
        found, concepts = await self._read(statement, asked=ids, **parameters)
        return pages(ids, found, request, _place, _hydrated(concepts))

    async def count(
        self, ids: Sequence[ConceptId], direction: Direction, types: Sequence[str] | None
    ) -> Mapping[ConceptId, int]:
        """See `Relations.count`."""
        counts = await self._read(cypher.count(direction, typed=types is not None), asked=ids, **_typed(types))
        return dict(zip(ids, counts, strict=True))

    async def neighbours(
        self, ids: Sequence[ConceptId], direction: Direction, types: Sequence[str] | None, request: PageRequest
    ) -> Mapping[ConceptId, Page[Concept]]:
        """See `Relations.neighbours`."""
        return await neighbours(self._read, ids, direction, _typed(types), request)

    async def count_neighbours(
        self, ids: Sequence[ConceptId], direction: Direction, types: Sequence[str] | None
    ) -> Mapping[ConceptId, int]:
        """See `Relations.count_neighbours`."""
        return await neighbour_counts(self._read, ids, direction, _typed(types))

    async def links(self, ids: Sequence[ConceptId], types: Sequence[str] | None, limit: int) -> Sequence[Relation]:
        """See `Relations.links`."""
        statement = cypher.links(typed=types is not None)
        rows = await self._read(statement, asked=ids, limit=limited(limit), **_typed(types))
        return relation.all(rows)

    async def types(self) -> Mapping[str, int]:
        """See `Relations.types`."""
        return dict(unbroken(await self._read(cypher.TYPES)))

    async def evidence(self, subjects: Sequence[Subject], request: PageRequest) -> Mapping[Subject, Page[Evidence]]:
        """See `Relations.evidence`."""
        return await evidence.pages(self._read, subjects, request)

    async def count_evidence(self, subjects: Sequence[Subject]) -> Mapping[Subject, int]:
        """See `Relations.count_evidence`."""
        return await evidence.counts(self._read, subjects)

    async def source_kinds(self, subjects: Sequence[Subject]) -> Mapping[Subject, frozenset[SourceKind]]:
        """See `Relations.source_kinds`."""
        return await evidence.source_kinds(self._read, subjects)

    async def sources(self, ids: Sequence[str]) -> Mapping[str, Source]:
        """See `Relations.sources`."""
        return await evidence.sources(self._read, ids)

    async def _read(self, statement: str, **parameters: Any) -> Any:
        return await self._connection.read(statement, {"workspace": self._workspace, **parameters})


def _typed(types: Sequence[str] | None) -> Mapping[str, Sequence[str]]:
    return {} if types is None else {"types": types}


def _place(row: Row) -> Cursor:
    doubt, dearth = row[len(RELATION) :]
    return (doubt, dearth, row[1], row[0], row[2])


def _hydrated(concepts: Sequence[Row]) -> Callable[[Row], Edge | None]:
    """What makes an edge of a row; none of one whose ends are yet to be loaded from an archive, or are gone."""
    ends = {each.id: each for each in concept.all(concepts)}

    def edge(row: Row) -> Edge | None:
        found, source, target = relation(row), ends.get(row[0]), ends.get(row[2])
        return Edge(found, source, target) if found and source and target else None

    return edge
