"""Claims: knowledge on its way into the graph, before identity has been decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphstore.model.graph import ConceptId, SourceKind


@dataclass(frozen=True, slots=True)
class SourceClaim:
    """A source to cite, stored once per `key`."""

    key: str
    origin: str
    kind: SourceKind
    title: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class EvidenceClaim:
    """What a source says, in its words, and how far it is believed (0 to 1)."""

    source: SourceClaim
    quote: str
    confidence: float


@dataclass(frozen=True, slots=True)
class ConceptClaim:
    """A concept somebody names."""

    ref: str
    """What relation claims of the same `Knowledge` call it; never stored."""
    name: str
    kind: str = ""
    domain: str = ""
    summary: str = ""
    aliases: tuple[str, ...] = ()
    external_ids: Mapping[str, str] = field(default_factory=dict)
    sense: str | None = None
    """Given where the source has several concepts of one name and kind: its own id for this one."""
    evidence: tuple[EvidenceClaim, ...] = ()
    id: ConceptId | None = None
    """The stored concept that it is, where that is known; one that is gone is left out."""


@dataclass(frozen=True, slots=True)
class RelationClaim:
    """A statement about two claimed concepts, named by their `ref`."""

    source: str
    type: str
    target: str
    evidence: tuple[EvidenceClaim, ...] = ()
    """Empty only for a relation that is stored already."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Concepts and relations claimed together, most important first."""

    concepts: tuple[ConceptClaim, ...] = ()
    relations: tuple[RelationClaim, ...] = ()
