"""Statements that read out all there is of a kind, batch by batch."""

from collections.abc import Mapping

from graphstore.neo4j.paging import Order
from graphstore.rows.explorations import EVENT, EXPLORATION, IDEMPOTENT_RESULT, MEMBER, STEP
from graphstore.rows.graph import CONCEPT, EVIDENCE, RELATION, SOURCE, TOMBSTONE, listed
from graphstore.rows.images import IMAGE


def _batch(match: str, columns: str, order: Order) -> str:
    """The first `$limit` rows behind a place, each with its place; an index holds the order by its first column."""
    rest = "".join(f" AND {column} IS NOT NULL" for column in order.columns[1:])
    return f"""
    {match} AND {order.beyond("after")}{rest}
    WITH * ORDER BY {order.by()} LIMIT $limit
    RETURN collect([{columns}, {listed(order.columns)}]) AS rows"""


def _nodes(label: str, index: str, columns: tuple[str, ...], types: tuple[type[str | int], ...]) -> str:
    order = Order(tuple(f"n.{column}" for column in index.split(", ")), types, fixed=("n.workspace",))
    match = f"MATCH (n:{label}) USING INDEX SEEK n:{label}(workspace, {index}) WHERE n.workspace = $workspace"
    return _batch(match, listed(columns, "n"), order)


CONCEPTS = _batch(
    "MATCH (n:Entity) USING INDEX SEEK n:Entity(workspace, id) WHERE n.workspace = $workspace AND n:Concept",
    listed(CONCEPT, "n"),
    Order(("n.id",), (str,), fixed=("n.workspace",)),
)
MERGES = _nodes("Merge", "id", ("body",), (str,))
TOMBSTONES = _nodes("Tombstone", "mark", TOMBSTONE, (str,))
SOURCES = _nodes("Source", "id", SOURCE, (str,))
RELATIONS = _batch(
    "MATCH (n:Entity)-[r]->(m:Entity) USING INDEX SEEK n:Entity(workspace, id) WHERE n.workspace = $workspace",
    f"n.id, type(r), m.id, {listed(RELATION[3:], 'r')}",
    Order(("n.id", "m.id", "type(r)"), (str, str, str), fixed=("n.workspace",)),
)
EVIDENCES = _nodes("Evidence", "id", EVIDENCE, (str,))
_NEWEST_EVENT = """
      MATCH (v:Event) USING INDEX SEEK v:Event(workspace, exploration, step, seq)
      WHERE v.workspace = $workspace AND v.exploration = n.exploration AND v.step = step AND v.seq IS NOT NULL
      RETURN v.seq AS newest ORDER BY v.workspace DESC, v.exploration DESC, v.step DESC, v.seq DESC LIMIT 1"""
STEPS = f"""
    MATCH (n:Step) USING INDEX SEEK n:Step(workspace, id) WHERE n.workspace = $workspace AND n.id > $after0
    WITH n ORDER BY n.workspace, n.id LIMIT $limit
    OPTIONAL CALL (n) {{
      WITH n, n.id AS step {_NEWEST_EVENT}
    }}
    RETURN collect([{listed(STEP, "n")}, newest, n.id]) AS rows"""
MEMBERS = _nodes("Member", "exploration, concept", MEMBER, (str, str))
# What a step has made is known by the step: it was the exploration's one picture of that concept.
IMAGES = f"""
    MATCH (n:Image) USING INDEX SEEK n:Image(workspace, id) WHERE n.workspace = $workspace AND n.id > $after0
    WITH n ORDER BY n.workspace, n.id LIMIT $limit
    OPTIONAL CALL (n) {{
      MATCH (s:Step) USING INDEX SEEK s:Step(workspace, exploration, concept, kind)
      WHERE s.workspace = $workspace AND s.exploration = n.exploration AND s.concept = n.made_for AND s.kind = 'PICTURE'
      WITH n, s.id AS step {_NEWEST_EVENT}
    }}
    RETURN collect([{listed(IMAGE, "n")}, newest, n.id]) AS rows"""
EVENTS = _nodes("Event", "exploration, seq", EVENT, (str, int))
EXPLORATIONS = _nodes("Exploration", "id", EXPLORATION, (str,))
RESULTS = _nodes("IdempotentResult", "principal, mutation, key", IDEMPOTENT_RESULT, (str, str, str))

READS: Mapping[str, str] = {
    "concepts": CONCEPTS,
    "merges": MERGES,
    "tombstones": TOMBSTONES,
    "sources": SOURCES,
    "relations": RELATIONS,
    "evidence": EVIDENCES,
    "steps": STEPS,
    "members": MEMBERS,
    "events": EVENTS,
    "explorations": EXPLORATIONS,
    "results": RESULTS,
    "images": IMAGES,
}
