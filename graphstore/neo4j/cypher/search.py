"""Full-text search. The index holds the words of each text, so that what is looked for is words and nothing else."""

from collections.abc import Mapping, Sequence
from itertools import product

from graphstore.hits import PLACE, PLACE_TYPES
from graphstore.model import ConceptFilter, PageRequest
from graphstore.neo4j.cypher.concepts import ALIAS_BY_KEY, COLUMNS, FILTERS, REQUESTS, filtered
from graphstore.neo4j.paging import Order

ORDER = Order(PLACE, PLACE_TYPES)

_FOUND = """CALL db.index.fulltext.queryNodes('concept_text', $match) YIELD node AS c, score
    WHERE c.workspace = $workspace"""
_PLACED = """
    WITH c, c.id AS id, -score AS rank, CASE WHEN c.key = $key THEN 0 WHEN c.id IN called THEN 1 ELSE 2 END AS place"""
_CALLED = f"""
OPTIONAL MATCH (a:Alias) {ALIAS_BY_KEY} WHERE a.workspace = $workspace AND a.key = $key AND a.concept IS NOT NULL
WITH collect(a.concept) AS called"""

SIMILAR = f"""
UNWIND range(0, size($matches) - 1) AS number
CALL (number) {{
  CALL db.index.fulltext.queryNodes('concept_text', $matches[number], {{limit: $ranked}}) YIELD node AS c, score
  WHERE c.workspace = $workspace AND c.id <> $ids[number]
  WITH c ORDER BY score DESC, c.id LIMIT $candidates
  RETURN collect([{COLUMNS}]) AS found
}}
RETURN collect(found) AS rows"""


def page(filter: ConceptFilter, request: PageRequest) -> str:
    """The rows of a page, each with its place in the order, and whether rows lie before and behind the range."""
    hits = f"{_FOUND}{filtered(filter)}{_PLACED} WHERE true"
    return f"""{_CALLED}
RETURN [
  COLLECT {{
    {hits}{ORDER.within(request)}
    RETURN [{COLUMNS}, {", ".join(PLACE)}] {ORDER.chosen(request)} }},
  {ORDER.outside(request, lambda beyond: f"EXISTS {{ {hits} AND {beyond} RETURN c }}")}
] AS page"""


def count(filter: ConceptFilter) -> str:
    """How many concepts are found."""
    return f"{_FOUND}{filtered(filter)} RETURN count(*) AS number"


def all_of(words: Sequence[str], workspace: str) -> str:
    """The Lucene query for concepts of the workspace that hold every word, whole or as the beginning of one."""
    return " ".join((_of_workspace(workspace), *(f"+({_anywhere(_within_token(word))})" for word in words)))


def any_of(names: Mapping[str, str], workspace: str) -> str:
    """The Lucene query for concepts with names like these words, given with their stems."""
    likely = (_like(_within_token(w), _within_token(s), number) for number, (w, s) in enumerate(names.items()))
    return f"{_of_workspace(workspace)} +({' '.join(likely)})"


_WEIGHTS = {"name_words": 10, "alias_words": 5, "summary_words": 1}
_NAMES = ("name_words", "alias_words")
_MISSPELT = 6
"""Words that are looked for with one letter changed too: each becomes up to 50 terms in each field, and Lucene takes
1,024 in all."""
_SHORT = 2
"""Characters of a word of which each is needed."""
_TOKEN = 255
"""Characters of a token in the index; a longer word becomes several."""


def _anywhere(word: str) -> str:
    """A whole word ranks by how rare it is, the beginning of one by its field alone."""
    return " ".join(f"{field}:{word}^{weight} {field}:{word}*^{weight}" for field, weight in _WEIGHTS.items())


def _like(word: str, stem: str, number: int) -> str:
    """Whole words and words of almost the same spelling rank above all that only begin in the same way."""
    misspelt = (f"{word}~1^2",) if number < _MISSPELT and len(word) > _SHORT else ()
    return " ".join(f"{field}:{way}" for field in _NAMES for way in (f"{word}^4", *misspelt, f"{stem}*"))


def _of_workspace(workspace: str) -> str:
    """The workspace decides and does not rank. Cypher compares it again, exactly."""
    text = workspace.encode("utf-8", "replace").decode()  # else the whole query could not be sent
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'+workspace:"{escaped}"^0'


def _within_token(word: str) -> str:
    return word[:_TOKEN]


READS: Mapping[str, str] = {
    "similar": SIMILAR,
    **{f"count hits{name}": count(filter) for name, filter in FILTERS.items()},
    **{
        f"search{kind}{shape}": page(filter, request)
        for (kind, filter), (shape, request) in product(FILTERS.items(), REQUESTS.items())
    },
}
