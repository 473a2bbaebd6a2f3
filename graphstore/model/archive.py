"""Everything a workspace holds, as records: what export writes and import reads, one kind for each thing stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from graphstore.model.exploration import Event, Exploration, Member, Step
from graphstore.model.graph import Concept, ConceptId, Relation, Source, Subject
from graphstore.model.image import Image


@dataclass(frozen=True, slots=True)
class StoredEvidence:
    """Evidence as it is kept. (asserted, source, quote) is unique; relations are what evidence adds up to."""

    id: str
    subject: Subject
    """What it speaks of now, merges followed."""
    asserted: Subject
    """What it spoke of when it came, so that a merge can be undone."""
    source: str
    """Id of the source."""
    quote: str
    confidence: float
    created: datetime


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Keeps a deleted concept from being found again by an exploration."""

    mark: str
    """What would bring it back: `name:<sense>:<key>` or `external:<scheme>:<value>`."""
    created: datetime


@dataclass(frozen=True, slots=True)
class Merge:
    """A concept that went into another one, with what is needed to bring it back."""

    concept: Concept
    """As it was."""
    into: ConceptId
    added_aliases: tuple[str, ...]
    """Aliases that `into` has only through this merge."""
    added_external_ids: Mapping[str, str]
    memberships: tuple[Member, ...]
    """Those of `concept`, as they were."""
    joined: tuple[str, ...]
    """Explorations of which `into` is a member only through this merge."""
    created: datetime


@dataclass(frozen=True, slots=True)
class IdempotentResult:
    """The answer that a repeated request gets."""

    principal: str
    mutation: str
    key: str
    input_hash: str
    result: str
    """JSON."""
    created: datetime


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """How much of an import is well written in one transaction: no less than the store is good at, and no more than
    those who wait for their turn to write can bear."""

    seconds: float
    """What one transaction should take."""
    rows: int
    """The most records in one, however fast they are written."""


Record: TypeAlias = (
    Concept
    | Relation
    | Source
    | StoredEvidence
    | Tombstone
    | Merge
    | Exploration
    | Step
    | Member
    | Event
    | IdempotentResult
    | Image
)
