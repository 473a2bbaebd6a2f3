"""Reading the concepts at the other ends of relations."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphstore.model import Concept, ConceptId, Direction, Page, PageRequest
from graphstore.neo4j.children import pages
from graphstore.neo4j.connection import Read
from graphstore.neo4j.cypher import relations as cypher
from graphstore.neo4j.whole import concept
from graphstore.rows.graph import Row


async def neighbours(
    read: Read, ids: Sequence[ConceptId], direction: Direction, types: Mapping[str, Any], request: PageRequest
) -> Mapping[ConceptId, Page[Concept]]:
    """A page of distinct concepts for each id, by strongest relation, then id. `types` is empty for all, else the
    parameter of that name."""
    statement = cypher.neighbours(direction, request, typed=bool(types))
    found, concepts = await read(statement, asked=ids, **types, **cypher.NEAREST.parameters(request))
    near = {each.id: each for each in concept.all(concepts)}

    def value(row: Row) -> Concept | None:
        return None if None in row else near.get(row[1])

    return pages(ids, found, request, lambda row: (row[0], row[1]), value)


async def neighbour_counts(
    read: Read, ids: Sequence[ConceptId], direction: Direction, types: Mapping[str, Any]
) -> Mapping[ConceptId, int]:
    """How many distinct concepts are at the other ends, for each id."""
    counts = await read(cypher.count_neighbours(direction, typed=bool(types)), asked=ids, **types)
    return dict(zip(ids, counts, strict=True))
