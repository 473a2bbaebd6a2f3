"""Statements that read evidence and its sources."""

from collections.abc import Mapping

from graphstore.model import PageRequest
from graphstore.neo4j.paging import Order
from graphstore.rows.graph import EVIDENCE, SOURCE, listed

_COLUMNS = (*(column for column in EVIDENCE if not column.startswith("asserted")), "doubt")
ORDER = Order(
    ("e.doubt", "e.id"),
    (float, str),
    fixed=("e.workspace", "e.subject_source", "e.subject_target", "e.subject_type"),
)

EVIDENCE_OF = """MATCH (e:Evidence)
  USING INDEX SEEK e:Evidence(workspace, subject_source, subject_target, subject_type, doubt, id)
  WHERE e.workspace = $workspace AND e.subject_source = subject[0] AND e.subject_type = subject[1]
    AND e.subject_target = subject[2] AND e.id IS NOT NULL"""
"""The evidence of which `subject` is the present subject. An index is used where all of its columns are spoken of."""

COUNT = f"""
UNWIND $asked AS subject
RETURN collect(COUNT {{ {EVIDENCE_OF} AND e.doubt IS NOT NULL }}) AS counts"""

SOURCES = f"""
UNWIND $ids AS id
MATCH (s:Source {{workspace: $workspace, id: id}})
RETURN collect([{listed(SOURCE, "s")}]) AS rows"""

SOURCE_KINDS = f"""
UNWIND $asked AS subject
CALL (subject) {{
  {EVIDENCE_OF} AND e.doubt IS NOT NULL
  WITH DISTINCT e.source AS source
  MATCH (s:Source {{workspace: $workspace, id: source}})
  RETURN collect(DISTINCT s.kind) AS kinds
}}
RETURN collect(kinds) AS kinds"""


def pages(request: PageRequest) -> str:
    """`[pages, sources]`: for each of `$asked`, in that order, `[rows, whether others lie before, behind]`; a row is
    a piece of evidence. Each source once, however often it is cited."""
    outside = ORDER.outside(request, lambda beyond: f"EXISTS {{ {EVIDENCE_OF} AND {beyond} }}")
    return f"""
UNWIND $asked AS subject
CALL (subject) {{
  {EVIDENCE_OF}{ORDER.within(request)}
  WITH e {ORDER.chosen(request)}
  RETURN collect([{listed(_COLUMNS, "e")}]) AS rows, collect(e.source) AS cited
}}
WITH [rows, {outside}] AS page, cited
WITH collect(page) AS pages, collect(cited) AS cited
CALL (cited) {{
  UNWIND cited AS some
  UNWIND some AS id
  WITH DISTINCT id
  MATCH (s:Source {{workspace: $workspace, id: id}})
  RETURN collect([{listed(SOURCE, "s")}]) AS sources
}}
RETURN [pages, sources] AS found"""


_FIRST, _NEXT = PageRequest(1), PageRequest(1, after=())
_LAST = PageRequest(1, after=(), before=(), backward=True)

READS: Mapping[str, str] = {
    "count": COUNT,
    "sources": SOURCES,
    "source kinds": SOURCE_KINDS,
    "first page": pages(_FIRST),
    "next page": pages(_NEXT),
    "last page": pages(_LAST),
}
