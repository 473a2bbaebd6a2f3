"""Changes as they are asked of the store."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphstore.model.exploration import Budget, Event, Options, Spend
from graphstore.model.graph import ConceptId, RelationKey
from graphstore.model.knowledge import Knowledge


@dataclass(frozen=True, slots=True)
class Idempotency:
    """Makes a repeated request answer with the first one's result. Kept 24 h."""

    principal: str
    mutation: str
    key: str
    input_hash: str
    """The same key with another hash is refused (`IdempotencyConflict`)."""


@dataclass(frozen=True, slots=True)
class ExplorationDraft:
    """An exploration to be started."""

    topic: str
    options: Options
    budget: Budget
    root: ConceptId | None = None
    """The stored concept to start from, where one was chosen."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that one step found, to be stored in one commit."""

    exploration: str
    token: str
    """The lease under which the step ran."""
    step: str
    knowledge: Knowledge
    root: str
    """The ref, among `knowledge.concepts`, of the concept that was expanded."""
    spent: Spend = Spend()
    """Seconds are added; tokens and cost replace what this attempt had reserved."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A step's attempt that came to nothing."""

    exploration: str
    token: str
    step: str
    error: str
    retry_in: float | None
    """Seconds until it is tried again; None: never by itself."""
    spent: Spend | None = None
    """None: unknown, so the reservation stays spent."""
    answer: str | None = None
    """What the source said that could not be used."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a piece of knowledge."""

    concepts: Mapping[str, ConceptId] = field(default_factory=dict)
    """Ref to id; a ref that was left out (a deleted concept, a full budget) is missing."""
    created: frozenset[ConceptId] = frozenset()
    relations: tuple[RelationKey, ...] = ()
    events: tuple[Event, ...] = ()
    """Those the commit wrote, or had written when it is a repetition."""
    complete: bool = True
    """False: the budget left something out, and the step stays pending."""


@dataclass(frozen=True, slots=True)
class ConceptPatch:
    """New values for a concept; None leaves a value as it is."""

    name: str | None = None
    summary: str | None = None
    kind: str | None = None
    domain: str | None = None
    aliases: tuple[str, ...] | None = None
    external_ids: Mapping[str, str] | None = None
