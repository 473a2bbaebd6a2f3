"""Keyset pages in Cypher."""

from collections.abc import Callable
from dataclasses import dataclass

from graphstore.model import PageRequest
from graphstore.paging import Keyset


@dataclass(frozen=True, slots=True)
class Order(Keyset):
    """A keyset whose columns are terms such as `c.key`, held by an index in this order where there are many rows.

    An index gives its order only to those who name all of its properties: `fixed` are the terms before the columns,
    which are the same in all rows.
    """

    fixed: tuple[str, ...] = ()

    def by(self, *, backward: bool = False) -> str:
        """The ORDER BY terms."""
        direction = " DESC" if self.falling != backward else ""
        return ", ".join(column + direction for column in (*self.fixed, *self.columns))

    def beyond(self, cursor: str, *, backward: bool = False, inclusive: bool = False) -> str:
        """The condition that a row follows (or, backward, precedes) the place in the named parameters.

        It begins with a bound on the first column, which an index answers. The rest is a CASE because Neo4j may make
        of an OR the union of two ranges, which has no order.
        """
        sign = "<" if self.falling != backward else ">"
        last = len(self.columns) - 1
        condition = f"{self.columns[last]} {sign}{'=' if inclusive else ''} ${cursor}{last}"
        for i in reversed(range(last)):
            column, place = self.columns[i], f"${cursor}{i}"
            otherwise = f"{column} {sign} {place}" if i else "true"
            condition = f"CASE {column} WHEN {place} THEN {condition} ELSE {otherwise} END"
        return f"{self.columns[0]} {sign}= ${cursor}0 AND {condition}" if last else condition

    def stretches(self, cursor: str, *, backward: bool = False, inclusive: bool = False) -> tuple[str, ...]:
        """Conditions for the same rows in parts that follow one another. Each is one range of an index, so that it does
        not matter how many rows have a value in common with the place."""
        sign = "<" if self.falling != backward else ">"
        places = [(column, f"${cursor}{i}") for i, column in enumerate(self.columns)]
        last = len(places) - 1
        return tuple(
            " AND ".join(
                (
                    *(f"{column} = {place}" for column, place in places[:i]),
                    f"{places[i][0]} {sign}{'=' if inclusive and i == last else ''} {places[i][1]}",
                )
            )
            for i in reversed(range(last + 1))
        )

    def within(self, request: PageRequest) -> str:
        """The conditions that a row lies in the range asked for, each with its AND: something is said of the first
        column in any case, without which no index is used, and no more than that, which Neo4j might prefer."""
        after = f" AND {self.beyond('after')}" if request.after is not None else ""
        before = f" AND {self.beyond('before', backward=True)}" if request.before is not None else ""
        return after + before or f" AND {self.columns[0]} IS NOT NULL"

    def chosen(self, request: PageRequest) -> str:
        """The ORDER BY and LIMIT that keep a page and one row more."""
        return f"ORDER BY {self.by(backward=request.backward)} LIMIT $limit"

    def outside(self, request: PageRequest, found: Callable[[str], str]) -> str:
        """Two terms that tell whether rows lie before and behind the range. `found` turns a condition into the term
        that tells whether any row meets it."""
        before = found(self.beyond("after", backward=True, inclusive=True)) if request.after is not None else "false"
        behind = found(self.beyond("before", inclusive=True)) if request.before is not None else "false"
        return f"{before}, {behind}"
