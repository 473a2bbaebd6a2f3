"""Keyset pages: a place in an order is the values of its columns, and a page is what follows or precedes a place."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from graphstore.errors import InvalidError
from graphstore.model import Cursor, Item, Page, PageRequest
from graphstore.rows.graph import Row, is_text

T = TypeVar("T")

MAX_LIMIT = 1_000
_INT64 = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class Keyset:
    """An order over columns that all rise or all fall, the last of them unique; `types` are the columns'."""

    columns: tuple[str, ...]
    types: tuple[type[str | float | int], ...]
    falling: bool = False

    def parameters(self, request: PageRequest) -> dict[str, Any]:
        """The parameters `limit` (one more than asked for), `after0`, `after1` ..., `before0` ...

        Raises `InvalidError` for a limit or cursor that cannot be.
        """
        return {
            "limit": limited(request.limit) + 1,
            **self._bounds("after", request.after),
            **self._bounds("before", request.before),
        }

    def place(self, row: Row) -> Cursor:
        """Where a row stands, which ends with the columns."""
        return (*row[-len(self.columns) :],)

    def _bounds(self, name: str, cursor: Cursor | None) -> dict[str, Any]:
        if cursor is None:
            return {}
        if len(cursor) != len(self.types) or not all(map(_fits, cursor, self.types)):
            raise InvalidError("this cursor does not belong to this list")
        return {f"{name}{i}": value for i, value in enumerate(cursor)}


def page(
    rows: Sequence[Row],
    request: PageRequest,
    place: Callable[[Row], Cursor],
    value: Callable[[Row], T | None],
    outside: tuple[bool, bool] = (False, False),
) -> Page[T]:
    """A page of rows that stand in their order, one more than the limit where there are more.

    `outside` tells whether rows lie before and behind the range asked for. Rows without a value are left out.
    """
    more = len(rows) > request.limit
    kept = (rows[1:] if request.backward else rows[:-1]) if more else rows
    return Page(
        tuple([Item(found, place(row)) for row in kept if (found := value(row)) is not None]),
        has_next=outside[1] or (more and not request.backward),
        has_previous=outside[0] or (more and request.backward),
    )


def in_order(rows: list[Row], request: PageRequest) -> list[Row]:
    """Rows as they were chosen, in the order asked for."""
    return rows[::-1] if request.backward else rows


def grouped(rows: Iterable[Row]) -> Mapping[int, list[Row]]:
    """Rows by their last column, the number of the one they belong to."""
    groups: dict[int, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[-1], []).append(row)
    return groups


def limited(limit: int) -> int:
    """The limit, if it is one that may be asked for. Raises `InvalidError`."""
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidError(f"{limit} rows were asked for: it must be 1 to {MAX_LIMIT}")
    return limit


def _fits(value: object, type: type[str | float | int]) -> bool:
    if isinstance(value, str):
        return type is str and is_text(value)
    if isinstance(value, bool) or type is str:
        return False
    if isinstance(value, int):
        return value in _INT64
    return isinstance(value, float) and type is float and math.isfinite(value)
