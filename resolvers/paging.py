"""Pages as clients ask for them: Relay's four arguments, and cursors that belong to one list."""

from dataclasses import dataclass

import orjson

from exploration.errors import InvalidRequest
from graphstore.model import Cursor, PageRequest
from resolvers.ids import decoded, encoded

DEFAULT = 20
"""The size of a page where none is asked for."""
MOST = 100
"""The size of the largest page."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The part of a list that a client asks for."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    def of(self, order: str) -> PageRequest:
        """The page of the list in this order. Raises `InvalidRequest`."""
        if self.first is not None and self.last is not None:
            raise InvalidRequest("first", "give either first or last, not both")
        backward = self.last is not None
        limit = checked_size("last", self.last) if backward else checked_size("first", self.first)
        return PageRequest(
            limit,
            after=None if self.after is None else _place("after", self.after, order),
            before=None if self.before is None else _place("before", self.before, order),
            backward=backward,
        )


def checked_size(argument: str, value: int | None, default: int = DEFAULT) -> int:
    """The size of a page. Raises `InvalidRequest`."""
    return default if value is None else checked_range(argument, value, 1, MOST)


def checked_range(argument: str, value: int, low: int, high: int) -> int:
    """The value, which lies between the bounds or is one of them. Raises `InvalidRequest`."""
    if not low <= value <= high:
        raise InvalidRequest(argument, f"{value:,} is not between {low:,} and {high:,}")
    return value


def cursor_text(order: str, cursor: Cursor) -> str:
    """A row's place in the list of that order, for clients to give back."""
    return encoded(orjson.dumps([order, *cursor]))


def _place(argument: str, text: str, order: str) -> Cursor:
    try:
        found, *place = orjson.loads(decoded(text))
    except (ValueError, TypeError):
        raise InvalidRequest(argument, f"{text[:80]!r} is no cursor; give one that this list has returned") from None
    if found != order or not all(isinstance(value, str | int | float) for value in place):
        raise InvalidRequest(argument, "this cursor belongs to another list, or to another order of this one")
    return tuple(place)
