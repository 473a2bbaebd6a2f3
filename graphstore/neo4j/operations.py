"""What concerns the database as a whole."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from neo4j import AsyncTransaction

from graphstore.errors import SchemaMismatch
from graphstore.neo4j import integrity, schema
from graphstore.neo4j.connection import Connection
from graphstore.neo4j.cypher import operations as cypher
from graphstore.neo4j.whole import unbroken
from graphstore.paging import limited
from graphstore.port import ExplorationRef, ImageRef, SchemaVersions, StoreStatus, Waiting
from graphstore.rows.graph import microseconds, moment
from graphstore.rows.operations import waiting
from graphstore.transaction import IDEMPOTENCY_LIFE

_TRIM_BATCH = 5_000
"""Nodes deleted in one transaction, so that it stays small."""


class Neo4jOperations:
    """`graphstore.port.Operations`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def migrate(self) -> int:
        """See `Operations.migrate`."""
        return await schema.migrate(self._connection, schema.migrations())

    async def versions(self) -> SchemaVersions:
        """See `Operations.versions`."""
        newest = len(schema.migrations())
        return SchemaVersions(await schema.version_of(self._connection, newest), newest)

    async def ping(self) -> None:
        """See `Operations.ping`. A database that was emptied while processes run lacks its schema too: without it two
        transactions may store the same thing, and much cannot be found."""
        stored, newest = await self._stored_version(), len(schema.migrations())
        if stored < newest:
            raise SchemaMismatch(
                f"the database at {self._connection.location} has schema version {stored} and not {newest}, as if it "
                "were new or older: `continuum migrate`, or the start of any process, brings it up to date"
            )

    async def status(self) -> StoreStatus:
        """See `Operations.status`."""
        server = await self._connection.server()
        version = await self._stored_version()  # also of a newer program, which may have migrated it meanwhile
        concepts, relations, explorations = await self._connection.read(cypher.COUNTS, {})
        location = f"{self._connection.location}/{self._connection.database}"
        return StoreStatus("neo4j", server.removeprefix("Neo4j/"), location, version, concepts, relations, explorations)

    async def verify(self) -> Sequence[str]:
        """See `Operations.verify`."""
        return await integrity.problems(self._connection)

    async def unowned(self, limit: int) -> Sequence[ExplorationRef]:
        """See `Operations.unowned`. What has run out is told by the store's clock."""
        refs = await self._connection.read(cypher.UNOWNED, {"limit": limited(limit)})
        return [(workspace, id) for workspace, id in unbroken(refs)]

    async def unowned_images(self, limit: int) -> Sequence[ImageRef]:
        """See `Operations.unowned_images`. What has run out is told by the store's clock."""
        refs = await self._connection.read(cypher.UNOWNED_IMAGES, {"limit": limited(limit)})
        return [(workspace, job) for workspace, job in unbroken(refs)]

    async def waiting(self) -> tuple[Waiting, Waiting]:
        """See `Operations.waiting`."""
        explorations, first_exploration, jobs, first_job, now = await self._connection.read(cypher.WAITING, {})
        return waiting((explorations, first_exploration), now), waiting((jobs, first_job), now)

    async def newest_seqs(self, refs: Sequence[ExplorationRef]) -> Mapping[ExplorationRef, int]:
        """See `Operations.newest_seqs`."""
        rows = await self._connection.read(cypher.NEWEST_SEQS, {"refs": [list(ref) for ref in refs]}) if refs else ()
        return {(workspace, id): seq for workspace, id, seq in unbroken(rows)}

    async def foreign_changes(self) -> int | None:
        """See `Operations.foreign_changes`. Neo4j cannot tell."""
        return None

    async def workspaces(self) -> Sequence[str]:
        """See `Operations.workspaces`."""
        return sorted(await self._connection.read(cypher.WORKSPACES, {}))

    async def trim(self, ended_before: datetime) -> int:
        """See `Operations.trim`. What is past its day is told by the store's clock."""
        now = moment(await self._connection.read(cypher.NOW, {}))
        await self._delete(cypher.TRIM_RESULTS, now - IDEMPOTENCY_LIFE)
        return await self._delete(cypher.TRIM_EVENTS, ended_before)

    async def _stored_version(self) -> int:
        version, _ = await self._connection.read(cypher.SCHEMA_VERSION, {})
        return int(version)

    async def _delete(self, statement: str, before: datetime) -> int:
        """In batches, each in a transaction of its own; how many."""

        async def batch(tx: AsyncTransaction) -> int:
            parameters = {"before": microseconds(before), "limit": _TRIM_BATCH}
            result = await tx.run(statement, parameters)
            return int((await result.single(strict=True))[0])

        trimmed = 0
        while deleted := await self._connection.write(batch):
            trimmed += deleted
        return trimmed
