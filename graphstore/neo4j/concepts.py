"""Reading concepts."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphstore.model import (
    Concept,
    ConceptFilter,
    ConceptId,
    ConceptOrder,
    Hit,
    Page,
    PageRequest,
)
from graphstore.neo4j import search
from graphstore.neo4j.connection import Connection, Read, storable
from graphstore.neo4j.cypher import concepts as cypher
from graphstore.neo4j.rows import values_of
from graphstore.neo4j.whole import concept
from graphstore.paging import in_order, page
from graphstore.senses import senses


class Neo4jConcepts:
    """`graphstore.port.Concepts`."""

    def __init__(self, workspace: str, connection: Connection) -> None:
        self._workspace = workspace
        self._connection = connection

    async def get(self, ids: Sequence[ConceptId], *, follow_merges: bool = True) -> Mapping[ConceptId, Concept]:
        """See `Concepts.get`."""
        return await by_id(self._read, ids, follow_merges=follow_merges)

    async def named(self, keys: Sequence[str]) -> Mapping[str, Sequence[Concept]]:
        """See `Concepts.named`."""
        return senses(keys, *map(concept.rows, await self._read(cypher.NAMED, keys=keys)))

    async def by_external_id(self, ids: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Concept]:
        """See `Concepts.by_external_id`."""
        return await by_external_id(self._read, ids)

    async def page(self, filter: ConceptFilter, order: ConceptOrder, request: PageRequest) -> Page[Concept]:
        """See `Concepts.page`."""
        keyset = cypher.ORDERS[order]
        parameters = keyset.parameters(request)
        statement = cypher.page(filter, order, request)
        rows, before, behind = await self._read(statement, **parameters, **values_of(filter))
        return page(in_order(rows, request), request, keyset.place, concept, (before, behind))

    async def count(self, filter: ConceptFilter) -> int:
        """See `Concepts.count`."""
        return int(await self._read(cypher.count(filter), **values_of(filter)))

    async def search(self, text: str, filter: ConceptFilter, request: PageRequest) -> Page[Hit[Concept]]:
        """See `Concepts.search`."""
        return await search.hits(self._read, self._workspace, text, filter, request)

    async def count_hits(self, text: str, filter: ConceptFilter) -> int:
        """See `Concepts.count_hits`."""
        return await search.count(self._read, self._workspace, text, filter)

    async def similar(self, ids: Sequence[ConceptId], limit: int) -> Mapping[ConceptId, Sequence[Concept]]:
        """See `Concepts.similar`."""
        asked = await by_id(self._read, ids, follow_merges=True)
        return await search.similar(self._read, self._workspace, asked, limit)

    async def _read(self, statement: str, **parameters: Any) -> Any:
        return await self._connection.read(statement, {"workspace": self._workspace, **parameters})


async def by_id(read: Read, ids: Sequence[ConceptId], *, follow_merges: bool) -> dict[ConceptId, Concept]:
    """Concepts by the id asked for."""
    asked = storable(list(dict.fromkeys(ids)))
    found = {each.id: each for each in concept.all(await read(cypher.BY_ID, ids=asked))}
    missing = [id for id in asked if id is not None and id not in found]
    if follow_merges and missing:
        found |= await _by_merged_id(read, missing)
    return found


async def by_external_id(read: Read, ids: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Concept]:
    """Concepts by (scheme, value)."""
    rows = await read(cypher.BY_EXTERNAL_ID, keys=storable(list(ids)))
    return {ids[row[-1]]: each for row in rows if (each := concept(row)) is not None}


async def _by_merged_id(read: Read, ids: Sequence[ConceptId]) -> dict[ConceptId, Concept]:
    """Concepts at the ends of the merges that begin at these ids: a round trip for each link of the longest chain."""
    onward: dict[ConceptId, ConceptId] = {}
    found: dict[ConceptId, Concept] = {}
    links = list(ids)
    while links:
        rows = [row for row in await read(cypher.BY_MERGED_ID, ids=links) if None not in row[:2]]
        onward |= {id: target for id, target, _ in rows}
        found |= {target: each for _, target, row in rows if row and (each := concept(row)) is not None}
        links = [target for _, target, row in rows if row is None and target not in onward]
    return {id: found[home] for id in ids if (home := end_of(onward, id)) in found}


def end_of(onward: Mapping[ConceptId, ConceptId], id: ConceptId) -> ConceptId:
    """Where a chain of merges leads."""
    seen = {id}
    while (target := onward.get(id)) is not None and target not in seen:
        seen.add(id := target)
    return id
