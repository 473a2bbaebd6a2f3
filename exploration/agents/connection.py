"""Connection: what the sources said becomes claims about concepts and relations."""

from collections.abc import Sequence
from dataclasses import replace

from graphstore.model import ConceptClaim, EvidenceClaim, Knowledge, RelationClaim, SourceClaim, SourceKind
from providers.knowledge.port import Findings, Link, Reference, Subject

ROOT = "0"
"""The ref of the concept that was asked about."""

SUMMARY_CONFIDENCE = 0.9
"""How far a source is believed when it describes a concept, where it does not say itself."""


class Connection:
    """Gives every subject of an answer one ref. Which stored concept a ref is, the store decides in its commit."""

    name = "connection"

    def claims(self, subject: Subject, findings: Sequence[Findings]) -> Knowledge:
        """The claims, the subject's first, then by rank."""
        concepts = [_root(subject, [f.subject for f in findings])]
        relations: list[RelationClaim] = []
        for link in (link for f in findings for link in f.links):
            ref = str(len(concepts))
            concepts.append(_concept(ref, link.other))
            relations.append(_relation(ref, link))
        return Knowledge(tuple(concepts), tuple(relations))


def _root(subject: Subject, answers: Sequence[Subject]) -> ConceptClaim:
    """One claim of all that was said of the subject; the first to speak of something wins."""
    said = [subject, *answers]
    first = _concept(ROOT, said[0])
    return replace(
        first,
        kind=next((s.kind for s in said if s.kind), ""),
        domain=next((s.domain for s in said if s.domain), ""),
        summary=next((s.summary for s in said if s.summary), ""),
        aliases=tuple(dict.fromkeys(alias for s in said for alias in s.aliases)),
        external_ids={scheme: value for s in reversed(said) for scheme, value in s.external_ids.items()},
        sense=next((s.sense for s in said if s.sense is not None), None),
        evidence=tuple(dict.fromkeys(e for s in said for e in _description(s))),
    )


def _concept(ref: str, subject: Subject) -> ConceptClaim:
    return ConceptClaim(
        ref=ref,
        name=subject.name,
        kind=subject.kind,
        domain=subject.domain,
        summary=subject.summary,
        aliases=subject.aliases,
        external_ids=subject.external_ids,
        sense=subject.sense,
        evidence=_description(subject),
        id=subject.concept_id,
    )


def _relation(ref: str, link: Link) -> RelationClaim:
    source, target = (ROOT, ref) if link.forward else (ref, ROOT)
    evidence = (_evidence(link.reference, link.quote, link.confidence),) if link.reference else ()
    return RelationClaim(source, link.type, target, evidence)


def _description(subject: Subject) -> tuple[EvidenceClaim, ...]:
    if subject.reference is None:
        return ()
    return (_evidence(subject.reference, subject.summary or subject.name, SUMMARY_CONFIDENCE),)


def _evidence(reference: Reference, quote: str, confidence: float) -> EvidenceClaim:
    r = reference
    return EvidenceClaim(SourceClaim(r.key, r.origin, SourceKind(r.kind), r.title, r.url), quote, confidence)
