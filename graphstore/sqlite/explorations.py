"""Reading explorations."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from graphstore.errors import NotFoundError
from graphstore.model import (
    Event,
    Exploration,
    ExplorationFilter,
    Frontier,
    Member,
    Page,
    PageRequest,
    Step,
    StepFilter,
    StepKind,
    name_key,
)
from graphstore.paging import in_order, limited, page
from graphstore.rows.explorations import (
    EVENT,
    EXPLORATION,
    MEMBER,
    STEP,
    event,
    exploration,
    member,
    step,
)
from graphstore.rows.graph import Row, listed, microseconds
from graphstore.sqlite.children import Children
from graphstore.sqlite.lanes import Read
from graphstore.sqlite.paging import Order
from graphstore.sqlite.rows import Parameters, as_json

_ORDER = Order(("created", "id"), (int, str), falling=True)
_MEMBERS = Children("member", MEMBER, Order(("seq", "concept"), (int, str)))
_STEPS = Children("step", STEP, Order(("created", "id"), (int, str)))

BY_ID = f"""
    SELECT {listed(EXPLORATION, "e")} FROM json_each(:ids) AS asked
    CROSS JOIN exploration AS e ON e.workspace = :workspace AND e.id = asked.value"""
STEPS_BY_ID = f"""
    SELECT {listed(STEP, "s")} FROM json_each(:ids) AS asked
    CROSS JOIN step AS s ON s.workspace = :workspace AND s.id = asked.value"""
_PENDING = """
    FROM step WHERE workspace = :workspace AND exploration = :id AND state = 'PENDING' AND kind = :kind
      AND depth <= CASE :kind WHEN 'EXPAND' THEN
        (SELECT min(depth) FROM step
         WHERE workspace = :workspace AND exploration = :id AND state = 'PENDING' AND kind = :kind)
      ELSE 2147483647 END"""
_READY = f"""
    SELECT {listed(STEP)} {_PENDING} AND coalesce(retry_at, 0) <= :now
    ORDER BY depth, unimportance, concept LIMIT :limit"""
_WAITING = f"SELECT min(retry_at) {_PENDING} AND retry_at > :now"
_EVENTS = f"""
    SELECT {listed(EVENT)} FROM event
    WHERE workspace = :workspace AND exploration = :id AND seq > :after ORDER BY seq LIMIT :limit"""
_OLDEST_SEQ = "SELECT min(seq) FROM event WHERE workspace = :workspace AND exploration = :id"
_NEXT_SEQ = "SELECT next_seq FROM exploration WHERE workspace = :workspace AND id = :id"


class SqliteExplorations:
    """`graphstore.port.Explorations`."""

    def __init__(self, workspace: str, read: Read) -> None:
        self._workspace = workspace
        self._read = read

    async def get(self, ids: Sequence[str]) -> Mapping[str, Exploration]:
        """See `Explorations.get`."""
        return await self._read(lambda db: by_id(db, self._workspace, ids))

    async def page(self, filter: ExplorationFilter, request: PageRequest) -> Page[Exploration]:
        """See `Explorations.page`."""
        condition, parameters = self._filtered(filter)
        parameters |= _ORDER.parameters(request)
        rows_sql = f"""
            SELECT {listed(EXPLORATION)}, {listed(_ORDER.columns)} FROM exploration
            WHERE {condition}{_ORDER.within(request)} {_ORDER.chosen(request)}"""
        exists = f"EXISTS (SELECT 1 FROM exploration WHERE {condition} AND %s)"
        outside_sql = f"SELECT {_ORDER.outside(request, lambda beyond: exists % beyond)}"

        def work(db: sqlite3.Connection) -> Page[Exploration]:
            rows = in_order(db.execute(rows_sql, parameters).fetchall(), request)
            outside = db.execute(outside_sql, parameters).fetchone()
            return page(rows, request, _ORDER.place, exploration, (bool(outside[0]), bool(outside[1])))

        return await self._read(work)

    async def count(self, filter: ExplorationFilter) -> int:
        """See `Explorations.count`."""
        condition, parameters = self._filtered(filter)
        sql = f"SELECT count(*) FROM exploration WHERE {condition}"
        return await self._read(lambda db: int(db.execute(sql, parameters).fetchone()[0]))

    async def members(self, ids: Sequence[str], request: PageRequest) -> Mapping[str, Page[Member]]:
        """See `Explorations.members`."""
        owned = "workspace = :workspace AND exploration = asked.value"
        parameters = {"workspace": self._workspace, "asked": as_json(ids)}
        pages = await self._read(lambda db: _MEMBERS.pages(db, [owned], parameters, request, lambda _: member))
        return dict(zip(ids, pages, strict=True))

    async def steps(self, ids: Sequence[str], filter: StepFilter, request: PageRequest) -> Mapping[str, Page[Step]]:
        """See `Explorations.steps`."""
        owned = "workspace = :workspace AND exploration = asked.value"
        parameters = {"workspace": self._workspace, "asked": as_json(ids)}
        if filter.states is not None:
            owned += " AND state IN (SELECT value FROM json_each(:states))"
            parameters["states"] = as_json(filter.states)
        pages = await self._read(lambda db: _STEPS.pages(db, [owned], parameters, request, lambda _: step))
        return dict(zip(ids, pages, strict=True))

    async def steps_by_id(self, ids: Sequence[str]) -> Mapping[str, Step]:
        """See `Explorations.steps_by_id`."""
        return await self._read(lambda db: steps_by_id(db, self._workspace, ids))

    async def frontier(self, id: str, kind: StepKind, limit: int) -> Frontier:
        """See `Explorations.frontier`."""
        now = microseconds(datetime.now(UTC))
        parameters = {"workspace": self._workspace, "id": id, "kind": kind, "now": now, "limit": limited(limit)}

        def work(db: sqlite3.Connection) -> Frontier:
            ready = tuple(map(step, db.execute(_READY, parameters)))
            [(first,)] = db.execute(_WAITING, parameters).fetchall()
            return Frontier(ready, None if first is None else (first - now) / 1_000_000)

        return await self._read(work)

    async def events(self, id: str, after: int, limit: int) -> Sequence[Event]:
        """See `Explorations.events`."""
        parameters = {"workspace": self._workspace, "id": id, "after": after, "limit": limited(limit)}

        def work(db: sqlite3.Connection) -> Sequence[Event]:
            self._next_seq(db, id)
            return tuple(map(event, db.execute(_EVENTS, parameters)))

        return await self._read(work)

    async def oldest_seq(self, id: str) -> int:
        """See `Explorations.oldest_seq`."""

        def work(db: sqlite3.Connection) -> int:
            next_seq = self._next_seq(db, id)
            [(oldest,)] = db.execute(_OLDEST_SEQ, {"workspace": self._workspace, "id": id}).fetchall()
            return next_seq if oldest is None else int(oldest)

        return await self._read(work)

    def _next_seq(self, db: sqlite3.Connection, id: str) -> int:
        row: Row | None = db.execute(_NEXT_SEQ, {"workspace": self._workspace, "id": id}).fetchone()
        if row is None:
            raise NotFoundError("exploration", id)
        return int(row[0])

    def _filtered(self, filter: ExplorationFilter) -> tuple[str, Parameters]:
        conditions, parameters = ["workspace = :workspace"], Parameters(workspace=self._workspace)
        if filter.statuses is not None:
            conditions.append("status IN (SELECT value FROM json_each(:statuses))")
            parameters["statuses"] = as_json(filter.statuses)
        if filter.topic is not None:
            conditions.append("topic_key = :topic")
            parameters["topic"] = name_key(filter.topic)
        return " AND ".join(conditions), parameters


def by_id(db: sqlite3.Connection, workspace: str, ids: Sequence[str]) -> dict[str, Exploration]:
    """Explorations by id."""
    rows = db.execute(BY_ID, {"workspace": workspace, "ids": as_json(ids)})
    return {found.id: found for found in map(exploration, rows)}


def steps_by_id(db: sqlite3.Connection, workspace: str, ids: Sequence[str]) -> dict[str, Step]:
    """Steps by id."""
    rows = db.execute(STEPS_BY_ID, {"workspace": workspace, "ids": as_json(ids)})
    return {found.id: found for found in map(step, rows)}
