"""Validation: claims that cannot be stored are dropped or cut to size before they reach the store.

Contradictions are not dropped: the store flags both sides (`graphstore.model.contradicting`).
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

from exploration.agents.connection import ROOT
from graphstore.model import RELATION_TYPE, ConceptClaim, EvidenceClaim, Knowledge, RelationClaim, name_key

NAME_LENGTH = 200
TEXT_LENGTH = 2_000
ALIASES = 20

Fate: TypeAlias = Literal["kept", "repeated", "dropped"]
"""What becomes of a relation that was claimed: `repeated` was said already, `dropped` says nothing that can be kept."""


class Validation:
    """Keeps what is well formed, each statement once."""

    name = "validation"

    def checked(self, knowledge: Knowledge) -> Knowledge:
        """The knowledge without malformed names, self-loops, unknown ends and repetitions."""
        return self.judged(knowledge)[0]

    def judged(self, knowledge: Knowledge) -> tuple[Knowledge, Sequence[Fate]]:
        """The same, and the fate of each of its relations, in their order."""
        concepts = [_checked_concept(c) for c in knowledge.concepts if c.ref == ROOT or _well_named(c)]
        by_ref = {c.ref: c for c in concepts}
        relations: dict[object, RelationClaim] = {}
        fates: list[Fate] = []
        for relation in knowledge.relations:
            said = _said(relation, by_ref)
            fates.append("dropped" if said is None else "repeated" if said in relations else "kept")
            if fates[-1] == "kept":
                relations[said] = replace(relation, evidence=_checked_evidence(relation.evidence))
        return Knowledge(tuple(concepts), tuple(relations.values())), fates


def _well_named(claim: ConceptClaim) -> bool:
    return bool(name_key(claim.name)) and len(claim.name) <= NAME_LENGTH and _clean(claim.name) == claim.name


def _checked_concept(claim: ConceptClaim) -> ConceptClaim:
    return replace(
        claim,
        kind=_clean(claim.kind.replace(":", " "))[:NAME_LENGTH].strip(),
        domain=_clean(claim.domain)[:NAME_LENGTH],
        summary=_clean(claim.summary)[:TEXT_LENGTH],
        aliases=tuple(a for a in claim.aliases if name_key(a) and len(a) <= NAME_LENGTH and _clean(a) == a)[:ALIASES],
        evidence=_checked_evidence(claim.evidence),
    )


def _checked_evidence(evidence: Iterable[EvidenceClaim]) -> tuple[EvidenceClaim, ...]:
    return tuple(
        replace(e, quote=_clean(e.quote)[:TEXT_LENGTH], confidence=min(1.0, max(0.0, e.confidence))) for e in evidence
    )


def _said(relation: RelationClaim, by_ref: Mapping[str, ConceptClaim]) -> object:
    """What it says, which is the same for relations that say the same; None for one that says nothing."""
    source, target = by_ref.get(relation.source), by_ref.get(relation.target)
    if source is None or target is None or _same(source, target) or not RELATION_TYPE.fullmatch(relation.type):
        return None
    return _identity(source), relation.type, _identity(target)


def _identity(claim: ConceptClaim) -> object:
    return claim.id or tuple(sorted(claim.external_ids.items())) or (name_key(claim.name), claim.sense, claim.kind)


def _same(one: ConceptClaim, other: ConceptClaim) -> bool:
    return one.ref == other.ref or _identity(one) == _identity(other)


def _clean(text: str) -> str:
    """The text without control characters and halves of surrogates."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"})
