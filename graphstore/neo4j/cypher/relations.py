"""Statements that read relations and the concepts at their ends."""

from collections.abc import Mapping
from itertools import product

from graphstore.model import Direction, PageRequest
from graphstore.neo4j.paging import Order
from graphstore.rows.graph import CONCEPT, RELATION, listed

ORDER = Order(("doubt", "dearth", "type", "source", "target"), (float, int, str, str, str))
NEAREST = Order(("doubt", "id"), (float, str))

_ASKED = """
UNWIND $asked AS own
OPTIONAL MATCH (asked:Entity {workspace: $workspace, id: own})"""
_PATTERNS = {
    Direction.OUT: "(asked)-[r]->(end)",
    Direction.IN: "(asked)<-[r]-(end)",
    Direction.BOTH: "(asked)-[r]-(end)",
}
# Of a hub only the far end's id is read, thousands of times: the near one's is known.
_ENDS = {
    Direction.OUT: "own AS source, end.id AS target",
    Direction.IN: "end.id AS source, own AS target",
    Direction.BOTH: """CASE startNode(r) WHEN asked THEN own ELSE end.id END AS source,
    CASE endNode(r) WHEN asked THEN own ELSE end.id END AS target""",
}
_WORTH = listed(RELATION[3:], "r")
_ROW = f"[source, type, target, {_WORTH}, doubt, dearth]"

# Each concept once, however many relations end there.
_HYDRATED = f"""
CALL (ends) {{
  UNWIND ends AS some
  UNWIND some AS c
  WITH DISTINCT c WHERE c:Concept
  RETURN collect([{listed(CONCEPT, "c")}]) AS concepts
}}"""

# Both ends are sought before what lies between them: either may have a hundred thousand relations. A plan that was made
# while there were none would else look through all there are.
BY_KEY = f"""
UNWIND $keys AS key
CALL (key) {{ MATCH (a:Entity {{workspace: $workspace, id: key[0]}}) RETURN a }}
MATCH (a)-[r]->(b:Entity {{workspace: $workspace, id: key[2]}})
  USING INDEX SEEK b:Entity(workspace, id)
  WHERE type(r) = key[1]
WITH collect([key[0], key[1], key[2], {_WORTH}]) AS rows, collect([a, b]) AS ends{_HYDRATED}
RETURN [rows, concepts] AS found"""

TYPES = """
MATCH (t:RelationType) WHERE t.workspace = $workspace AND t.type IS NOT NULL
RETURN collect([t.type, t.count]) AS rows"""


def pages(direction: Direction, request: PageRequest, *, typed: bool) -> str:
    """`[pages, concepts]`: for each of `$asked`, in that order, `[rows, whether others lie before, behind]`, and the
    concepts at all ends. Where rows may lie outside the range, the first such relation found is enough."""
    placed = f"""
  MATCH {_matched(direction, typed=typed)}
  WITH asked, r, end, r.doubt AS doubt, r.dearth AS dearth, type(r) AS type, {_ENDS[direction]}"""
    outside = ORDER.outside(request, lambda beyond: f"EXISTS {{ {placed} WHERE {beyond} }}")
    return f"""{_ASKED}
CALL (asked, own) {{{placed}
  WHERE true{ORDER.within(request)}
  ORDER BY {ORDER.by(backward=request.backward)} LIMIT $limit
  RETURN collect({_ROW}) AS rows, collect(DISTINCT asked) + collect(end) AS ends
}}
WITH [rows, {outside}] AS page, ends
WITH collect(page) AS pages, collect(ends) AS ends{_HYDRATED}
RETURN [pages, concepts] AS found"""


def count(direction: Direction, *, typed: bool) -> str:
    """The number of relations of each of `$asked`, in that order."""
    return f"{_ASKED} RETURN collect(COUNT {{ {_matched(direction, typed=typed)} }}) AS counts"


def neighbours(direction: Direction, request: PageRequest, *, typed: bool) -> str:
    """`[pages, concepts]`: for each of `$asked`, in that order, `[rows, whether others lie before, behind]`, and the
    concepts at the other ends; a row is the place of one of them. Relations are gone through once."""
    near = "UNWIND near AS one WITH one[0] AS doubt, one[1] AS id, one[2] AS end"
    outside = NEAREST.outside(request, lambda beyond: f"EXISTS {{ {near} WHERE {beyond} }}")
    return f"""{_ASKED}
CALL (asked) {{
  MATCH {_matched(direction, typed=typed)}
  WITH end, min(r.doubt) AS doubt
  WITH collect([doubt, end.id, end]) AS near
  RETURN near
}}
CALL (near) {{
  {near} WHERE true{NEAREST.within(request)}
  ORDER BY {NEAREST.by(backward=request.backward)} LIMIT $limit
  RETURN collect([doubt, id]) AS rows, collect(end) AS ends
}}
WITH [rows, {outside}] AS page, ends
WITH collect(page) AS pages, collect(ends) AS ends{_HYDRATED}
RETURN [pages, concepts] AS found"""


def count_neighbours(direction: Direction, *, typed: bool) -> str:
    """The number of distinct concepts at the other ends, for each of `$asked`, in that order."""
    return f"""{_ASKED}
CALL (asked) {{
  MATCH {_matched(direction, typed=typed)}
  RETURN count(DISTINCT end) AS number
}}
RETURN collect(number) AS counts"""


def links(*, typed: bool) -> str:
    """Each relation, once, that is among the first `$limit` of any of `$asked`."""
    return f"""{_ASKED}
CALL (asked, own) {{
  MATCH {_matched(Direction.BOTH, typed=typed)}
  WITH asked, r, r.doubt AS doubt, r.dearth AS dearth, type(r) AS type, {_ENDS[Direction.BOTH]}
  ORDER BY {ORDER.by()} LIMIT $limit
  RETURN r, type, source, target
}}
WITH DISTINCT r, type, source, target
RETURN collect([source, type, target, {_WORTH}]) AS rows"""


def _matched(direction: Direction, *, typed: bool) -> str:
    return f"{_PATTERNS[direction]}{' WHERE type(r) IN $types' if typed else ''}"


_REQUESTS = {
    "first": PageRequest(1),
    "next": PageRequest(1, after=()),
    "last": PageRequest(1, after=(), before=(), backward=True),
}
_TYPED = {"": False, ", typed": True}

READS: Mapping[str, str] = {
    "by key": BY_KEY,
    "types": TYPES,
    **{f"links{name}": links(typed=typed) for name, typed in _TYPED.items()},
    **{
        f"{reads.__name__} {direction}{name}": reads(direction, typed=typed)
        for reads, direction, (name, typed) in product((count, count_neighbours), Direction, _TYPED.items())
    },
    **{
        f"{reads.__name__} {direction} {shape}{name}": reads(direction, request, typed=typed)
        for reads, direction, (shape, request), (name, typed) in product(
            (pages, neighbours), Direction, _REQUESTS.items(), _TYPED.items()
        )
    },
}
