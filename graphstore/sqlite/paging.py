"""Keyset pages in SQL."""

from collections.abc import Callable
from dataclasses import dataclass

from graphstore.model import PageRequest
from graphstore.paging import Keyset
from graphstore.rows.graph import listed


@dataclass(frozen=True, slots=True)
class Order(Keyset):
    """A keyset whose columns an index holds in this order."""

    def by(self, table: str = "", *, backward: bool = False) -> str:
        """The ORDER BY terms."""
        direction = " DESC" if self.falling != backward else ""
        return ", ".join(c + direction for c in listed(self.columns, table).split(", "))

    def beyond(self, cursor: str, *, backward: bool = False, inclusive: bool = False) -> str:
        """The condition that a row follows (or, backward, precedes) the place in the named parameters."""
        sign = "<" if self.falling != backward else ">"
        places = ", ".join(f":{cursor}{i}" for i in range(len(self.columns)))
        return f"({', '.join(self.columns)}) {sign}{'=' if inclusive else ''} ({places})"

    def within(self, request: PageRequest) -> str:
        """The conditions that a row lies in the range asked for, each with its AND."""
        after = f" AND {self.beyond('after')}" if request.after is not None else ""
        before = f" AND {self.beyond('before', backward=True)}" if request.before is not None else ""
        return after + before

    def chosen(self, request: PageRequest) -> str:
        """The ORDER BY and LIMIT that keep a page and one row more."""
        return f"ORDER BY {self.by(backward=request.backward)} LIMIT :limit"

    def outside(self, request: PageRequest, found: Callable[[str], str]) -> str:
        """Two terms that tell whether rows lie before and behind the range. `found` turns a condition into the term
        that tells whether any row meets it."""
        before = found(self.beyond("after", backward=True, inclusive=True)) if request.after is not None else "0"
        behind = found(self.beyond("before", inclusive=True)) if request.before is not None else "0"
        return f"{before}, {behind}"
