"""Statements on the database as a whole."""

from collections.abc import Mapping

NOW = "WITH datetime.realtime() AS now RETURN now.epochSeconds * 1000000 + now.microsecond AS now"

SCHEMA_VERSION = """
    OPTIONAL MATCH (m:Migration) WITH m ORDER BY m.version DESC LIMIT 1
    RETURN [coalesce(m.version, 0), m.serves] AS version"""
NOTE_MIGRATION = """
    MERGE (m:Migration {version: $version})
    ON CREATE SET m.at = datetime.realtime(), m.serves = $serves"""
UNREADY_INDEXES = """
    SHOW INDEXES YIELD name, state WHERE state <> 'ONLINE'
    RETURN [count(CASE state WHEN 'POPULATING' THEN 1 END), collect(CASE state WHEN 'FAILED' THEN name END)] AS found"""

COUNTS = """
    CALL () { MATCH (c:Concept) RETURN count(c) AS concepts }
    CALL () { MATCH ()-[r]->() RETURN count(r) AS relations }
    CALL () { MATCH (e:Exploration) RETURN count(e) AS explorations }
    RETURN [concepts, relations, explorations] AS counts"""
UNOWNED = """
    WITH datetime.realtime() AS at
    WITH at.epochSeconds * 1000000 + at.microsecond AS now
    MATCH (e:Exploration) USING INDEX SEEK e:Exploration(status)
    WHERE e.status IN ['QUEUED', 'RUNNING'] AND coalesce(e.lease_until, 0) <= now
    WITH e ORDER BY e.created, e.id LIMIT $limit
    RETURN collect([e.workspace, e.id]) AS refs"""
# Of a job that somebody holds all images are held that are still to be made.
UNOWNED_IMAGES = """
    WITH datetime.realtime() AS at
    WITH at.epochSeconds * 1000000 + at.microsecond AS now
    MATCH (i:Image) USING INDEX SEEK i:Image(status) WHERE i.status IN ['QUEUED', 'GENERATING']
    WITH now, i.workspace AS workspace, i.job AS job, min(i.created) AS asked, max(coalesce(i.lease_until, 0)) AS until
    WHERE until <= now
    WITH workspace, job, asked ORDER BY asked, workspace, job LIMIT $limit
    RETURN collect([workspace, job]) AS refs"""
WAITING = """
    WITH datetime.realtime() AS at
    WITH at.epochSeconds * 1000000 + at.microsecond AS now
    CALL (now) {
      MATCH (e:Exploration) USING INDEX SEEK e:Exploration(status)
      WHERE e.status IN ['QUEUED', 'RUNNING'] AND coalesce(e.lease_until, 0) <= now
      RETURN count(e) AS explorations
    }
    CALL (now) {
      MATCH (e:Exploration) USING INDEX SEEK e:Exploration(status)
      WHERE e.status IN ['QUEUED', 'RUNNING'] AND coalesce(e.lease_until, 0) <= now
      WITH e ORDER BY e.created LIMIT 1000
      OPTIONAL MATCH (v:Event {workspace: e.workspace, exploration: e.id, seq: e.next_seq - 1})
      UNWIND [e.created, coalesce(e.lease_until, 0), coalesce(v.at, 0)] AS begun
      WITH e, max(begun) AS since
      RETURN min(since) AS first_exploration
    }
    CALL (now) {
      MATCH (i:Image) USING INDEX SEEK i:Image(status) WHERE i.status IN ['QUEUED', 'GENERATING']
      WITH now, i.workspace AS workspace, i.job AS job, min(i.created) AS asked, max(coalesce(i.lease_until, 0)) AS held
      WHERE held <= now
      RETURN count(job) AS jobs, min(CASE WHEN held > asked THEN held ELSE asked END) AS first_job
    }
    RETURN [explorations, first_exploration, jobs, first_job, now] AS found"""
NEWEST_SEQS = """
    UNWIND $refs AS ref
    MATCH (e:Exploration {workspace: ref[0], id: ref[1]})
    RETURN collect([e.workspace, e.id, e.next_seq - 1]) AS rows"""
# Whoever changes or loads a graph leaves a node for its workspace, also where all of it was deleted since; who has only
# started explorations has none yet.
WORKSPACES = """
    CALL () {
      MATCH (w:Workspace) RETURN w.name AS name
      UNION
      MATCH (e:Exploration) RETURN DISTINCT e.workspace AS name
    }
    WITH name WHERE
      EXISTS { MATCH (c:Concept) WHERE c.workspace = name AND c.created IS NOT NULL AND c.id IS NOT NULL }
      OR EXISTS { MATCH (s:Source) WHERE s.workspace = name AND s.id IS NOT NULL }
      OR EXISTS { MATCH (t:Tombstone) WHERE t.workspace = name AND t.mark IS NOT NULL }
      OR EXISTS { MATCH (s:Step) WHERE s.workspace = name AND s.id IS NOT NULL }
      OR EXISTS { MATCH (v:Event)
        WHERE v.workspace = name AND v.exploration IS NOT NULL AND v.seq IS NOT NULL }
      OR EXISTS { MATCH (e:Exploration) WHERE e.workspace = name AND e.id IS NOT NULL }
    RETURN collect(name) AS names"""

TRIM_EVENTS = """
    MATCH (e:Exploration) USING INDEX SEEK e:Exploration(finished) WHERE e.finished < $before
    MATCH (v:Event) USING INDEX SEEK v:Event(workspace, exploration, seq)
    WHERE v.workspace = e.workspace AND v.exploration = e.id AND v.seq IS NOT NULL
    WITH v LIMIT $limit
    DELETE v
    RETURN count(*) AS count"""
TRIM_RESULTS = """
    MATCH (r:IdempotentResult) USING INDEX SEEK r:IdempotentResult(created) WHERE r.created <= $before
    WITH r LIMIT $limit
    DELETE r
    RETURN count(*) AS count"""

_BROKEN_INDEXES = """
    SHOW INDEXES YIELD name, state WHERE state <> 'ONLINE'
    RETURN [count(*), min(name)] AS found"""
_WRONG_DEGREES = """
    MATCH (c:Concept) WITH c, COUNT { (c)--() } AS degree
    WHERE NOT coalesce(c.degree = degree AND c.lack_of_degree = -degree, false)
    RETURN [count(c), min(c.id)] AS found"""
_WRONG_SUPPORT = """
    MATCH (c:Concept) WHERE NOT coalesce(c.lack_of_support = -c.support, false)
    RETURN [count(c), min(c.id)] AS found"""
_WRONG_NUMBERS_OF_CONCEPTS = """
    CALL () {
      MATCH (c:Concept) RETURN c.workspace AS workspace, count(c) AS number
      UNION ALL
      MATCH (w:Workspace) RETURN w.name AS workspace, -coalesce(w.concepts, 0) AS number
    }
    WITH workspace, sum(number) AS difference WHERE difference <> 0
    RETURN [count(*), min(workspace)] AS found"""
_WRONG_NUMBERS_OF_TYPES = """
    CALL () {
      MATCH (a:Entity)-[r]->() RETURN a.workspace AS workspace, type(r) AS type, count(r) AS number
      UNION ALL
      MATCH (t:RelationType) RETURN t.workspace AS workspace, t.type AS type, -t.count AS number
    }
    WITH workspace, type, sum(number) AS difference WHERE difference <> 0
    RETURN [count(*), min(type)] AS found"""
_LOOSE_RELATIONS = """
    MATCH (a:Entity)-[r]->(b:Entity) WHERE NOT a:Concept OR NOT b:Concept OR a.workspace <> b.workspace
    RETURN [count(r), min(a.id + ' ' + type(r) + ' ' + b.id)] AS found"""
_BARE_ENTITIES = """
    MATCH (e:Entity) WHERE NOT e:Concept AND NOT EXISTS { (e)--() }
    RETURN [count(e), min(e.id)] AS found"""
_UNPROVEN_RELATIONS = """
    MATCH (a:Entity)-[r]->(b:Entity) WHERE NOT EXISTS {
      MATCH (v:Evidence)
      USING INDEX SEEK v:Evidence(workspace, subject_source, subject_target, subject_type, doubt, id)
      WHERE v.workspace = a.workspace AND v.subject_source = a.id AND v.subject_target = b.id
        AND v.subject_type = type(r) AND v.doubt IS NOT NULL AND v.id IS NOT NULL }
    RETURN [count(r), min(a.id + ' ' + type(r) + ' ' + b.id)] AS found"""
_EVIDENCE_OF_NOTHING = """
    MATCH (v:Evidence)
    OPTIONAL MATCH (a:Entity {workspace: v.workspace, id: v.subject_source})
    OPTIONAL MATCH (b:Entity {workspace: v.workspace, id: v.subject_target})
    WITH v, CASE
      WHEN v.subject_type = '' OR v.subject_source = v.subject_target THEN coalesce(a:Concept, false)
      ELSE EXISTS { (a)-[r]->(b) WHERE type(r) = v.subject_type }
    END AS fits
    WHERE NOT fits
    RETURN [count(v), min(v.id)] AS found"""
_EXPLORATIONS_THAT_MISCOUNT = """
    MATCH (e:Exploration)
    CALL (e) {
      MATCH (m:Member) USING INDEX SEEK m:Member(workspace, exploration, concept)
      WHERE m.workspace = e.workspace AND m.exploration = e.id AND m.concept IS NOT NULL
      RETURN count(m) AS found
    }
    CALL (e) {
      MATCH (s:Step) USING INDEX SEEK s:Step(workspace, exploration, state, depth)
      WHERE s.workspace = e.workspace AND s.exploration = e.id AND s.state IS NOT NULL AND s.depth IS NOT NULL
      RETURN count(CASE s.state WHEN 'DONE' THEN 1 END) AS done,
        count(CASE s.state WHEN 'PENDING' THEN 1 END) AS pending,
        count(CASE s.state WHEN 'FAILED' THEN 1 END) AS failed
    }
    WITH e, '{"concepts_found":' + found + ',"steps_done":' + done + ',"steps_pending":' + pending
      + ',"steps_failed":' + failed + '}' AS progress
    WHERE e.progress <> progress
    RETURN [count(e), min(e.id)] AS found"""
_EVENTS_WITH_GAPS = """
    MATCH (v:Event)
    WITH v.workspace AS workspace, v.exploration AS id, count(v) AS number, min(v.seq) AS first, max(v.seq) AS last
    OPTIONAL MATCH (e:Exploration {workspace: workspace, id: id})
    WITH id, number <> last - first + 1 OR last <> e.next_seq - 1 AS wrong WHERE wrong
    RETURN [count(*), min(id)] AS found"""

_IMAGES_THAT_CONTRADICT_THEMSELVES = """
    MATCH (i:Image)
    WHERE (i.status = 'READY') <> (i.picture IS NOT NULL) OR (i.status = 'FAILED') <> (i.error IS NOT NULL)
      OR (i.status = 'GENERATING') <> (i.lease_token IS NOT NULL)
      OR NOT coalesce(i.picture CONTAINS i.digest, i.picture IS NULL AND i.digest IS NULL)
    RETURN [count(i), min(i.id)] AS found"""


def _without(label: str, example: str, other: str, reference: str) -> str:
    """Nodes of which what they refer to is not there."""
    return f"""
    MATCH (n:{label}) WHERE n.{reference} IS NOT NULL
      AND NOT EXISTS {{ MATCH (:{other} {{workspace: n.workspace, id: n.{reference}}}) }}
    RETURN [count(n), min({example})] AS found"""


PROBLEMS: Mapping[str, str] = {
    "indexes that are not online": _BROKEN_INDEXES,
    "concepts whose degree is not the number of their relations": _WRONG_DEGREES,
    "concepts whose place by support is wrong": _WRONG_SUPPORT,
    "workspaces whose number of concepts is wrong": _WRONG_NUMBERS_OF_CONCEPTS,
    "types whose number of relations is wrong": _WRONG_NUMBERS_OF_TYPES,
    "aliases of no concept": _without("Alias", "n.key", "Entity:Concept", "concept"),
    "external ids of no concept": _without("ExternalId", "n.scheme + ':' + n.value", "Entity:Concept", "concept"),
    "relations without both of their concepts": _LOOSE_RELATIONS,
    "entities that are neither concepts nor ends of relations": _BARE_ENTITIES,
    "relations without evidence": _UNPROVEN_RELATIONS,
    "pieces of evidence for nothing that is there": _EVIDENCE_OF_NOTHING,
    "pieces of evidence without their source": _without("Evidence", "n.id", "Source", "source"),
    "steps of no exploration": _without("Step", "n.id", "Exploration", "exploration"),
    "members of no exploration": _without("Member", "n.concept", "Exploration", "exploration"),
    "members that are no concept": _without("Member", "n.concept", "Entity:Concept", "concept"),
    "events of no exploration": _without("Event", "n.exploration", "Exploration", "exploration"),
    "explorations whose progress is not that of their members and steps": _EXPLORATIONS_THAT_MISCOUNT,
    "explorations whose events are not numbered without gaps": _EVENTS_WITH_GAPS,
    "images of no concept": _without("Image", "n.id", "Entity:Concept", "concept"),
    "images whose status is not that of what is stored of them": _IMAGES_THAT_CONTRADICT_THEMSELVES,
}
"""What may be wrong, and the statement that finds how often it is, with an example. They read whole labels."""

READS: Mapping[str, str] = {
    "unowned": UNOWNED,
    "unowned images": UNOWNED_IMAGES,
    "waiting": WAITING,
    "newest seqs": NEWEST_SEQS,
}

WRITES: Mapping[str, str] = {"trim events": TRIM_EVENTS, "trim results": TRIM_RESULTS}
