"""Pages of anything: requests, results, filters and orders."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeAlias, TypeVar

from graphstore.model.exploration import ExplorationStatus, StepState

T = TypeVar("T")
U = TypeVar("U")

Cursor: TypeAlias = tuple[str | float | int, ...]
"""A row's place in its order: the values it is ordered by, the last of them unique."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """`limit` rows after (or, going backward, before) a place. Rows always come in the order asked for."""

    limit: int
    after: Cursor | None = None
    before: Cursor | None = None
    backward: bool = False
    """True: the last `limit` rows of the range between `after` and `before`, else the first ones."""


@dataclass(frozen=True, slots=True)
class Item(Generic[T]):
    """A row and its place."""

    value: T
    cursor: Cursor


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of rows; `has_next` and `has_previous` tell whether rows lie beyond it."""

    items: tuple[Item[T], ...] = ()
    has_next: bool = False
    has_previous: bool = False

    def map(self, change: Callable[[T], U]) -> "Page[U]":
        """The same page with each value changed."""
        items = tuple(Item(change(i.value), i.cursor) for i in self.items)
        return Page(items, self.has_next, self.has_previous)


class Direction(StrEnum):
    """Which relations of a concept: those that start there, that end there, or all."""

    OUT = "OUT"
    IN = "IN"
    BOTH = "BOTH"


class ConceptOrder(StrEnum):
    """How concepts are ordered; ties are broken by id."""

    NAME = "NAME"
    NEWEST = "NEWEST"
    OLDEST = "OLDEST"
    MOST_CONNECTED = "MOST_CONNECTED"
    MOST_SUPPORTED = "MOST_SUPPORTED"


@dataclass(frozen=True, slots=True)
class ConceptFilter:
    """All that is given must hold."""

    kinds: tuple[str, ...] | None = None
    domains: tuple[str, ...] | None = None
    name_prefix: str | None = None
    min_confidence: float | None = None


@dataclass(frozen=True, slots=True)
class ExplorationFilter:
    """All that is given must hold."""

    statuses: tuple[ExplorationStatus, ...] | None = None
    topic: str | None = None
    """Explorations whose topic has this name key."""


@dataclass(frozen=True, slots=True)
class StepFilter:
    """All that is given must hold."""

    states: tuple[StepState, ...] | None = None


@dataclass(frozen=True, slots=True)
class Hit(Generic[T]):
    """A search result."""

    value: T
    score: float
    """Higher is better; comparable within one answer only."""
    matched: tuple[str, ...]
    """Which of name, aliases and summary hold the words."""
    snippet: str
    """A stretch of the text with the matching words between «»."""
