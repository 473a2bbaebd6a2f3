"""Content: a concept for which no source had a description gets one from what they said of its relations."""

from collections.abc import Mapping
from dataclasses import replace

from graphstore.model import ConceptClaim, Knowledge, RelationClaim

SENTENCES = 3


class Content:
    """Writes a summary where none came. It adds no fact: every sentence restates a relation that was just stated.

    What is stored already is left alone: relations without evidence are ones that were met."""

    name = "content"

    def completed(self, knowledge: Knowledge) -> Knowledge:
        """The knowledge, its first concept described."""
        root, *others = knowledge.concepts
        names = {c.ref: c.name for c in knowledge.concepts}
        told = [_sentence(r, names) for r in knowledge.relations if r.evidence]
        if root.summary or not told:
            return knowledge
        described: ConceptClaim = replace(root, summary=" ".join(dict.fromkeys(told[:SENTENCES])))
        return replace(knowledge, concepts=(described, *others))


def _sentence(relation: RelationClaim, names: Mapping[str, str]) -> str:
    for evidence in relation.evidence:
        if evidence.quote:
            return evidence.quote.rstrip(".") + "."
    words = relation.type.replace("_", " ").lower()
    return f"{names[relation.source]} {words} {names[relation.target]}."
