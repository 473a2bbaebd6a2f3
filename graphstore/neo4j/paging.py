"""Keyset pages in Cypher."""

from dataclasses import dataclass

from graphstore.model import PageRequest
from graphstore.paging import Keyset


@dataclass(frozen=True, slots=True)
class Order(Keyset):
    """A keyset whose columns are terms such as `c.key`, held by an index in this order where there are many rows."""

    def by(self, *, backward: bool = False) -> str:
        """The ORDER BY terms."""
        direction = " DESC" if self.falling != backward else ""
        return ", ".join(column + direction for column in self.columns)

    def beyond(self, cursor: str, *, backward: bool = False, inclusive: bool = False) -> str:
        """The condition that a row follows (or, backward, precedes) the place in the named parameters.

        It begins with a bound on the first column, which an index answers.
        """
        sign = "<" if self.falling != backward else ">"
        last = len(self.columns) - 1
        condition = f"{self.columns[last]} {sign}{'=' if inclusive else ''} ${cursor}{last}"
        for i in reversed(range(last)):
            column, place = self.columns[i], f"${cursor}{i}"
            condition = f"{column} {sign}= {place} AND ({column} {sign} {place} OR {condition})"
        return f"({condition})"

    def within(self, request: PageRequest) -> str:
        """The conditions that a row lies in the range asked for, each with its AND."""
        after = f" AND {self.beyond('after')}" if request.after is not None else ""
        before = f" AND {self.beyond('before', backward=True)}" if request.before is not None else ""
        return after + before

    def chosen(self, request: PageRequest) -> str:
        """The ORDER BY and LIMIT that keep a page and one row more."""
        return f"ORDER BY {self.by(backward=request.backward)} LIMIT $limit"
