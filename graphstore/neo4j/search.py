"""Full-text search over names, aliases and summaries, and concepts that may be the same one."""

from collections.abc import Mapping, Sequence

from graphstore.duplicates import likeliest, names_words, stem
from graphstore.hits import hit, sought, whole_key
from graphstore.model import Concept, ConceptFilter, ConceptId, Hit, Page, PageRequest
from graphstore.neo4j.connection import Read
from graphstore.neo4j.cypher import search as cypher
from graphstore.neo4j.rows import values_of
from graphstore.neo4j.whole import concept
from graphstore.paging import in_order, page
from graphstore.rows.graph import Row

_RANKED = 200
_CANDIDATES = 50


async def hits(
    read: Read, workspace: str, text: str, filter: ConceptFilter, request: PageRequest
) -> Page[Hit[Concept]]:
    """A page of the concepts that hold every word, best first."""
    parameters = cypher.ORDER.parameters(request)
    wanted = sought(text)
    if not wanted:
        return Page()
    match = cypher.all_of(wanted, workspace)
    statement = cypher.page(filter, request)
    rows, before, behind = await read(statement, match=match, key=whole_key(text), **parameters, **values_of(filter))

    def value(row: Row) -> Hit[Concept] | None:
        return hit(row, wanted) if concept.holds(row) else None

    return page(in_order(rows, request), request, cypher.ORDER.place, value, (before, behind))


async def count(read: Read, workspace: str, text: str, filter: ConceptFilter) -> int:
    """How many concepts hold every word."""
    wanted = sought(text)
    if not wanted:
        return 0
    return int(await read(cypher.count(filter), match=cypher.all_of(wanted, workspace), **values_of(filter)))


async def similar(
    read: Read, workspace: str, asked: Mapping[ConceptId, Concept], limit: int
) -> Mapping[ConceptId, Sequence[Concept]]:
    """For each concept others with names like its own, likeliest first."""
    named = {id: words for id, one in asked.items() if (words := names_words(one))}
    matches = [cypher.any_of({word: stem(word) for word in words}, workspace) for words in named.values()]
    ids = [asked[id].id for id in named]
    rows = await read(cypher.SIMILAR, ids=ids, matches=matches, ranked=_RANKED, candidates=_CANDIDATES)
    found = dict(zip(named, rows, strict=True))
    return {id: likeliest(one, concept.all(found.get(id, ())), limit) for id, one in asked.items()}
