"""Pages of what belongs to many owners (the relations of concepts, the steps of explorations), in one statement."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from graphstore.model import Page, PageRequest
from graphstore.paging import grouped, page
from graphstore.rows.graph import Row, listed
from graphstore.sqlite.paging import Order
from graphstore.sqlite.rows import Parameters

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Children:
    """Rows of a table, of which each owner has many in the same order.

    An owner is an entry `asked` of the JSON parameter `:asked`. A row belongs to it when one of `ownerships` holds;
    these are conditions that exclude each other, each with an index that has the order behind it.
    """

    table: str
    columns: tuple[str, ...]
    order: Order

    def pages(
        self,
        db: sqlite3.Connection,
        ownerships: Sequence[str],
        parameters: Parameters,
        request: PageRequest,
        hydrated: Callable[[Sequence[Row]], Callable[[Row], T | None]],
    ) -> list[Page[T]]:
        """A page for each owner, in the order in which they were asked. `hydrated` sees all rows at once and
        answers with what makes the value of one."""
        parameters = parameters | self.order.parameters(request)
        rows = db.execute(self._pages_sql(ownerships, request), parameters).fetchall()
        outsides = self._outsides(db, ownerships, parameters, request)
        value, groups, width = hydrated(rows), grouped(rows), len(self.order.columns) + 1
        return [
            page(groups.get(number, ()), request, lambda row: row[-width:-1], value, (bool(before), bool(behind)))
            for number, (before, behind) in enumerate(outsides)
        ]

    def counts(self, db: sqlite3.Connection, ownerships: Sequence[str], parameters: Parameters) -> list[int]:
        """How many rows each owner has."""
        counts = " + ".join(f"(SELECT count(*) FROM {self.table} WHERE {o})" for o in ownerships)
        sql = f"SELECT {counts} FROM json_each(:asked) AS asked ORDER BY asked.key"
        return [number for (number,) in db.execute(sql, parameters)]

    def first_sql(self, ownerships: Sequence[str]) -> str:
        """The statement for each row, once, that is among the first `:limit` of any owner."""
        return f"""
            SELECT {listed(self.columns, "t")} FROM {self.table} AS t WHERE t.row IN (
              SELECT near.row FROM json_each(:asked) AS asked
              CROSS JOIN {self.table} AS near ON near.row IN ({self._chosen(ownerships, PageRequest(1))}))"""

    def _pages_sql(self, ownerships: Sequence[str], request: PageRequest) -> str:
        return f"""
            SELECT {listed(self.columns, "t")}, {listed(self.order.columns, "t")}, asked.key
            FROM json_each(:asked) AS asked
            CROSS JOIN {self.table} AS t ON t.row IN ({self._chosen(ownerships, request)})
            ORDER BY asked.key, {self.order.by(table="t")}"""

    def _chosen(self, ownerships: Sequence[str], request: PageRequest) -> str:
        chosen = self.order.chosen(request)
        columns = "row" if len(ownerships) == 1 else listed(("row", *self.order.columns))
        parts = [
            f"SELECT {columns} FROM {self.table} WHERE {owned}{self.order.within(request)} {chosen}"
            for owned in ownerships
        ]
        if len(parts) == 1:
            return parts[0]
        return f"SELECT row FROM ({' UNION ALL '.join(f'SELECT * FROM ({part})' for part in parts)}) {chosen}"

    def _outsides(
        self, db: sqlite3.Connection, ownerships: Sequence[str], parameters: Parameters, request: PageRequest
    ) -> list[Row]:
        """For each owner, whether it has rows before and behind the range."""

        def exists(beyond: str) -> str:
            return " OR ".join(f"EXISTS (SELECT 1 FROM {self.table} WHERE {o} AND {beyond})" for o in ownerships)

        sql = f"SELECT {self.order.outside(request, exists)} FROM json_each(:asked) AS asked ORDER BY asked.key"
        return db.execute(sql, parameters).fetchall()
