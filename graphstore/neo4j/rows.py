"""Values of the domain as the properties of nodes and relationships, and as parameters."""

from typing import Any

from graphstore.model import Concept, ConceptFilter, Relation, name_key
from graphstore.rows.graph import CONCEPT, RELATION, concept_row, relation_row
from graphstore.words import words

_SURROGATES = 0xD800
_DEGREE = CONCEPT.index("degree")


def concept_properties(concept: Concept) -> dict[str, Any]:
    """All but the degree, which follows from the relationships."""
    row = concept_row(concept)
    return {
        **dict(zip(CONCEPT[:_DEGREE], row[:_DEGREE], strict=True)),
        **dict(zip(CONCEPT[_DEGREE + 1 :], row[_DEGREE + 1 : len(CONCEPT)], strict=True)),
        "aliases": list(concept.aliases),
        "lack_of_support": -concept.support,
        "name_words": " ".join(words(concept.name)),
        "alias_words": " ".join(words(" ".join(concept.aliases))),
        "summary_words": " ".join(words(concept.summary)),
    }


def concept_look_ups(concept: Concept) -> dict[str, Any]:
    """The name keys and external ids by which a concept is found."""
    external_ids = [list(pair) for pair in concept.external_ids.items()]
    return {"id": concept.id, "keys": list(dict.fromkeys(map(name_key, concept.aliases))), "external_ids": external_ids}


def relation_properties(relation: Relation) -> dict[str, Any]:
    """All but the ends and the type."""
    ends = len(relation.key)
    properties = dict(zip(RELATION[ends:], relation_row(relation)[ends:], strict=True))
    doubt = 0.0 - relation.confidence  # never -0.0, which Neo4j has before 0.0
    return {**properties, "doubt": doubt, "dearth": -relation.support}


def values_of(filter: ConceptFilter) -> dict[str, Any]:
    """The values of the filter's conditions."""
    values: dict[str, Any] = {}
    if filter.kinds is not None:
        values["kinds"] = filter.kinds
    if filter.domains is not None:
        values["domains"] = filter.domains
    if filter.name_prefix is not None:
        values["name_prefix"] = name_key(filter.name_prefix)
        values["behind_prefix"] = _behind(values["name_prefix"])
    if filter.min_confidence is not None:
        values["min_confidence"] = filter.min_confidence
    return values


def _behind(prefix: str) -> str:
    """The first text behind all that begin so: by code points, as the index has it, and in UTF-16, in which Neo4j
    compares the bounds of a range with each other."""
    kept = prefix.rstrip("\U0010ffff")
    following = ord(kept[-1:] or "\0") + 1
    return kept[:-1] + chr(0xE000 if following == _SURROGATES else following)
