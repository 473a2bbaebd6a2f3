"""Reading concepts."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from graphstore.model import ConceptFilter, ConceptOrder, PageRequest, name_key
from graphstore.neo4j.paging import Order
from graphstore.rows.graph import CONCEPT, listed

COLUMNS = listed(CONCEPT, "c")

BY_ID = f"""
MATCH (c:Entity:Concept) WHERE c.workspace = $workspace AND c.id IN $ids
RETURN collect([{COLUMNS}]) AS rows"""

BY_MERGED_ID = f"""
UNWIND $ids AS id
MATCH (m:Merge {{workspace: $workspace, id: id}})
OPTIONAL MATCH (c:Entity:Concept {{workspace: $workspace, id: m.target}})
RETURN collect([m.id, m.target, CASE WHEN c IS NOT NULL THEN [{COLUMNS}] END]) AS rows"""

_BY_NAME = f"""
UNWIND range(0, size($keys) - 1) AS number
MATCH (c:Concept) WHERE c.workspace = $workspace AND c.key = $keys[number] AND c.id IS NOT NULL
RETURN [{COLUMNS}, number]"""
# A plan that was made while there was nothing would else take the index by concept, and read all look-ups for each key.
ALIAS_BY_KEY = "USING INDEX SEEK a:Alias(workspace, key, concept)"
_BY_ALIAS = f"""
UNWIND range(0, size($keys) - 1) AS number
MATCH (a:Alias) {ALIAS_BY_KEY}
WHERE a.workspace = $workspace AND a.key = $keys[number] AND a.concept IS NOT NULL
MATCH (c:Entity:Concept {{workspace: $workspace, id: a.concept}})
RETURN [{COLUMNS}, number]"""
NAMED = f"RETURN [COLLECT {{{_BY_NAME}}}, COLLECT {{{_BY_ALIAS}}}] AS found"

BY_EXTERNAL_ID = f"""
UNWIND range(0, size($keys) - 1) AS number
MATCH (x:ExternalId) USING INDEX SEEK x:ExternalId(workspace, scheme, value, concept)
WHERE x.workspace = $workspace
  AND x.scheme = $keys[number][0] AND x.value = $keys[number][1] AND x.concept IS NOT NULL
MATCH (c:Entity:Concept {{workspace: $workspace, id: x.concept}})
WITH c, number ORDER BY c.id DESC  // the oldest comes last and stays
RETURN collect([{COLUMNS}, number]) AS rows"""

# An index gives its order only to those who name all of its properties.
_FIXED = ("c.workspace",)
ORDERS: Mapping[ConceptOrder, Order] = {
    ConceptOrder.NAME: Order(("c.key", "c.id"), (str, str), fixed=_FIXED),
    ConceptOrder.NEWEST: Order(("c.created", "c.id"), (int, str), falling=True, fixed=_FIXED),
    ConceptOrder.OLDEST: Order(("c.created", "c.id"), (int, str), fixed=_FIXED),
    ConceptOrder.MOST_CONNECTED: Order(("c.lack_of_degree", "c.id"), (int, str), fixed=_FIXED),
    ConceptOrder.MOST_SUPPORTED: Order(("c.lack_of_support", "c.id"), (int, str), fixed=_FIXED),
}

COUNT_ALL = "OPTIONAL MATCH (w:Workspace {name: $workspace}) RETURN coalesce(w.concepts, 0) AS number"

_CONDITIONS = {
    "kinds": "c.kind IN $kinds",
    "domains": "c.domain IN $domains",
    "name_prefix": "c.key >= $name_prefix AND c.key < $behind_prefix",
    "min_confidence": "c.confidence >= $min_confidence",
}


def filtered(filter: ConceptFilter) -> str:
    """The conditions on concept `c`, each with its AND."""
    return "".join(f" AND {condition}" for name, condition in _CONDITIONS.items() if _is_given(filter, name))


def page(filter: ConceptFilter, order: ConceptOrder, request: PageRequest) -> str:
    """The rows of a page, each with its place in the order, and whether rows lie before and behind the range."""
    keyset = ORDERS[order]

    def rows(condition: str) -> str:
        row = f"[{COLUMNS}, {listed(keyset.columns)}]"
        return f"COLLECT {{ {_of_all(filter, order, condition)} RETURN {row} {keyset.chosen(request)} }}"

    def found(beyond: Iterable[str]) -> str:
        return " OR ".join(f"EXISTS {{ {_of_all(filter, order, f' AND {stretch}')} }}" for stretch in beyond)

    before = found(keyset.stretches("after", backward=True, inclusive=True)) if request.after is not None else "false"
    behind = found(keyset.stretches("before", inclusive=True)) if request.before is not None else "false"
    return f"""
RETURN [
  ({" + ".join(map(rows, _ranges(keyset, request)))})[..$limit],
  {before},
  {behind}
] AS page"""


def _ranges(keyset: Order, request: PageRequest) -> Sequence[str]:
    """The conditions, each with its AND, of the parts of the range asked for, from where the page begins."""
    places = [("after", request.after), ("before", request.before)]
    (first, begins), (other, ends) = reversed(places) if request.backward else places
    rest = f" AND {keyset.beyond(other, backward=not request.backward)}" if ends is not None else ""
    if begins is None:
        return [rest]
    return [f" AND {stretch}{rest}" for stretch in keyset.stretches(first, backward=request.backward)]


def count(filter: ConceptFilter) -> str:
    """How many concepts there are."""
    return f"{_of_all(filter, ConceptOrder.NAME)} RETURN count(*) AS number" if filter != ConceptFilter() else COUNT_ALL


_BOUNDED = re.compile(r" AND (c\.\w+) [<=>]")


def _of_all(filter: ConceptFilter, order: ConceptOrder, condition: str = "") -> str:
    """All concepts that pass the filter and meet the condition, by the index that holds the order; by that of names,
    where they are few.

    An index is used where all of its columns are spoken of. That one is not null is said only where nothing else is:
    given the choice, Neo4j may seek all that is not null and go through it, comparing texts in UTF-16, which is not the
    order of the index.
    """
    by_name = _is_given(filter, "name_prefix")
    columns = ORDERS[ConceptOrder.NAME if by_name else order].columns
    index = ", ".join(column.removeprefix("c.") for column in columns)
    conditions = f"{filtered(filter)}{condition}"
    bounded = _BOUNDED.findall(conditions)
    held = "".join(f" AND {column} IS NOT NULL" for column in columns if column not in bounded)
    return f"""MATCH (c:Concept) USING INDEX SEEK c:Concept(workspace, {index})
    WHERE c.workspace = $workspace{held}{conditions}"""


def _is_given(filter: ConceptFilter, name: str) -> bool:
    value = getattr(filter, name)
    return value is not None and (name != "name_prefix" or name_key(value) != "")  # all names begin with nothing


FILTERS = {"": ConceptFilter(), " filtered": ConceptFilter((), (), "a", 0.5), " by kind": ConceptFilter(kinds=())}
"""One of each shape that matters."""
REQUESTS = {
    f"{' backward' if backward else ''}{' after' if after else ''}{' before' if before else ''}": PageRequest(
        1, () if after else None, () if before else None, backward=backward
    )
    for backward, after, before in product((False, True), repeat=3)
}
"""Pages of every shape."""

READS: Mapping[str, str] = {
    "by id": BY_ID,
    "by merged id": BY_MERGED_ID,
    "named": NAMED,
    "by external id": BY_EXTERNAL_ID,
    **{f"count{name}": count(filter) for name, filter in FILTERS.items()},
    **{
        f"page by {order}{kind}{shape}": page(filter, order, request)
        for order, (kind, filter), (shape, request) in product(ConceptOrder, FILTERS.items(), REQUESTS.items())
    },
}
