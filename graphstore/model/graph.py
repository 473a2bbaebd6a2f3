"""Concepts, relations, and the evidence that ties them to their sources."""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, TypeAlias

ConceptId: TypeAlias = str
"""A UUIDv7 in its canonical text form."""


class RelationKey(NamedTuple):
    """A relation's identity: it is found through its ends and has no other id."""

    source: ConceptId
    type: str
    target: ConceptId


Subject: TypeAlias = ConceptId | RelationKey
"""What evidence speaks of."""


class SourceKind(StrEnum):
    """Where a statement was found."""

    ATLAS = "ATLAS"
    MODEL = "MODEL"
    PAGE = "PAGE"
    DOCUMENT = "DOCUMENT"
    DATASET = "DATASET"
    PERSON = "PERSON"


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing that can be known about, unique per (workspace, key, sense)."""

    id: ConceptId
    name: str
    key: str
    """The name normalised by `name_key`."""
    sense: str
    """Tells concepts of one key apart: the normalised kind, a source's own id, or empty."""
    kind: str
    domain: str
    summary: str
    aliases: tuple[str, ...]
    external_ids: Mapping[str, str]
    """Scheme to value, for example `{"wikidata": "Q11982"}`."""
    confidence: float
    """0 to 1: `combined_confidence` of its evidence."""
    support: int
    """How many independent sources (distinct `Source.origin`) attest it."""
    degree: int
    """How many relations start or end here."""
    version: int
    """1 at creation, then one more with each change a person makes."""
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class Relation:
    """A typed, directed statement about two concepts."""

    key: RelationKey
    confidence: float
    support: int
    contradicted: bool
    """Another stored relation of the same two concepts says otherwise (`contradicting`)."""
    version: int
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class Edge:
    """A relation together with both of its ends, as it is read for display."""

    relation: Relation
    source: Concept
    target: Concept


@dataclass(frozen=True, slots=True)
class Source:
    """Something that can be cited. Unique per (workspace, key)."""

    id: str
    key: str
    """What makes it the same source when it is met again, for example `atlas:Photosynthesis`."""
    origin: str
    """Who stands behind it. Sources of one origin do not count as independent support."""
    kind: SourceKind
    title: str
    url: str | None
    created: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """A source's words for one concept or relation. Unique per (subject, source, quote)."""

    id: str
    subject: Subject
    source: Source
    quote: str
    confidence: float
    created: datetime


RELATION_TYPE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
"""What a relation type looks like; the vocabulary itself is open."""


def name_key(name: str) -> str:
    """The form under which a name is looked up: NFKC, case folded, spaces collapsed.

    Normalised twice, as Unicode TR15/TR31 advise for NFKC_Casefold, since folding can denormalise.
    """
    if name.isascii():  # all of that is lower case here, in a quarter of the time
        return " ".join(name.lower().split())
    folded = unicodedata.normalize("NFKC", name).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def combined_confidence(by_origin: Iterable[float]) -> float:
    """Noisy-or over independent origins: 1 - prod(1 - c), each c in 0..1 (Pearl 1988, 4.3.2).

    `by_origin` holds the strongest confidence of each origin; the result does not depend on its order.
    """
    doubt = math.prod(sorted(1.0 - c for c in by_origin))
    return round(1.0 - doubt, 6)


OPPOSITES: frozenset[frozenset[str]] = frozenset({frozenset({"CAUSES", "PREVENTS"})})
"""Types that cannot both hold from one concept to another."""

ASYMMETRIC: frozenset[str] = frozenset(
    {"IS_A", "INSTANCE_OF", "PART_OF", "HAS_PART", "MADE_OF", "PRECEDES", "CREATED_BY", "DISCOVERED_BY"}
)
"""Types that cannot hold in both directions."""


def contradicting(between: Iterable[RelationKey]) -> frozenset[RelationKey]:
    """Those of the given relations that cannot hold beside another of them."""
    keys = frozenset(between)
    return frozenset(k for k in keys if _reversed_in(k, keys) or _opposed_in(k, keys))


def _reversed_in(key: RelationKey, keys: frozenset[RelationKey]) -> bool:
    return key.type in ASYMMETRIC and RelationKey(key.target, key.type, key.source) in keys


def _opposed_in(key: RelationKey, keys: frozenset[RelationKey]) -> bool:
    return any(
        key._replace(type=other) in keys for pair in OPPOSITES if key.type in pair for other in pair - {key.type}
    )
