"""All senses of a name, the likeliest to be meant first."""

from collections.abc import Iterable, Mapping, Sequence

from graphstore.model import Concept, ConceptId
from graphstore.rows.graph import Row, concept


def senses(keys: Sequence[str], *found: Iterable[Row]) -> Mapping[str, Sequence[Concept]]:
    """The concepts of each name key, from rows that end with the key's number: those so named, those so called."""
    senses: dict[str, dict[ConceptId, Concept]] = {}
    for rows in found:
        for each, number in sorted(((concept(row), row[-1]) for row in rows), key=_best_supported_first):
            senses.setdefault(keys[number], {}).setdefault(each.id, each)
    return {key: tuple(of_key.values()) for key, of_key in senses.items()}


def _best_supported_first(found: tuple[Concept, int]) -> tuple[int, int, float, str]:
    each, _ = found
    return (-each.support, -each.degree, -each.confidence, each.id)
