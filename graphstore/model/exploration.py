"""Explorations: their budget, steps, members and numbered events."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from graphstore.model.graph import ConceptId, RelationKey


class ExplorationStatus(StrEnum):
    """Where an exploration stands."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    COMPLETED = "COMPLETED"
    BUDGET_REACHED = "BUDGET_REACHED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


ENDED = frozenset(
    {
        ExplorationStatus.COMPLETED,
        ExplorationStatus.BUDGET_REACHED,
        ExplorationStatus.CANCELLED,
        ExplorationStatus.FAILED,
    }
)
"""The statuses in which nothing more happens unless somebody asks for it."""


class StepKind(StrEnum):
    """What a step does with its concept."""

    EXPAND = "EXPAND"
    """Finds out what is related to it."""
    PICTURE = "PICTURE"
    """Has a picture made of it."""


class StepState(StrEnum):
    """Where a step stands. One whose outcome did not fit the budget stays PENDING."""

    PENDING = "PENDING"
    DONE = "DONE"
    FAILED = "FAILED"


class EventKind(StrEnum):
    """What an event tells."""

    EXPLORATION_STARTED = "EXPLORATION_STARTED"
    GRAPH_GREW = "GRAPH_GREW"
    STEP_FAILED = "STEP_FAILED"
    STATUS_CHANGED = "STATUS_CHANGED"
    IMAGE_READY = "IMAGE_READY"


@dataclass(frozen=True, slots=True)
class Pictures:
    """That each concept found is to have a picture, and how it is to be made."""

    provider: str
    size: str
    """WIDTHxHEIGHT in pixels."""
    quality: str = "auto"
    style: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for."""

    depth: int
    """How many relations away from the topic concepts may lie; concepts at this depth are not expanded."""
    breadth: int
    """How many neighbours of one concept are followed at most."""
    sources: tuple[str, ...]
    """Names of knowledge sources, asked in this order."""
    instructions: str = ""
    language: str = "en"
    pictures: Pictures | None = None
    """None: no pictures are made."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Upper bounds; None is unbounded."""

    concepts: int | None = None
    seconds: float | None = None
    tokens: int | None = None
    cost_usd: float | None = None
    pictures: int | None = None


@dataclass(frozen=True, slots=True)
class Spend:
    """What was used. A reservation counts as spent until its attempt settles it."""

    concepts: int = 0
    seconds: float = 0.0
    """Time during which some process was working on it."""
    tokens: int = 0
    cost_usd: float = 0.0
    pictures: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is."""

    concepts_found: int = 0
    steps_done: int = 0
    steps_pending: int = 0
    steps_failed: int = 0


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one owner to commit, until it runs out or is handed back."""

    token: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Exploration:
    """One run from a topic into the graph."""

    id: str
    topic: str
    status: ExplorationStatus
    reason: str | None
    """Why it has this status, in words for a person; for BUDGET_REACHED it starts with the budget's name."""
    options: Options
    budget: Budget
    spent: Spend
    progress: Progress
    root: ConceptId | None
    """The topic's concept: given at the start, or known after the first step."""
    lease: Lease | None
    next_seq: int
    created: datetime
    started: datetime | None
    finished: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """One piece of work on one concept. (exploration, kind, concept) is unique."""

    id: str
    exploration: str
    kind: StepKind
    concept: ConceptId | None
    """None: the topic itself, before it is a stored concept."""
    depth: int
    """Of its concept; 0 is the topic."""
    priority: float
    """Within one depth, higher goes first."""
    state: StepState
    attempts: int
    """Attempts that failed or that reserved budget."""
    error: str | None
    spent: Spend
    """What its attempts used, reservations included."""
    reserved: Spend | None
    """What the attempt under way has booked."""
    retry_at: datetime | None
    """Not before this time, by the store's clock."""
    created: datetime
    finished: datetime | None
    answer: str | None = None
    """FAILED: what the source said that could not be used, word for word, for inspection."""


@dataclass(frozen=True, slots=True)
class Frontier:
    """The pending steps of one kind that may run as far as their depth goes."""

    ready: tuple[Step, ...]
    """Those that may run now, best first."""
    wait: float | None
    """Seconds until the first of the others may be tried again; None when there is none."""


@dataclass(frozen=True, slots=True)
class Member:
    """A concept that an exploration found."""

    exploration: str
    concept: ConceptId
    depth: int
    """The fewest relations between it and the topic, as far as the exploration went."""
    created: bool
    """Whether the exploration created it or met it."""
    seq: int
    """Number of the event that told of it."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, by number. Holds ids, never copies of content."""

    exploration: str
    seq: int
    kind: EventKind
    at: datetime
    progress: Progress
    concepts: tuple[ConceptId, ...] = ()
    """GRAPH_GREW: the members that joined."""
    created: tuple[ConceptId, ...] = ()
    """GRAPH_GREW: those of them that are new in the graph."""
    relations: tuple[RelationKey, ...] = ()
    """GRAPH_GREW: the relations that this step stated between members; another step may state them again."""
    step: str | None = None
    """GRAPH_GREW, IMAGE_READY, STEP_FAILED: the step."""
    error: str | None = None
    """STEP_FAILED: why."""
    will_retry: bool = False
    status: ExplorationStatus | None = None
    """STATUS_CHANGED: the new status."""
    reason: str | None = None
    image: str | None = None
    """IMAGE_READY: the image."""
