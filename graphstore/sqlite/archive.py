"""Reading out a whole workspace, and writing it back."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import NamedTuple

from graphstore.changes import load
from graphstore.errors import UnavailableError
from graphstore.model import BatchLimits, Record
from graphstore.rows import explorations, graph, images
from graphstore.rows.graph import Row, listed
from graphstore.sqlite.lanes import ReadLane, within_time
from graphstore.transaction import Transact

_BATCH = 500


class _Kind(NamedTuple):
    table: str
    columns: Sequence[str]
    record: Callable[[Row], Record]
    order: str


_KINDS = (
    _Kind("concept", graph.CONCEPT, graph.concept, "id"),
    _Kind("merge", ("body",), graph.merge, "id"),
    _Kind("tombstone", graph.TOMBSTONE, graph.tombstone, "mark"),
    _Kind("image", images.IMAGE, images.image, "id"),
    _Kind("relation", graph.RELATION, graph.relation, "source, target, type"),
    _Kind("source", graph.SOURCE, graph.source, "id"),
    _Kind("evidence", graph.EVIDENCE, graph.evidence, "id"),
    _Kind("step", explorations.STEP, explorations.step, "id"),
    _Kind("member", explorations.MEMBER, explorations.member, "exploration, concept"),
    _Kind("event", explorations.EVENT, explorations.event, "exploration, seq"),
    _Kind("exploration", explorations.EXPLORATION, explorations.exploration, "id"),
    _Kind(
        "idempotent_result",
        explorations.IDEMPOTENT_RESULT,
        explorations.idempotent_result,
        "principal, mutation, key",
    ),
)


class SqliteArchive:
    """`graphstore.port.Archive`. Each export has a connection of its own on the slow lane."""

    batch = BatchLimits(seconds=0.04, rows=500)
    """Shorter than the 50 ms after which another process that waits for the file looks again."""

    def __init__(self, workspace: str, lane: ReadLane, transact: Transact) -> None:
        self._workspace = workspace
        self._lane = lane
        self._transact = transact

    async def export(self) -> AsyncIterator[Record]:
        """See `Archive.export`. The time limit is for one batch."""
        connection = await self._lane.call(self._begin)
        try:
            for kind in _KINDS:
                cursor = await self._lane.call(partial(self._select, connection, kind))
                while batch := await self._lane.call(partial(self._next, connection, cursor)):
                    for row in batch:
                        yield kind.record(row)
        finally:
            try:
                await self._lane.call(connection.close)
            except UnavailableError:  # the lane was closed while the export was under way
                connection.close()

    async def load(self, records: Sequence[Record]) -> Sequence[str | None]:
        """See `Archive.load`."""
        return await self._transact(lambda tx: load(tx, records))

    def _begin(self) -> sqlite3.Connection:
        connection = self._lane.connect()
        connection.execute("BEGIN")
        connection.execute("SELECT 1 FROM concept LIMIT 1").fetchall()  # the moment is that of the first read
        return connection

    def _select(self, connection: sqlite3.Connection, kind: _Kind) -> sqlite3.Cursor:
        sql = f"SELECT {listed(kind.columns)} FROM {kind.table} WHERE workspace = ? ORDER BY {kind.order}"
        return connection.execute(sql, (self._workspace,))

    def _next(self, connection: sqlite3.Connection, cursor: sqlite3.Cursor) -> list[Row]:
        return within_time(connection, self._lane.time_limit, lambda _: cursor.fetchmany(_BATCH))
