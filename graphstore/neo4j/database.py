"""An opened Neo4j database and the stores of its workspaces."""

import stamina
from neo4j import AsyncGraphDatabase, NotificationMinimumSeverity

from graphstore.changes import StoreControl, StoreCuration, StoreImageJobs, StoreWork
from graphstore.neo4j.archive import Neo4jArchive
from graphstore.neo4j.concepts import Neo4jConcepts
from graphstore.neo4j.connection import Connection, log_retry
from graphstore.neo4j.explorations import Neo4jExplorations
from graphstore.neo4j.images import Neo4jImages
from graphstore.neo4j.operations import Neo4jOperations
from graphstore.neo4j.relations import Neo4jRelations
from graphstore.neo4j.transaction import Neo4jTransact
from graphstore.port import Connections

READ_TIME_LIMIT = 5.0
"""Seconds after which a read is stopped."""
CONNECT_TIME_LIMIT = 3.0
POOL_SIZE = 50
"""Connections that one process opens at most."""


class Neo4jStore:
    """`graphstore.port.Store`."""

    def __init__(self, connection: Connection, workspace: str) -> None:
        transact = Neo4jTransact(workspace, connection)
        self.workspace = workspace
        self.concepts = Neo4jConcepts(workspace, connection)
        self.relations = Neo4jRelations(workspace, connection)
        self.curation = StoreCuration(transact)
        self.explorations = Neo4jExplorations(workspace, connection)
        self.control = StoreControl(transact)
        self.work = StoreWork(transact)
        self.images = Neo4jImages(workspace, connection)
        self.image_jobs = StoreImageJobs(transact)
        self.archive = Neo4jArchive(workspace, connection, transact)


class Neo4jDatabase:
    """`graphstore.port.Database`: a pool of connections, over which each read or transaction takes one."""

    adapter = "neo4j"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.operations = Neo4jOperations(connection)

    @property
    def connections(self) -> Connections:
        """See `Database.connections`."""
        calls = self._connection.calls
        active = min(calls, POOL_SIZE)
        return Connections(active, POOL_SIZE, calls - active)

    def within(self, workspace: str) -> Neo4jStore:
        """See `Database.within`."""
        return Neo4jStore(self._connection, workspace)

    async def close(self) -> None:
        """See `Database.close`."""
        await self._connection.close()


async def open_database(
    uri: str,
    *,
    user: str | None = None,
    password: str | None = None,
    database: str = "neo4j",
    read_time_limit: float = READ_TIME_LIMIT,
    migrate: bool = True,
) -> Neo4jDatabase:
    """Connect, and migrate the database where that is due; without `migrate` it stays as it is.

    `uri` is `bolt://host:7687`, `neo4j://...` for a cluster, `+s` for TLS; without `user` no one logs in.
    Raises `SchemaMismatch` for a database of a newer version of this program, `UnavailableError`.
    """
    stamina.instrumentation.set_on_retry_hooks([log_retry])
    driver = AsyncGraphDatabase.driver(
        uri,
        auth=(user, password or "") if user else None,
        connection_timeout=CONNECT_TIME_LIMIT,
        connection_acquisition_timeout=read_time_limit,
        max_connection_pool_size=POOL_SIZE,
        keep_alive=True,
        telemetry_disabled=True,
        notifications_min_severity=NotificationMinimumSeverity.OFF,
    )
    opened = Neo4jDatabase(Connection(driver, database, uri, read_time_limit))
    try:
        await (opened.operations.migrate() if migrate else opened.operations.versions())
    except BaseException:
        await opened.close()
        raise
    return opened
