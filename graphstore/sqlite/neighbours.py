"""Reading the concepts at the other ends of relations."""

import sqlite3
from collections.abc import Mapping

from graphstore.model import Concept, Page, PageRequest
from graphstore.paging import grouped, page
from graphstore.rows.graph import CONCEPT, Row, concept, listed
from graphstore.sqlite.paging import Order
from graphstore.sqlite.rows import Parameters

_ORDER = Order(("doubt", "id"), (float, str))


def neighbours(
    db: sqlite3.Connection, ownerships: Mapping[str, str], parameters: Parameters, request: PageRequest
) -> list[Page[Concept]]:
    """A page of distinct concepts for each entry of `:asked`, by strongest relation, then id.

    `ownerships` tells by the column of the other end which relations count.
    """
    parameters = parameters | _ORDER.parameters(request)
    nearest = _nearest_sql(ownerships)
    rows = db.execute(_pages_sql(nearest, request), parameters).fetchall()
    groups, outsides = grouped(rows), _outsides(db, nearest, parameters, request)
    [(asked,)] = db.execute("SELECT json_array_length(:asked)", parameters).fetchall()
    return [
        page(groups.get(number, ()), request, lambda row: row[-3:-1], concept, outsides.get(number, (False, False)))
        for number in range(asked)
    ]


def neighbour_counts(
    db: sqlite3.Connection, ownerships: Mapping[str, str], parameters: Parameters
) -> Mapping[int, int]:
    """How many distinct concepts are at the other ends, by the number of the entry of `:asked`."""
    sql = f"SELECT number, count(*) FROM ({_nearest_sql(ownerships)}) GROUP BY number"
    return dict(db.execute(sql, parameters).fetchall())


def _nearest_sql(ownerships: Mapping[str, str]) -> str:
    near = " UNION ALL ".join(
        f"SELECT asked.key AS number, relation.{end} AS id, doubt FROM json_each(:asked) AS asked "
        f"CROSS JOIN relation ON {owned}"
        for end, owned in ownerships.items()
    )
    return f"SELECT number, id, min(doubt) AS doubt FROM ({near}) GROUP BY number, id"


def _pages_sql(nearest: str, request: PageRequest) -> str:
    return f"""
        SELECT {listed(CONCEPT, "c")}, near.doubt, near.id, near.number
        FROM (SELECT *, row_number() OVER (PARTITION BY number ORDER BY {_ORDER.by(backward=request.backward)}) AS place
              FROM ({nearest}) WHERE 1{_ORDER.within(request)}) AS near
        CROSS JOIN concept AS c ON c.workspace = :workspace AND c.id = near.id
        WHERE near.place <= :limit
        ORDER BY near.number, {_ORDER.by("near")}"""


def _outsides(
    db: sqlite3.Connection, nearest: str, parameters: Parameters, request: PageRequest
) -> dict[int, tuple[bool, bool]]:
    if request.after is None and request.before is None:
        return {}
    outside = _ORDER.outside(request, lambda beyond: f"max({beyond})")
    rows: list[Row] = db.execute(f"SELECT number, {outside} FROM ({nearest}) GROUP BY number", parameters).fetchall()
    return {number: (bool(first), bool(last)) for number, first, last in rows}
