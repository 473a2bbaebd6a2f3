"""What a knowledge source does: it finds a topic, and it tells what it knows of a subject."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from providers.price import Price


@dataclass(frozen=True, slots=True)
class Reference:
    """What a statement can be cited by."""

    key: str
    """The same for the same source, for example `atlas:Photosynthesis`."""
    origin: str
    """Who stands behind it; references of one origin are not independent of each other."""
    kind: str
    """ATLAS, MODEL, PAGE, DOCUMENT, DATASET or PERSON."""
    title: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """A concept as it is named to a source, or by one."""

    name: str
    kind: str = ""
    domain: str = ""
    summary: str = ""
    aliases: tuple[str, ...] = ()
    external_ids: Mapping[str, str] = field(default_factory=dict)
    concept_id: str | None = None
    """The stored concept that it is, where that is known."""
    sense: str | None = None
    """Given where the source has several concepts of one name and kind: its own id for this one."""
    reference: Reference | None = None
    """Where its summary comes from."""
    topic: str | None = None
    """The words by which the source finds exactly this one, where the name alone does not."""


@dataclass(frozen=True, slots=True)
class Link:
    """One typed statement between the subject asked about and another one."""

    type: str
    other: Subject
    forward: bool
    """True: subject TYPE other. False: other TYPE subject."""
    confidence: float = 1.0
    quote: str = ""
    """The source's words for it."""
    reference: Reference | None = None
    """None only for a relation that is stored already."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a source knows of a subject, best first."""

    subject: Subject
    """The subject as the source knows it."""
    links: tuple[Link, ...] = ()
    tokens: int = 0
    """Used by this answer."""
    cost_usd: float = 0.0
    known: bool = True
    """False: the source was asked, at this cost, and does not know the subject."""
    repaired: bool = False
    """It took a second attempt until the answer had its form."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about one subject."""

    subject: Subject
    breadth: int
    """How many different neighbours are wanted at most."""
    path: tuple[str, ...] = ()
    """The names that led here, the topic first."""
    instructions: str = ""
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Known:
    """The topic is this subject."""

    subject: Subject


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """The topic is one of these; a person has to choose."""

    senses: tuple[Subject, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """The source does not know the topic."""

    suggestions: tuple[str, ...] = ()
    """The nearest topics that it does know, nearest first."""


Resolution: TypeAlias = Known | Ambiguous | Unknown


@dataclass(frozen=True, slots=True)
class Card:
    """What a source says of itself."""

    name: str
    description: str
    available: bool
    reason: str | None
    """Why it is not available, and what it needs."""
    costs: str
    """In words: what an answer costs."""
    free: bool = False
    """Whether asking costs nothing and reaches nothing outside."""


class KnowledgeSource(Protocol):
    """A place to ask. Every method may raise `providers.errors.ProviderError`; none takes longer than its own limit."""

    name: str

    def card(self) -> Card:
        """What it is; no I/O."""
        ...

    async def resolve(self, topic: str) -> Resolution:
        """Find a topic by the words a person uses for it."""
        ...

    def price(self, question: Question) -> Price:
        """The worst case of one answer; no I/O."""
        ...

    async def research(self, question: Question) -> Findings | None:
        """What the source knows of the subject; None when it does not know it and that cost nothing. Asking twice is
        harmless, if not free."""
        ...
