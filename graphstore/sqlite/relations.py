"""Reading relations."""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from graphstore.model import (
    Concept,
    ConceptId,
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
from graphstore.paging import limited
from graphstore.rows.graph import RELATION, Row, listed, relation
from graphstore.sqlite import evidence
from graphstore.sqlite.children import Children
from graphstore.sqlite.concepts import by_id
from graphstore.sqlite.lanes import Read
from graphstore.sqlite.neighbours import neighbour_counts, neighbours
from graphstore.sqlite.paging import Order
from graphstore.sqlite.rows import Parameters, as_json

_OF_CONCEPTS = Children(
    "relation", RELATION, Order(("doubt", "dearth", "type", "source", "target"), (float, int, str, str, str))
)
_BY_KEY = f"""
    SELECT {listed(RELATION, "r")} FROM json_each(:keys) AS asked
    CROSS JOIN relation AS r ON r.workspace = :workspace AND r.source = asked.value ->> 0
      AND r.target = asked.value ->> 2 AND r.type = asked.value ->> 1"""


class SqliteRelations:
    """`graphstore.port.Relations`. Walks read in bulk, on a lane of their own."""

    def __init__(self, workspace: str, read: Read, walk: Read) -> None:
        self._workspace = workspace
        self._read = read
        self._walk = walk

    async def get(self, keys: Sequence[RelationKey]) -> Mapping[RelationKey, Edge]:
        """See `Relations.get`."""

        def work(db: sqlite3.Connection) -> Mapping[RelationKey, Edge]:
            return _edges(db, self._workspace, by_key(db, self._workspace, keys).values())

        return await self._read(work)

    async def of(
        self, ids: Sequence[ConceptId], direction: Direction, types: Sequence[str] | None, request: PageRequest
    ) -> Mapping[ConceptId, Page[Edge]]:
        """See `Relations.of`."""

        def work(db: sqlite3.Connection) -> Mapping[ConceptId, Page[Edge]]:
            def hydrated(rows: Sequence[Row]) -> Callable[[Row], Edge | None]:
                edges = _edges(db, self._workspace, map(relation, rows))
                return lambda row: edges.get(RelationKey(*row[:3]))

            owned, parameters = _ownerships(direction, types), self._asked(ids, types)
            pages = _OF_CONCEPTS.pages(db, owned, parameters, request, hydrated)
            return dict(zip(ids, pages, strict=True))

        return await self._read(work)

    async def count(
        self, ids: Sequence[ConceptId], direction: Direction, types: Sequence[str] | None
    ) -> Mapping[ConceptId, int]:
        """See `Relations.count`."""
        owned, parameters = _ownerships(direction, types), self._asked(ids, types)
        counts = await self._read(lambda db: _OF_CONCEPTS.counts(db, owned, parameters))
        return dict(zip(ids, counts, strict=True))

    async def neighbours(
        self, ids: Sequence[ConceptId], direction: Direction, types: Sequence[str] | None, request: PageRequest
    ) -> Mapping[ConceptId, Page[Concept]]:
        """See `Relations.neighbours`."""
        owned = dict(zip(_ends_over(direction), _ownerships(direction, types), strict=True))
        pages = await self._read(lambda db: neighbours(db, owned, self._asked(ids, types), request))
        return dict(zip(ids, pages, strict=True))

    async def count_neighbours(
        self, ids: Sequence[ConceptId], direction: Direction, types: Sequence[str] | None
    ) -> Mapping[ConceptId, int]:
        """See `Relations.count_neighbours`."""
        owned = dict(zip(_ends_over(direction), _ownerships(direction, types), strict=True))
        counts = await self._read(lambda db: neighbour_counts(db, owned, self._asked(ids, types)))
        return {id: counts.get(number, 0) for number, id in enumerate(ids)}

    async def links(self, ids: Sequence[ConceptId], types: Sequence[str] | None, limit: int) -> Sequence[Relation]:
        """See `Relations.links`."""
        sql = _OF_CONCEPTS.first_sql(_ownerships(Direction.BOTH, types))
        parameters = self._asked(ids, types) | {"limit": limited(limit)}
        return await self._walk(lambda db: [relation(row) for row in db.execute(sql, parameters)])

    async def types(self) -> Mapping[str, int]:
        """See `Relations.types`."""
        sql = "SELECT type, count FROM relation_type WHERE workspace = ?"
        return await self._read(lambda db: dict(db.execute(sql, (self._workspace,)).fetchall()))

    async def evidence(self, subjects: Sequence[Subject], request: PageRequest) -> Mapping[Subject, Page[Evidence]]:
        """See `Relations.evidence`."""
        return await self._read(lambda db: evidence.pages(db, self._workspace, subjects, request))

    async def count_evidence(self, subjects: Sequence[Subject]) -> Mapping[Subject, int]:
        """See `Relations.count_evidence`."""
        return await self._read(lambda db: evidence.counts(db, self._workspace, subjects))

    async def source_kinds(self, subjects: Sequence[Subject]) -> Mapping[Subject, frozenset[SourceKind]]:
        """See `Relations.source_kinds`."""
        return await self._read(lambda db: evidence.kinds(db, self._workspace, subjects))

    async def sources(self, ids: Sequence[str]) -> Mapping[str, Source]:
        """See `Relations.sources`."""
        return await self._read(lambda db: evidence.sources(db, self._workspace, ids))

    def _asked(self, ids: Sequence[ConceptId], types: Sequence[str] | None) -> Parameters:
        return {"workspace": self._workspace, "asked": as_json(ids), "types": as_json(types or ())}


def by_key(db: sqlite3.Connection, workspace: str, keys: Collection[RelationKey]) -> dict[RelationKey, Relation]:
    """Relations by identity."""
    rows = db.execute(_BY_KEY, {"workspace": workspace, "keys": as_json(map(tuple, keys))})
    return {found.key: found for found in map(relation, rows)}


def _edges(db: sqlite3.Connection, workspace: str, relations: Iterable[Relation]) -> dict[RelationKey, Edge]:
    """Relations with their ends; ones whose ends are yet to be loaded from an archive are left out."""
    relations = list(relations)
    ids = {end for r in relations for end in (r.key.source, r.key.target)}
    ends = by_id(db, workspace, list(ids), follow_merges=False)
    return {
        r.key: Edge(r, ends[r.key.source], ends[r.key.target])
        for r in relations
        if r.key.source in ends and r.key.target in ends
    }


def _ends_over(direction: Direction) -> tuple[str, ...]:
    """The columns that hold the other end."""
    return {Direction.OUT: ("target",), Direction.IN: ("source",), Direction.BOTH: ("target", "source")}[direction]


def _ownerships(direction: Direction, types: Sequence[str] | None) -> tuple[str, ...]:
    """Which relations are a concept's, for each of its ends that counts."""
    typed = "" if types is None else " AND relation.type IN (SELECT value FROM json_each(:types))"
    out = f"relation.workspace = :workspace AND relation.source = asked.value{typed}"
    into = f"relation.workspace = :workspace AND relation.target = asked.value{typed}"
    return {
        Direction.OUT: (out,),
        Direction.IN: (into,),
        Direction.BOTH: (out, f"{into} AND relation.source <> asked.value"),
    }[direction]
