"""Statements that read explorations, their steps, members and events."""

from collections.abc import Mapping

from graphstore.model import ExplorationFilter, PageRequest, StepFilter
from graphstore.neo4j.cypher.children import Children
from graphstore.neo4j.paging import Order
from graphstore.rows.explorations import EVENT, EXPLORATION, MEMBER, STEP
from graphstore.rows.graph import listed

ORDER = Order(("e.created", "e.id"), (int, str), falling=True, fixed=("e.workspace",))

_EXPLORATION = """
    MATCH (e:Exploration) USING INDEX SEEK e:Exploration(workspace, created, id)
    WHERE e.workspace = $workspace AND e.id IS NOT NULL"""  # an index is used where all of its columns are spoken of

BY_ID = f"""
    UNWIND $ids AS id
    MATCH (e:Exploration {{workspace: $workspace, id: id}})
    RETURN collect([{listed(EXPLORATION, "e")}]) AS rows"""
STEPS_BY_ID = f"""
    UNWIND $ids AS id
    MATCH (s:Step {{workspace: $workspace, id: id}})
    RETURN collect([{listed(STEP, "s")}]) AS rows"""

_PENDING = """
      MATCH (s:Step) USING INDEX SEEK s:Step(workspace, exploration, kind, state, depth)
      WHERE s.workspace = $workspace AND s.exploration = $id AND s.kind = $kind AND s.state = 'PENDING'"""
FRONTIER = f"""
    WITH datetime.realtime() AS at
    WITH at.epochSeconds * 1000000 + at.microsecond AS now
    CALL () {{ {_PENDING} AND s.depth IS NOT NULL
      WITH s ORDER BY s.workspace, s.exploration, s.kind, s.state, s.depth LIMIT 1
      RETURN CASE $kind WHEN 'EXPAND' THEN max(s.depth) ELSE 2147483647 END AS deepest
    }}
    CALL (now, deepest) {{ {_PENDING} AND s.depth <= deepest AND coalesce(s.retry_at, 0) <= now
      WITH s ORDER BY s.depth, s.priority DESC, coalesce(s.concept, '') LIMIT $limit
      RETURN collect([{listed(STEP, "s")}]) AS ready
    }}
    CALL (now, deepest) {{ {_PENDING} AND s.depth <= deepest AND s.retry_at > now
      RETURN min(s.retry_at) AS first
    }}
    RETURN [ready, first - now] AS frontier"""

_EVENTS = """
      MATCH (v:Event) USING INDEX SEEK v:Event(workspace, exploration, seq)
      WHERE v.workspace = $workspace AND v.exploration = $id"""
_BY_NUMBER = "ORDER BY v.workspace, v.exploration, v.seq"
EVENTS = f"""
    CALL () {{ {_EVENTS} AND v.seq > $after
      WITH v {_BY_NUMBER} LIMIT $limit
      RETURN collect([{listed(EVENT, "v")}]) AS rows
    }}
    OPTIONAL MATCH (e:Exploration {{workspace: $workspace, id: $id}})
    RETURN CASE WHEN e IS NOT NULL THEN rows END AS rows"""
OLDEST_SEQ = f"""
    CALL () {{ {_EVENTS} AND v.seq IS NOT NULL
      WITH v {_BY_NUMBER} LIMIT 1
      RETURN min(v.seq) AS oldest
    }}
    OPTIONAL MATCH (e:Exploration {{workspace: $workspace, id: $id}})
    RETURN CASE WHEN e IS NOT NULL THEN coalesce(oldest, e.next_seq) END AS seq"""


def page(filter: ExplorationFilter, request: PageRequest) -> str:
    """`[rows, whether others lie before, behind]`; a row is the exploration and its place."""
    match = f"{_EXPLORATION}{_narrowed(filter)}"
    return f"""
    CALL () {{ {match}{ORDER.within(request)}
      WITH e {ORDER.chosen(request)}
      RETURN collect([{listed(EXPLORATION, "e")}, {listed(ORDER.columns)}]) AS rows
    }}
    RETURN [rows, {ORDER.outside(request, lambda beyond: f"EXISTS {{ {match} AND {beyond} }}")}] AS page"""


def count(filter: ExplorationFilter) -> str:
    """How many pass the filter."""
    return f"{_EXPLORATION} AND e.created IS NOT NULL{_narrowed(filter)} RETURN count(e) AS count"


def _narrowed(filter: ExplorationFilter) -> str:
    statuses = " AND e.status IN $statuses" if filter.statuses is not None else ""
    topic = " AND e.topic_key = $topic" if filter.topic is not None else ""
    return statuses + topic


MEMBERS = Children(
    "m:Member",
    "exploration",
    "m:Member(workspace, exploration, seq, concept)",
    MEMBER,
    Order(("m.seq", "m.concept"), (int, str), fixed=("m.workspace", "m.exploration")),
)
_STEP_INDEX = "s:Step(workspace, exploration, created, id)"
_STEP_ORDER = Order(("s.created", "s.id"), (int, str), fixed=("s.workspace", "s.exploration"))
_STEPS = Children("s:Step", "exploration", _STEP_INDEX, STEP, _STEP_ORDER)
_STEPS_IN_STATES = Children("s:Step", "exploration", _STEP_INDEX, STEP, _STEP_ORDER, " AND s.state IN $states")


def steps(filter: StepFilter) -> Children:
    """The steps that pass the filter."""
    return _STEPS if filter.states is None else _STEPS_IN_STATES


_FIRST, _NEXT = PageRequest(1), PageRequest(1, after=(0, ""))
_LAST = PageRequest(1, after=(0, ""), before=(1, ""), backward=True)
_NARROW = ExplorationFilter((), "")

READS: Mapping[str, str] = {
    "by id": BY_ID,
    "steps by id": STEPS_BY_ID,
    "frontier": FRONTIER,
    "events": EVENTS,
    "oldest seq": OLDEST_SEQ,
    "first page": page(ExplorationFilter(), _FIRST),
    "next page, narrowed": page(_NARROW, _NEXT),
    "last page": page(ExplorationFilter(), _LAST),
    "count": count(ExplorationFilter()),
    "count, narrowed": count(_NARROW),
    "members, first page": MEMBERS.pages(_FIRST),
    "members, next page": MEMBERS.pages(_NEXT),
    "members, last page": MEMBERS.pages(_LAST),
    "steps, first page": _STEPS.pages(_FIRST),
    "steps, next page": _STEPS.pages(_NEXT),
    "steps, last page, narrowed": _STEPS_IN_STATES.pages(_LAST),
}
