"""What concerns the file as a whole."""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from graphstore.paging import limited
from graphstore.port import ExplorationRef, ImageRef, SchemaVersions, StoreStatus, Waiting
from graphstore.rows.graph import microseconds
from graphstore.rows.operations import waiting
from graphstore.sqlite import integrity, schema
from graphstore.sqlite.lanes import Lane, Read
from graphstore.sqlite.rows import as_json
from graphstore.sqlite.transaction import in_transaction
from graphstore.transaction import IDEMPOTENCY_LIFE

_TRIM_BATCH = 5_000
"""Events deleted in one transaction, so that writers need not wait long."""

_COUNTS = """
    SELECT (SELECT coalesce(sum(count), 0) FROM tally WHERE noun = 'concept'),
           (SELECT coalesce(sum(count), 0) FROM relation_type),
           (SELECT count(*) FROM exploration)"""
_UNOWNED = """
    SELECT workspace, id FROM exploration
    WHERE status IN ('QUEUED', 'RUNNING') AND coalesce(lease_until, 0) <= :now ORDER BY created, id LIMIT :limit"""
_UNOWNED_IMAGES = """
    SELECT workspace, job FROM image WHERE status IN ('QUEUED', 'GENERATING')
    GROUP BY created, workspace, job HAVING max(coalesce(lease_until, 0)) <= :now
    ORDER BY created, workspace, job LIMIT :limit"""
_WAITING = """
    WITH unowned AS (
      SELECT workspace, id, next_seq, created, lease_until FROM exploration
      WHERE status IN ('QUEUED', 'RUNNING') AND coalesce(lease_until, 0) <= :now
    ), first AS (SELECT * FROM unowned ORDER BY created LIMIT 1000
    ), job AS (
      SELECT max(created, max(coalesce(lease_until, 0))) AS since FROM image WHERE status IN ('QUEUED', 'GENERATING')
      GROUP BY created, workspace, job HAVING max(coalesce(lease_until, 0)) <= :now)
    SELECT (SELECT count(*) FROM unowned),
      (SELECT min(max(f.created, coalesce(f.lease_until, 0), coalesce(v.at, 0))) FROM first AS f LEFT JOIN event AS v
        ON v.workspace = f.workspace AND v.exploration = f.id AND v.seq = f.next_seq - 1),
      (SELECT count(*) FROM job), (SELECT min(since) FROM job)"""
_NEWEST_SEQS = """
    SELECT e.workspace, e.id, e.next_seq - 1 FROM json_each(:refs) AS asked
    CROSS JOIN exploration AS e ON e.workspace = asked.value ->> 0 AND e.id = asked.value ->> 1"""
_WORKSPACES = " UNION ".join(
    f"""
    SELECT * FROM (
      WITH RECURSIVE found(its) AS (
        SELECT min(workspace) FROM {table}
        UNION ALL
        SELECT (SELECT min(workspace) FROM {table} WHERE workspace > its) FROM found WHERE its IS NOT NULL
      )
      SELECT its FROM found WHERE its IS NOT NULL
    )"""
    for table in ("concept", "source", "tombstone", "step", "event", "exploration")
)
"""One look into an index for each workspace and table, however much lies between."""
_TRIM_EVENTS = """
    DELETE FROM event WHERE rowid IN (
      SELECT event.rowid FROM exploration AS e
      CROSS JOIN event ON event.workspace = e.workspace AND event.exploration = e.id
      WHERE e.finished < :before LIMIT :limit)"""
_TRIM_RESULTS = "DELETE FROM idempotent_result WHERE created <= :before"


class SqliteOperations:
    """`graphstore.port.Operations`."""

    def __init__(self, path: Path, writer: Lane, read: Read) -> None:
        self._path = path
        self._writer = writer
        self._read = read

    async def migrate(self) -> int:
        """See `Operations.migrate`."""
        return await self._writer.run(lambda db: schema.migrate(db, self._path, schema.migrations()))

    async def versions(self) -> SchemaVersions:
        """See `Operations.versions`. A file that is not there is not made for it."""
        newest = len(schema.migrations())
        if not self._path.exists():
            return SchemaVersions(0, newest)
        stored = await self._read(lambda db: schema.version_of(db, self._path, newest))
        return SchemaVersions(stored, newest)

    async def ping(self) -> None:
        """See `Operations.ping`."""
        await self._read(lambda db: db.execute("SELECT 1 FROM concept LIMIT 1").fetchall())

    async def status(self) -> StoreStatus:
        """See `Operations.status`."""

        def work(db: sqlite3.Connection) -> StoreStatus:
            version = schema.version_of(db, self._path, len(schema.migrations()))
            concepts, relations, explorations = db.execute(_COUNTS).fetchone()
            return StoreStatus(
                "sqlite", sqlite3.sqlite_version, str(self._path), version, concepts, relations, explorations
            )

        return await self._read(work)

    async def verify(self) -> Sequence[str]:
        """See `Operations.verify`. On a connection of its own: neither readers nor writers wait for it."""
        return await asyncio.to_thread(integrity.problems, self._path)

    async def unowned(self, limit: int) -> Sequence[ExplorationRef]:
        """See `Operations.unowned`."""
        parameters = {"now": microseconds(datetime.now(UTC)), "limit": limited(limit)}
        return await self._read(lambda db: db.execute(_UNOWNED, parameters).fetchall())

    async def unowned_images(self, limit: int) -> Sequence[ImageRef]:
        """See `Operations.unowned_images`."""
        parameters = {"now": microseconds(datetime.now(UTC)), "limit": limited(limit)}
        return await self._read(lambda db: db.execute(_UNOWNED_IMAGES, parameters).fetchall())

    async def waiting(self) -> tuple[Waiting, Waiting]:
        """See `Operations.waiting`."""
        now = microseconds(datetime.now(UTC))
        row = await self._read(lambda db: db.execute(_WAITING, {"now": now}).fetchone())
        return waiting(row[:2], now), waiting(row[2:], now)

    async def newest_seqs(self, refs: Sequence[ExplorationRef]) -> Mapping[ExplorationRef, int]:
        """See `Operations.newest_seqs`."""
        parameters = {"refs": as_json(refs)}
        rows = await self._read(lambda db: db.execute(_NEWEST_SEQS, parameters).fetchall())
        return {(workspace, id): seq for workspace, id, seq in rows}

    async def foreign_changes(self) -> int | None:
        """See `Operations.foreign_changes`. On the writing connection, `data_version` stands for all others'
        commits, and only the writing connections of other processes commit."""
        return await self._writer.run(lambda db: int(db.execute("PRAGMA data_version").fetchone()[0]))

    async def workspaces(self) -> Sequence[str]:
        """See `Operations.workspaces`."""
        rows = await self._read(lambda db: db.execute(_WORKSPACES).fetchall())
        return sorted(name for (name,) in rows)

    async def trim(self, ended_before: datetime) -> int:
        """See `Operations.trim`."""
        old = {"before": microseconds(datetime.now(UTC) - IDEMPOTENCY_LIFE)}
        await self._writer.run(lambda db: in_transaction(db, lambda: db.execute(_TRIM_RESULTS, old)))
        parameters = {"before": microseconds(ended_before), "limit": _TRIM_BATCH}
        trimmed = 0
        while deleted := await self._writer.run(
            lambda db: in_transaction(db, lambda: db.execute(_TRIM_EVENTS, parameters).rowcount)
        ):
            trimmed += deleted
        return trimmed
