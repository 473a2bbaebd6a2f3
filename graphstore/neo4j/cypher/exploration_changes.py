"""Statements in transactions on explorations and what belongs to them."""

from collections.abc import Mapping

from graphstore.neo4j.cypher.upsert import upsert
from graphstore.rows.explorations import EVENT, EXPLORATION, IDEMPOTENT_RESULT, MEMBER, STEP
from graphstore.rows.graph import listed

# Whoever sets a property waits until no other transaction holds the node: what is read after that stays as it is. One
# that was deleted meanwhile has no properties then.
LOCK = f"""
    UNWIND $keys AS id
    MATCH (e:Exploration {{workspace: $workspace, id: id}})
    SET e.lock = true
    WITH e WHERE e.status IS NOT NULL
    RETURN collect([{listed(EXPLORATION, "e")}]) AS rows"""

PUT_EXPLORATION = upsert("Exploration", (*EXPLORATION, "topic_key"), ("id",))
PUT_STEPS = upsert("Step", STEP, ("id",))
PUT_MEMBERS = upsert("Member", MEMBER, ("exploration", "concept"))
PUT_EVENTS = upsert("Event", EVENT, ("exploration", "seq"))
PUT_RESULT = upsert("IdempotentResult", IDEMPOTENT_RESULT, ("principal", "mutation", "key"))

_STEPS_IN = """MATCH (s:Step) USING INDEX SEEK s:Step(workspace, exploration, state, depth)
      WHERE s.workspace = $workspace AND s.exploration = id AND s.depth IS NOT NULL AND s.state ="""
COUNTED = f"""
    UNWIND $keys AS id
    MATCH (e:Exploration {{workspace: $workspace, id: id}})
    CALL (id) {{
      MATCH (m:Member) USING INDEX SEEK m:Member(workspace, exploration, concept)
      WHERE m.workspace = $workspace AND m.exploration = id AND m.concept IS NOT NULL RETURN count(m) AS found }}
    CALL (id) {{ {_STEPS_IN} 'DONE' RETURN count(s) AS done }}
    CALL (id) {{ {_STEPS_IN} 'PENDING' RETURN count(s) AS pending }}
    CALL (id) {{ {_STEPS_IN} 'FAILED' RETURN count(s) AS failed }}
    CALL (id) {{
      MATCH (v:Event) USING INDEX SEEK v:Event(workspace, exploration, seq)
      WHERE v.workspace = $workspace AND v.exploration = id AND v.seq IS NOT NULL
      WITH v ORDER BY v.workspace DESC, v.exploration DESC, v.seq DESC LIMIT 1
      RETURN coalesce(max(v.seq), 0) AS newest }}
    RETURN collect([id, found, done, pending, failed, newest]) AS rows"""

DELETE_STEPS_OF = """
    MATCH (s:Step) USING INDEX SEEK s:Step(workspace, exploration, created, id)
    WHERE s.workspace = $workspace AND s.exploration IN $rows AND s.created IS NOT NULL AND s.id IS NOT NULL
    DELETE s"""
DELETE_MEMBERS_OF = """
    MATCH (m:Member) USING INDEX SEEK m:Member(workspace, exploration, concept)
    WHERE m.workspace = $workspace AND m.exploration IN $rows AND m.concept IS NOT NULL
    DELETE m"""
DELETE_EVENTS_OF = """
    MATCH (v:Event) USING INDEX SEEK v:Event(workspace, exploration, seq)
    WHERE v.workspace = $workspace AND v.exploration IN $rows AND v.seq IS NOT NULL
    DELETE v"""
DELETE_EXPLORATION = """
    MATCH (e:Exploration) WHERE e.workspace = $workspace AND e.id IN $rows
    DELETE e"""

STEPS_OF = f"""
    UNWIND $keys AS concept
    MATCH (s:Step) USING INDEX SEEK s:Step(workspace, exploration, concept, kind)
    WHERE s.workspace = $workspace AND s.exploration = $exploration AND s.concept = concept AND s.kind IS NOT NULL
    RETURN collect([{listed(STEP, "s")}]) AS rows"""
PENDING_ON = f"""
    UNWIND $keys AS concept
    MATCH (s:Step {{workspace: $workspace, concept: concept}}) WHERE s.state = 'PENDING'
    RETURN collect([{listed(STEP, "s")}]) AS rows"""
FAILED = f"""
    MATCH (s:Step) USING INDEX SEEK s:Step(workspace, exploration, state, depth)
    WHERE s.workspace = $workspace AND s.exploration = $exploration AND s.state = 'FAILED' AND s.depth IS NOT NULL
    WITH s ORDER BY s.created, s.id
    RETURN collect([{listed(STEP, "s")}]) AS rows"""
DELETE_STEPS = """
    UNWIND $rows AS id
    MATCH (s:Step {workspace: $workspace, id: id})
    DELETE s"""

MEMBERS = f"""
    UNWIND $keys AS concept
    MATCH (m:Member {{workspace: $workspace, exploration: $exploration, concept: concept}})
    RETURN collect([{listed(MEMBER, "m")}]) AS rows"""
UNEXPANDED = f"""
    MATCH (m:Member) USING INDEX SEEK m:Member(workspace, exploration, seq, concept)
    WHERE m.workspace = $workspace AND m.exploration = $exploration AND m.seq IS NOT NULL AND m.concept IS NOT NULL
      AND m.depth < $below
      AND NOT EXISTS {{
        MATCH (s:Step) USING INDEX SEEK s:Step(workspace, exploration, concept, kind)
        WHERE s.workspace = $workspace AND s.exploration = $exploration AND s.concept = m.concept
          AND s.kind = 'EXPAND' }}
    WITH m ORDER BY m.workspace, m.exploration, m.seq, m.concept
    RETURN collect([{listed(MEMBER, "m")}]) AS rows"""
MEMBERSHIPS = f"""
    UNWIND $keys AS concept
    MATCH (m:Member {{workspace: $workspace, concept: concept}})
    WITH m ORDER BY m.exploration, m.concept
    RETURN collect([{listed(MEMBER, "m")}]) AS rows"""
DELETE_MEMBERS = """
    UNWIND $rows AS row
    MATCH (m:Member {workspace: $workspace, exploration: row[0], concept: row[1]})
    DELETE m"""

EVENTS_OF_STEP = f"""
    MATCH (v:Event) USING INDEX SEEK v:Event(workspace, exploration, step, seq)
    WHERE v.workspace = $workspace AND v.exploration = $exploration AND v.step = $step AND v.seq IS NOT NULL
      AND v.kind IN ['GRAPH_GREW', 'IMAGE_READY']
    WITH v ORDER BY v.workspace, v.exploration, v.step, v.seq
    RETURN collect([{listed(EVENT, "v")}]) AS rows"""

RESULT = f"""
    MATCH (r:IdempotentResult {{workspace: $workspace, principal: $principal, mutation: $mutation, key: $key}})
    WHERE r.created > $since
    RETURN collect([{listed(IDEMPOTENT_RESULT, "r")}]) AS rows"""

READS: Mapping[str, str] = {
    "lock": LOCK,
    "counted": COUNTED,
    "steps of": STEPS_OF,
    "pending on": PENDING_ON,
    "failed": FAILED,
    "members": MEMBERS,
    "unexpanded": UNEXPANDED,
    "memberships": MEMBERSHIPS,
    "events of step": EVENTS_OF_STEP,
    "result": RESULT,
}

WRITES: Mapping[str, str] = {
    "put exploration": PUT_EXPLORATION,
    "put steps": PUT_STEPS,
    "put members": PUT_MEMBERS,
    "put events": PUT_EVENTS,
    "put result": PUT_RESULT,
    "delete steps of": DELETE_STEPS_OF,
    "delete members of": DELETE_MEMBERS_OF,
    "delete events of": DELETE_EVENTS_OF,
    "delete exploration": DELETE_EXPLORATION,
    "delete steps": DELETE_STEPS,
    "delete members": DELETE_MEMBERS,
}
