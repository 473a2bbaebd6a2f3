"""The statements on sources and evidence."""

from collections.abc import Mapping, Sequence

from graphstore.model import ConceptId, Source, StoredEvidence, Subject
from graphstore.rows.graph import (
    EVIDENCE,
    SOURCE,
    Row,
    evidence,
    evidence_row,
    listed,
    source,
    source_row,
    subject,
    subject_row,
)
from graphstore.sqlite.statements import Statements, upsert

_COLUMNS = listed(EVIDENCE, "e")
_IS_SUBJECT = """e.workspace = :workspace AND e.subject_source = asked.value ->> 0
      AND e.subject_target = asked.value ->> 2 AND e.subject_type = asked.value ->> 1"""

_SOURCES = f"""
    SELECT {listed(SOURCE, "s")} FROM json_each(:keys) AS asked
    CROSS JOIN source AS s ON s.workspace = :workspace AND s.key = asked.value"""
_PUT = upsert("evidence", (*EVIDENCE, "digest"), ("id",)).replace(
    "ON CONFLICT", "ON CONFLICT (workspace, digest) DO NOTHING ON CONFLICT"
)
_GIVE_SUBJECT = """
    UPDATE evidence SET
      asserted_source = coalesce(asserted_source, subject_source),
      asserted_type = coalesce(asserted_type, subject_type),
      asserted_target = coalesce(asserted_target, subject_target),
      subject_source = ?3, subject_type = ?4, subject_target = ?5
    WHERE workspace = ?1 AND id = ?2"""
_FORGET_ASSERTED = """
    UPDATE evidence SET asserted_source = NULL, asserted_type = NULL, asserted_target = NULL
    WHERE workspace = ? AND id = ? AND asserted_source = subject_source AND asserted_type = subject_type
      AND asserted_target = subject_target"""


def _touching(source: str, target: str, condition: str = "") -> str:
    """Rows in which one of the concepts of `:keys` is in one of the two columns."""
    return f"""
        SELECT e.row FROM json_each(:keys) AS asked
        CROSS JOIN evidence AS e ON e.workspace = :workspace AND e.{source} = asked.value{condition}
        UNION
        SELECT e.row FROM json_each(:keys) AS asked
        CROSS JOIN evidence AS e ON e.workspace = :workspace AND e.{target} = asked.value
          AND e.{target} <> ''{condition}"""


def _rows_in(rows: str) -> str:
    return f"SELECT {_COLUMNS} FROM evidence AS e WHERE e.row IN ({rows}) ORDER BY e.id"


_ON = _rows_in(_touching("subject_source", "subject_target"))
_ASSERTED_ON = _rows_in(
    _touching("subject_source", "subject_target", " AND e.asserted_source IS NULL")
    + " UNION "
    + _touching("asserted_source", "asserted_target")
)
_OF = f"SELECT {_COLUMNS} FROM json_each(:keys) AS asked CROSS JOIN evidence AS e ON {_IS_SUBJECT} ORDER BY e.id"
# By +id, which no index has: else SQLite goes through all evidence by id rather than sort that of one source.
_FROM = f"SELECT {_COLUMNS} FROM evidence AS e WHERE e.workspace = :workspace AND e.source = :source ORDER BY +e.id"
_STRENGTHS = f"""
    SELECT e.subject_source, e.subject_type, e.subject_target, s.origin, max(e.confidence)
    FROM json_each(:keys) AS asked CROSS JOIN evidence AS e ON {_IS_SUBJECT}
    CROSS JOIN source AS s ON s.workspace = :workspace AND s.id = e.source
    GROUP BY asked.key, s.origin"""


class EvidenceStatements(Statements):
    """The part of `GraphStatements` that concerns sources and evidence."""

    async def sources(self, keys: Sequence[str]) -> Mapping[str, Source]:
        """See `GraphStatements.sources`."""
        return {found.key: found for found in map(source, self._rows_of(_SOURCES, keys))}

    async def put_sources(self, sources: Sequence[Source]) -> None:
        """See `GraphStatements.put_sources`."""
        self._put(upsert("source", SOURCE, ("id",)), map(source_row, sources))

    async def delete_source(self, id: str) -> bool:
        """See `GraphStatements.delete_source`."""
        sql = "DELETE FROM source WHERE workspace = ? AND id = ?"
        return self._db.execute(sql, (self._workspace, id)).rowcount > 0

    async def put_evidence(self, evidence: Sequence[StoredEvidence]) -> None:
        """See `GraphStatements.put_evidence`."""
        self._put(_PUT, map(evidence_row, evidence))

    async def replace_subjects(self, subjects: Mapping[str, Subject]) -> None:
        """See `GraphStatements.replace_subjects`."""
        self._put(_GIVE_SUBJECT, ((id, *subject_row(subject)) for id, subject in subjects.items()))
        self._put(_FORGET_ASSERTED, ((id,) for id in subjects))

    async def evidence_on(self, concepts: Sequence[ConceptId]) -> Sequence[StoredEvidence]:
        """See `GraphStatements.evidence_on`."""
        return _evidence(self._rows_of(_ON, concepts))

    async def evidence_asserted_on(self, concepts: Sequence[ConceptId]) -> Sequence[StoredEvidence]:
        """See `GraphStatements.evidence_asserted_on`."""
        return _evidence(self._rows_of(_ASSERTED_ON, concepts))

    async def evidence_of(self, subjects: Sequence[Subject]) -> Sequence[StoredEvidence]:
        """See `GraphStatements.evidence_of`."""
        return _evidence(self._rows_of(_OF, [subject_row(s) for s in subjects]))

    async def evidence_from(self, source: str) -> Sequence[StoredEvidence]:
        """See `GraphStatements.evidence_from`."""
        return _evidence(self._rows(_FROM, source=source))

    async def delete_evidence(self, ids: Sequence[str]) -> None:
        """See `GraphStatements.delete_evidence`."""
        self._put("DELETE FROM evidence WHERE workspace = ? AND id = ?", ((id,) for id in ids))

    async def strengths(self, subjects: Sequence[Subject]) -> Mapping[Subject, Mapping[str, float]]:
        """See `GraphStatements.strengths`."""
        strengths: dict[Subject, dict[str, float]] = {}
        for *columns, origin, confidence in self._rows_of(_STRENGTHS, [subject_row(s) for s in subjects]):
            strengths.setdefault(subject(*columns), {})[origin] = confidence
        return strengths


def _evidence(rows: Sequence[Row]) -> Sequence[StoredEvidence]:
    return [evidence(row) for row in rows]
