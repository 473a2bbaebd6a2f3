"""Reading concepts."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from graphstore.model import (
    Concept,
    ConceptFilter,
    ConceptId,
    ConceptOrder,
    Hit,
    Page,
    PageRequest,
    name_key,
)
from graphstore.paging import in_order, page
from graphstore.rows.graph import CONCEPT, Row, concept, listed
from graphstore.senses import senses
from graphstore.sqlite import search
from graphstore.sqlite.lanes import Read
from graphstore.sqlite.paging import Order
from graphstore.sqlite.rows import Parameters, as_json

_COLUMNS = listed(CONCEPT, "c")

BY_ID = f"""
    SELECT {_COLUMNS}, asked.key FROM json_each(:ids) AS asked
    CROSS JOIN concept AS c ON c.workspace = :workspace AND c.id = asked.value"""
BY_MERGED_ID = f"""
    WITH RECURSIVE home (number, id) AS (
      SELECT asked.key, asked.value FROM json_each(:ids) AS asked
      UNION
      SELECT home.number, merge.target FROM home
      CROSS JOIN merge ON merge.workspace = :workspace AND merge.id = home.id)
    SELECT {_COLUMNS}, home.number FROM home CROSS JOIN concept AS c ON c.workspace = :workspace AND c.id = home.id"""
BY_NAME = f"""
    SELECT {_COLUMNS}, asked.key FROM json_each(:keys) AS asked
    CROSS JOIN concept AS c ON c.workspace = :workspace AND c.key = asked.value"""
BY_ALIAS = f"""
    SELECT {_COLUMNS}, asked.key FROM json_each(:keys) AS asked
    CROSS JOIN concept_alias AS a ON a.workspace = :workspace AND a.key = asked.value
    CROSS JOIN concept AS c ON c.row = a.concept"""
BY_EXTERNAL_ID = f"""
    SELECT {_COLUMNS}, asked.key FROM json_each(:ids) AS asked
    CROSS JOIN concept_external AS e
      ON e.workspace = :workspace AND e.scheme = asked.value ->> 0 AND e.value = asked.value ->> 1
    CROSS JOIN concept AS c ON c.row = e.concept
    ORDER BY c.id DESC"""  # the oldest comes last and stays

ORDERS: Mapping[ConceptOrder, Order] = {
    ConceptOrder.NAME: Order(("c.key", "c.id"), (str, str)),
    ConceptOrder.NEWEST: Order(("c.created", "c.id"), (int, str), falling=True),
    ConceptOrder.OLDEST: Order(("c.created", "c.id"), (int, str)),
    ConceptOrder.MOST_CONNECTED: Order(("c.lack_of_degree", "c.id"), (int, str)),
    ConceptOrder.MOST_SUPPORTED: Order(("c.lack_of_support", "c.id"), (int, str)),
}


class SqliteConcepts:
    """`graphstore.port.Concepts`."""

    def __init__(self, workspace: str, read: Read) -> None:
        self._workspace = workspace
        self._read = read

    async def get(self, ids: Sequence[ConceptId], *, follow_merges: bool = True) -> Mapping[ConceptId, Concept]:
        """See `Concepts.get`."""
        return await self._read(lambda db: by_id(db, self._workspace, ids, follow_merges=follow_merges))

    async def named(self, keys: Sequence[str]) -> Mapping[str, Sequence[Concept]]:
        """See `Concepts.named`."""
        parameters = {"workspace": self._workspace, "keys": as_json(keys)}
        return await self._read(
            lambda db: senses(keys, db.execute(BY_NAME, parameters), db.execute(BY_ALIAS, parameters))
        )

    async def by_external_id(self, ids: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Concept]:
        """See `Concepts.by_external_id`."""
        return await self._read(lambda db: by_external_id(db, self._workspace, ids))

    async def page(self, filter: ConceptFilter, order: ConceptOrder, request: PageRequest) -> Page[Concept]:
        """See `Concepts.page`."""
        keyset = ORDERS[order]
        condition, parameters = filtered(self._workspace, filter)
        parameters |= keyset.parameters(request)
        rows_sql = f"""
            SELECT {_COLUMNS}, {", ".join(keyset.columns)} FROM concept AS c
            WHERE {condition}{keyset.within(request)} {keyset.chosen(request)}"""
        exists = f"EXISTS (SELECT 1 FROM concept AS c WHERE {condition} AND %s)"
        outside_sql = f"SELECT {keyset.outside(request, lambda beyond: exists % beyond)}"

        def work(db: sqlite3.Connection) -> Page[Concept]:
            rows = in_order(db.execute(rows_sql, parameters).fetchall(), request)
            outside = db.execute(outside_sql, parameters).fetchone()
            return page(rows, request, keyset.place, concept, (bool(outside[0]), bool(outside[1])))

        return await self._read(work)

    async def count(self, filter: ConceptFilter) -> int:
        """See `Concepts.count`."""
        if filter == ConceptFilter():
            sql = "SELECT coalesce(sum(count), 0) FROM tally WHERE workspace = :workspace AND noun = 'concept'"
            return await self._read(lambda db: int(db.execute(sql, {"workspace": self._workspace}).fetchone()[0]))
        condition, parameters = filtered(self._workspace, filter)
        sql = f"SELECT count(*) FROM concept AS c WHERE {condition}"
        return await self._read(lambda db: int(db.execute(sql, parameters).fetchone()[0]))

    async def search(self, text: str, filter: ConceptFilter, request: PageRequest) -> Page[Hit[Concept]]:
        """See `Concepts.search`."""
        condition, parameters = filtered(self._workspace, filter)
        return await self._read(lambda db: search.hits(db, text, condition, parameters, request))

    async def count_hits(self, text: str, filter: ConceptFilter) -> int:
        """See `Concepts.count_hits`."""
        condition, parameters = filtered(self._workspace, filter)
        return await self._read(lambda db: search.count(db, text, condition, parameters))

    async def similar(self, ids: Sequence[ConceptId], limit: int) -> Mapping[ConceptId, Sequence[Concept]]:
        """See `Concepts.similar`."""

        def work(db: sqlite3.Connection) -> Mapping[ConceptId, Sequence[Concept]]:
            asked = by_id(db, self._workspace, ids, follow_merges=True)
            return {id: search.similar(db, self._workspace, each, limit) for id, each in asked.items()}

        return await self._read(work)


def by_id(
    db: sqlite3.Connection, workspace: str, ids: Sequence[ConceptId], *, follow_merges: bool
) -> dict[ConceptId, Concept]:
    """Concepts by the id asked for."""
    found = _by_number(db, BY_ID, workspace, ids)
    missing = [id for id in dict.fromkeys(ids) if id not in found]
    if follow_merges and missing:
        found |= _by_number(db, BY_MERGED_ID, workspace, missing)
    return found


def by_external_id(
    db: sqlite3.Connection, workspace: str, ids: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Concept]:
    """Concepts by (scheme, value)."""
    rows = db.execute(BY_EXTERNAL_ID, {"workspace": workspace, "ids": as_json(ids)})
    return {ids[row[-1]]: concept(row) for row in rows}


def filtered(workspace: str, filter: ConceptFilter) -> tuple[str, Parameters]:
    """The condition on concept `c`, and its parameters."""
    conditions, parameters = ["c.workspace = :workspace"], Parameters(workspace=workspace)
    for column, values in (("kind", filter.kinds), ("domain", filter.domains)):
        if values is not None:
            conditions.append(f"c.{column} IN (SELECT value FROM json_each(:{column}s))")
            parameters[f"{column}s"] = as_json(values)
    if filter.name_prefix is not None:
        conditions.append("c.key >= :prefix AND c.key < :prefix || char(0x10FFFF)")
        parameters["prefix"] = name_key(filter.name_prefix)
    if filter.min_confidence is not None:
        conditions.append("c.confidence >= :min_confidence")
        parameters["min_confidence"] = filter.min_confidence
    return " AND ".join(conditions), parameters


def _by_number(db: sqlite3.Connection, sql: str, workspace: str, ids: Sequence[ConceptId]) -> dict[ConceptId, Concept]:
    rows: Iterable[Row] = db.execute(sql, {"workspace": workspace, "ids": as_json(ids)}).fetchall()
    return {ids[row[-1]]: concept(row) for row in rows}
