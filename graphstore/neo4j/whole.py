"""Rows of what was there for as long as it was read.

Neo4j reads one property after another and sees what others commit meanwhile: of a node that they delete the rest is
null. Its row is left out then, as it would be a moment later. What a commit changes meanwhile may be read half before
and half after it.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from graphstore.rows import explorations, graph, images
from graphstore.rows.graph import Row

T = TypeVar("T")


class Whole(Generic[T]):
    """Values of one kind, from rows that begin with its columns; of what stands behind those, such as a place in an
    order, nothing is null."""

    def __init__(self, columns: Sequence[str], value: Callable[[Row], T], maybe: Sequence[str] = ()) -> None:
        """Columns that are in `maybe` may be null."""
        self._value = value
        self._maybe = frozenset(number for number, column in enumerate(columns) if column in maybe)

    def __call__(self, row: Row) -> T | None:
        """The value; None where the row is not whole."""
        return self._value(row) if self.holds(row) else None

    def all(self, rows: Iterable[Row]) -> list[T]:
        """The values of those rows that are whole."""
        return [self._value(row) for row in rows if self.holds(row)]

    def rows(self, rows: Iterable[Row]) -> list[Row]:
        """Those rows that are whole."""
        return [row for row in rows if self.holds(row)]

    def holds(self, row: Row) -> bool:
        """Whether the row is whole."""
        return None not in row or all(v is not None or number in self._maybe for number, v in enumerate(row))


def unbroken(rows: Iterable[Row]) -> list[Row]:
    """Those rows of which nothing is null, where none of it may be."""
    return [row for row in rows if None not in row]


concept = Whole(graph.CONCEPT, graph.concept)
relation = Whole(graph.RELATION, graph.relation)
source = Whole(graph.SOURCE, graph.source, graph.MAYBE_OF_SOURCE)
evidence = Whole(graph.EVIDENCE, graph.evidence, graph.MAYBE_OF_EVIDENCE)
tombstone = Whole(graph.TOMBSTONE, graph.tombstone)
merge = Whole(("body",), graph.merge)
exploration = Whole(explorations.EXPLORATION, explorations.exploration, explorations.MAYBE_OF_EXPLORATION)
step = Whole(explorations.STEP, explorations.step, explorations.MAYBE_OF_STEP)
member = Whole(explorations.MEMBER, explorations.member)
event = Whole(explorations.EVENT, explorations.event, explorations.MAYBE_OF_EVENT)
idempotent_result = Whole(explorations.IDEMPOTENT_RESULT, explorations.idempotent_result)
image = Whole(images.IMAGE, images.image, images.MAYBE_OF_IMAGE)
