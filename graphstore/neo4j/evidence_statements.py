"""The statements on sources and evidence."""

from collections.abc import Mapping, Sequence

from graphstore.model import ConceptId, Source, StoredEvidence, Subject
from graphstore.neo4j.cypher import evidence_changes as cypher
from graphstore.neo4j.statements import Statements
from graphstore.neo4j.whole import evidence, source
from graphstore.rows.graph import Row, evidence_row, source_row, subject, subject_row


class EvidenceStatements(Statements):
    """The part of `GraphStatements` that concerns sources and evidence."""

    async def sources(self, keys: Sequence[str]) -> Mapping[str, Source]:
        """See `GraphStatements.sources`."""
        return {found.key: found for found in source.all(await self._rows_of(cypher.SOURCES, keys))}

    async def put_sources(self, sources: Sequence[Source]) -> None:
        """See `GraphStatements.put_sources`."""
        await self._put(cypher.PUT_SOURCES, [source_row(each) for each in sources])

    async def delete_source(self, id: str) -> bool:
        """See `GraphStatements.delete_source`."""
        return bool(await self._read(cypher.DELETE_SOURCE, id=id))

    async def put_evidence(self, evidence: Sequence[StoredEvidence]) -> None:
        """See `GraphStatements.put_evidence`."""
        await self._put(cypher.PUT_EVIDENCE, [_evidence_row(each) for each in evidence])

    async def replace_subjects(self, subjects: Mapping[str, Subject]) -> None:
        """See `GraphStatements.replace_subjects`."""
        await self._put(cypher.REPLACE_SUBJECTS, [(id, [*subject_row(each)]) for id, each in subjects.items()])

    async def evidence_on(self, concepts: Sequence[ConceptId]) -> Sequence[StoredEvidence]:
        """See `GraphStatements.evidence_on`."""
        return evidence.all(await self._rows_of(cypher.ON, concepts))

    async def evidence_asserted_on(self, concepts: Sequence[ConceptId]) -> Sequence[StoredEvidence]:
        """See `GraphStatements.evidence_asserted_on`."""
        return evidence.all(await self._rows_of(cypher.ASSERTED_ON, concepts))

    async def evidence_of(self, subjects: Sequence[Subject]) -> Sequence[StoredEvidence]:
        """See `GraphStatements.evidence_of`."""
        return evidence.all(await self._rows_of(cypher.OF, [subject_row(each) for each in subjects]))

    async def evidence_from(self, source: str) -> Sequence[StoredEvidence]:
        """See `GraphStatements.evidence_from`."""
        return evidence.all(await self._read(cypher.FROM, source=source))

    async def delete_evidence(self, ids: Sequence[str]) -> None:
        """See `GraphStatements.delete_evidence`."""
        await self._put(cypher.DELETE_EVIDENCE, ids)

    async def strengths(self, subjects: Sequence[Subject]) -> Mapping[Subject, Mapping[str, float]]:
        """See `GraphStatements.strengths`."""
        strengths: dict[Subject, dict[str, float]] = {}
        for of, origin, confidence in await self._rows_of(cypher.STRENGTHS, [subject_row(each) for each in subjects]):
            strengths.setdefault(subject(*of), {})[origin] = confidence
        return strengths


def _evidence_row(evidence: StoredEvidence) -> Row:
    *columns, digest = evidence_row(evidence)
    return (*columns, digest.hex())
