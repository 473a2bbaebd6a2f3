"""Statements in transactions on sources and evidence."""

from collections.abc import Mapping

from graphstore.neo4j.cypher.evidence import EVIDENCE_OF
from graphstore.neo4j.cypher.upsert import upsert, values
from graphstore.rows.graph import EVIDENCE, SOURCE, listed

_COLUMNS = listed(EVIDENCE, "e")
_EVIDENCE = f"RETURN collect([{_COLUMNS}]) AS rows"
_BY_ID = f"WITH DISTINCT e ORDER BY e.id {_EVIDENCE}"

SOURCES = f"""
UNWIND $keys AS key
MATCH (s:Source {{workspace: $workspace, key: key}})
RETURN collect([{listed(SOURCE, "s")}]) AS rows"""

PUT_SOURCES = upsert("Source", SOURCE, ("id",))

DELETE_SOURCE = """
OPTIONAL MATCH (s:Source {workspace: $workspace, id: $id})
WITH s, s IS NOT NULL AS found
DELETE s
RETURN found"""

# The digest is of what makes it the same evidence. Row by row: one may be the same as another.
_ROW = (*EVIDENCE, "digest")
PUT_EVIDENCE = f"""
UNWIND $rows AS row
CALL (row) {{
  OPTIONAL MATCH (same:Evidence {{workspace: $workspace, digest: row[{_ROW.index("digest")}]}})
  WITH row WHERE same IS NULL
  MERGE (e:Evidence {{workspace: $workspace, id: row[0]}})
  SET e += {{{values(_ROW, _ROW)}, doubt: -row[{_ROW.index("confidence")}]}}
}}"""

# What was asserted is kept only where it is not the subject.
REPLACE_SUBJECTS = """
UNWIND $rows AS row
MATCH (e:Evidence {workspace: $workspace, id: row[0]})
WITH e, row[1] AS subject, CASE WHEN e.asserted_source IS NULL
  THEN [e.subject_source, e.subject_type, e.subject_target]
  ELSE [e.asserted_source, e.asserted_type, e.asserted_target] END AS asserted
WITH e, subject, CASE WHEN asserted = subject THEN [null, null, null] ELSE asserted END AS asserted
SET e += {
  subject_source: subject[0], subject_type: subject[1], subject_target: subject[2],
  asserted_source: asserted[0], asserted_type: asserted[1], asserted_target: asserted[2]
}"""

_SUBJECT_INDEX = "e:Evidence(workspace, subject_source, subject_target, subject_type, doubt, id)"
_ON_SOURCE = f"""MATCH (e:Evidence) USING INDEX SEEK {_SUBJECT_INDEX}
    WHERE e.workspace = $workspace AND e.subject_source = concept AND e.subject_target IS NOT NULL
      AND e.subject_type IS NOT NULL AND e.doubt IS NOT NULL AND e.id IS NOT NULL"""
_ON_TARGET = """MATCH (e:Evidence) USING INDEX SEEK e:Evidence(workspace, subject_target)
    WHERE e.workspace = $workspace AND e.subject_target = concept"""
ON = f"""
UNWIND $keys AS concept
CALL (concept) {{
  {_ON_SOURCE} RETURN e
  UNION ALL
  {_ON_TARGET} RETURN e
}}
{_BY_ID}"""
ASSERTED_ON = f"""
UNWIND $keys AS concept
CALL (concept) {{
  {_ON_SOURCE} AND e.asserted_source IS NULL RETURN e
  UNION ALL
  {_ON_TARGET} AND e.asserted_source IS NULL RETURN e
  UNION ALL
  MATCH (e:Evidence {{workspace: $workspace, asserted_source: concept}}) RETURN e
  UNION ALL
  MATCH (e:Evidence {{workspace: $workspace, asserted_target: concept}}) RETURN e
}}
{_BY_ID}"""
OF = f"""
UNWIND $keys AS subject
{EVIDENCE_OF} AND e.doubt IS NOT NULL
{_BY_ID}"""
FROM = f"""
MATCH (e:Evidence {{workspace: $workspace, source: $source}})
{_BY_ID}"""

DELETE_EVIDENCE = """
UNWIND $rows AS id
MATCH (e:Evidence {workspace: $workspace, id: id})
DELETE e"""

STRENGTHS = f"""
UNWIND $keys AS subject
CALL (subject) {{
  {EVIDENCE_OF} AND e.doubt IS NOT NULL
  WITH e.source AS source, max(e.confidence) AS confidence
  MATCH (s:Source {{workspace: $workspace, id: source}})
  RETURN s.origin AS origin, max(confidence) AS confidence
}}
RETURN collect([subject, origin, confidence]) AS rows"""

READS: Mapping[str, str] = {
    "sources": SOURCES,
    "on": ON,
    "asserted on": ASSERTED_ON,
    "of": OF,
    "from": FROM,
    "strengths": STRENGTHS,
}
WRITES: Mapping[str, str] = {
    "put sources": PUT_SOURCES,
    "delete source": DELETE_SOURCE,
    "put evidence": PUT_EVIDENCE,
    "replace subjects": REPLACE_SUBJECTS,
    "delete evidence": DELETE_EVIDENCE,
}
