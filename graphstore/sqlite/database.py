"""An opened database file and the stores of its workspaces."""

from functools import partial
from pathlib import Path

from graphstore.changes import StoreControl, StoreCuration, StoreImageJobs, StoreWork
from graphstore.port import Connections
from graphstore.sqlite.archive import SqliteArchive
from graphstore.sqlite.concepts import SqliteConcepts
from graphstore.sqlite.connections import open_reader, open_writer
from graphstore.sqlite.explorations import SqliteExplorations
from graphstore.sqlite.images import SqliteImages
from graphstore.sqlite.lanes import Lane, ReadLane
from graphstore.sqlite.operations import SqliteOperations
from graphstore.sqlite.relations import SqliteRelations
from graphstore.sqlite.transaction import SqliteTransact

READ_TIME_LIMIT = 5.0
"""Seconds after which a read is stopped."""


class SqliteStore:
    """`graphstore.port.Store`."""

    def __init__(self, database: "SqliteDatabase", workspace: str) -> None:
        transact = SqliteTransact(workspace, database.writer)
        self.workspace = workspace
        self.concepts = SqliteConcepts(workspace, database.reader.read)
        self.relations = SqliteRelations(workspace, database.reader.read, database.slow.read)
        self.curation = StoreCuration(transact)
        self.explorations = SqliteExplorations(workspace, database.reader.read)
        self.control = StoreControl(transact)
        self.work = StoreWork(transact)
        self.images = SqliteImages(workspace, database.reader.read)
        self.image_jobs = StoreImageJobs(transact)
        self.archive = SqliteArchive(workspace, database.slow, transact)


class SqliteDatabase:
    """`graphstore.port.Database`: one thread writes, one reads for requests, one reads at length."""

    adapter = "sqlite"

    def __init__(self, path: Path, *, read_time_limit: float) -> None:
        self.path = path
        self.writer = Lane(partial(open_writer, path), path, "writer")
        self.reader = ReadLane(partial(open_reader, path), path, "reader", read_time_limit)
        self.slow = ReadLane(partial(open_reader, path), path, "slow", read_time_limit)
        self.operations = SqliteOperations(path, self.writer, self.reader.read)

    @property
    def connections(self) -> Connections:
        """See `Database.connections`. Each lane has one."""
        jobs = [lane.jobs for lane in (self.writer, self.reader, self.slow)]
        active = sum(map(bool, jobs))
        return Connections(active, len(jobs), sum(jobs) - active)

    def within(self, workspace: str) -> SqliteStore:
        """See `Database.within`."""
        return SqliteStore(self, workspace)

    async def close(self) -> None:
        """See `Database.close`."""
        for lane in (self.reader, self.slow, self.writer):
            await lane.close()


async def open_database(
    path: Path, *, read_time_limit: float = READ_TIME_LIMIT, migrate: bool = True
) -> SqliteDatabase:
    """Open the file, making or migrating it where it can be written; without `migrate` it stays as it is.

    Raises `SchemaMismatch` for a file of another program or of a newer version of this one, `UnavailableError`.
    """
    database = SqliteDatabase(path, read_time_limit=read_time_limit)
    try:
        if migrate:
            await database.operations.migrate()
            await database.operations.ping()
    except BaseException:
        await database.close()
        raise
    return database
