"""Statements in transactions on concepts, relations, tombstones and merges."""

from collections.abc import Mapping

from graphstore.neo4j.cypher.upsert import upsert
from graphstore.rows.graph import RELATION, listed

LOCK = "MERGE (w:Workspace {name: $workspace}) SET w.lock = datetime.realtime()"

# Whatever is renewed of a concept, its degree is not: it is counted once, for one whose relations came before it.
# Returns those that are new, and those of the others whose look-ups are no longer right.
PUT_CONCEPTS = """
UNWIND $rows AS row
MERGE (c:Entity {workspace: $workspace, id: row.id})
WITH c, row, NOT c:Concept AS fresh,
  coalesce(c.aliases, []) <> row.aliases OR coalesce(c.external_ids, '') <> row.external_ids AS renamed
SET c:Concept, c += row
WITH c, fresh, renamed
CALL (c, fresh) {
  WITH c, COUNT { (c)--() } AS degree WHERE fresh
  SET c.degree = degree, c.lack_of_degree = -degree
}
WITH collect(CASE WHEN fresh THEN c.id END) AS fresh, collect(CASE WHEN renamed AND NOT fresh THEN c.id END) AS renamed
MERGE (w:Workspace {name: $workspace})
SET w.concepts = coalesce(w.concepts, 0) + size(fresh)
RETURN [fresh, renamed] AS found"""

# For new concepts: nothing is sought that cannot be there, which takes half the time.
CREATE_LOOK_UPS = """
UNWIND $rows AS row
FOREACH (key IN row.keys | CREATE (:Alias {workspace: $workspace, key: key, concept: row.id}))
FOREACH (pair IN row.external_ids |
  CREATE (:ExternalId {workspace: $workspace, scheme: pair[0], value: pair[1], concept: row.id}))"""

RENEW_LOOK_UPS = """
UNWIND $rows AS row
CALL (row) {
  MATCH (a:Alias {workspace: $workspace, concept: row.id}) WHERE NOT a.key IN row.keys DELETE a
}
CALL (row) {
  MATCH (x:ExternalId {workspace: $workspace, concept: row.id})
  WHERE NOT [x.scheme, x.value] IN row.external_ids DELETE x
}
FOREACH (key IN row.keys | MERGE (:Alias {workspace: $workspace, key: key, concept: row.id}))
FOREACH (pair IN row.external_ids |
  MERGE (:ExternalId {workspace: $workspace, scheme: pair[0], value: pair[1], concept: row.id}))"""

# Where relations still hang on a concept, its node stays for them.
DELETE_CONCEPTS = """
MATCH (c:Entity:Concept) WHERE c.workspace = $workspace AND c.id IN $rows
CALL (c) { MATCH (a:Alias {workspace: $workspace, concept: c.id}) DELETE a }
CALL (c) { MATCH (x:ExternalId {workspace: $workspace, concept: c.id}) DELETE x }
WITH collect(c) AS gone
MERGE (w:Workspace {name: $workspace})
SET w.concepts = coalesce(w.concepts, 0) - size(gone)
WITH gone
UNWIND gone AS c
WITH c, COUNT { (c)--() } = 0 AS alone
REMOVE c:Concept
SET c = {workspace: $workspace, id: c.id}
WITH c WHERE alone
DELETE c"""

TOMBSTONES = "MATCH (t:Tombstone) WHERE t.workspace = $workspace AND t.mark IN $keys RETURN collect([t.mark]) AS rows"
PUT_TOMBSTONES = """
UNWIND $rows AS row MERGE (t:Tombstone {workspace: $workspace, mark: row[0]}) ON CREATE SET t.created = row[1]"""
LIFT_TOMBSTONES = "MATCH (t:Tombstone) WHERE t.workspace = $workspace AND t.mark IN $rows DELETE t"

MERGE = "MATCH (m:Merge) WHERE m.workspace = $workspace AND m.id IN $keys RETURN collect([m.body]) AS rows"
MERGED_INTO = """
MATCH (m:Merge) USING INDEX SEEK m:Merge(workspace, target)
WHERE m.workspace = $workspace AND m.target IN $keys RETURN collect([m.id]) AS rows"""
PUT_MERGE = upsert("Merge", ("id", "target", "body"), ("id",))
DELETE_MERGE = "MATCH (m:Merge) WHERE m.workspace = $workspace AND m.id IN $rows DELETE m"

# Both ends are sought before what lies between them: one of them may have a hundred thousand relations. Without the
# hint a plan made while there are hardly any relations would look through all of them, for seconds after there are.
_BETWEEN = """
CALL (key) { MATCH (a:Entity {workspace: $workspace, id: key[0]}) RETURN a }
MATCH (a)-[r]-(b:Entity {workspace: $workspace, id: key[2]})
USING INDEX SEEK b:Entity(workspace, id)"""
_KEYED = f"{_BETWEEN.replace(']-(', ']->(')} WHERE type(r) = key[1]"
_RELATION = f"startNode(r).id, type(r), endNode(r).id, {listed(RELATION[3:], 'r')}"
RELATIONS = f"UNWIND $keys AS key {_KEYED} RETURN collect([{_RELATION}]) AS rows"
RELATIONS_BETWEEN = f"""
UNWIND $keys AS pair
WITH [pair[0], null, pair[1]] AS key {_BETWEEN}
WITH DISTINCT r
RETURN collect([{_RELATION}]) AS rows"""
RELATION_TYPES = """
MATCH (t:RelationType) WHERE t.workspace = $workspace AND t.type IS NOT NULL RETURN collect(t.type) AS types"""

_COUNT_AGAIN = """
UNWIND pairs AS pair UNWIND pair AS e
WITH DISTINCT e
WITH e, COUNT { (e)--() } AS degree
CALL (e, degree) { WITH e, degree WHERE e:Concept SET e.degree = degree, e.lack_of_degree = -degree }"""

# Those that are stored, by their numbers. MERGE could not be told to use the index (see above), and is not needed:
# whoever changes the graph has locked it.
RENEW_RELATIONS = f"""
UNWIND range(0, size($rows) - 1) AS number
WITH number, $rows[number].key AS key {_KEYED}
SET r += $rows[number].properties
RETURN collect(number) AS numbers"""
CREATE_RELATIONS = f"""
UNWIND $rows AS row
MERGE (a:Entity {{workspace: $workspace, id: row.key[0]}})
MERGE (b:Entity {{workspace: $workspace, id: row.key[2]}})
CREATE (a)-[r:$(row.key[1])]->(b)
SET r = row.properties
WITH collect([a, b]) AS pairs, collect(row.key[1]) AS types
CALL (types) {{
  UNWIND types AS type
  WITH type, count(*) AS number
  MERGE (t:RelationType {{workspace: $workspace, type: type}})
  SET t.count = coalesce(t.count, 0) + number
}}{_COUNT_AGAIN}"""

# What stood only for the end of a relation goes with its last one.
DELETE_RELATIONS = f"""
UNWIND $rows AS key {_KEYED}
WITH collect([a, b]) AS pairs, collect(type(r)) AS types, collect(r) AS gone
FOREACH (r IN gone | DELETE r)
WITH pairs, types
CALL (types) {{
  UNWIND types AS type
  WITH type, count(*) AS number
  MATCH (t:RelationType {{workspace: $workspace, type: type}})
  SET t.count = t.count - number
  WITH t WHERE t.count <= 0
  DELETE t
}}{_COUNT_AGAIN}
WITH e WHERE degree = 0 AND NOT e:Concept
DELETE e"""

READS: Mapping[str, str] = {
    "tombstones": TOMBSTONES,
    "merge": MERGE,
    "merged into": MERGED_INTO,
    "relations": RELATIONS,
    "relations between": RELATIONS_BETWEEN,
    "relation types": RELATION_TYPES,
}
