"""The store that the settings name, opened; a server that is not there yet is waited for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from continuum.settings import Settings, SettingsError
from graphstore import sqlite
from graphstore.errors import AccessError, UnavailableError
from graphstore.observed import observed
from graphstore.port import Database

_log = structlog.get_logger(__name__)

COMMAND_WAIT = 5.0
"""Seconds that a command in a terminal waits for its store."""
_RETRY_EVERY = 0.5
_TELL_EVERY = 5.0


@asynccontextmanager
async def opened_store(
    settings: Settings, *, wait: float = COMMAND_WAIT, migrate: bool = True
) -> AsyncIterator[Database]:
    """The store, each call of which is measured; closed when the context ends.

    `wait`: seconds that a Neo4j server may take to be there. Without `migrate` the schema stays as it is.
    Raises `SettingsError`, `SchemaMismatch`, `UnavailableError`; `AccessError`, which is not waited for.
    """
    database = await (_neo4j(settings, wait, migrate) if settings.neo4j_uri else _sqlite(settings, migrate))
    try:
        yield observed(database)
    finally:
        await database.close()


def make_data_dir(settings: Settings) -> None:
    """Make the folder for everything that is written. Raises `SettingsError`."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"DATA_DIR={str(settings.data_dir)!r}: cannot be made: {error.strerror}") from error


async def _sqlite(settings: Settings, migrate: bool) -> Database:  # noqa: FBT001 - passed on
    make_data_dir(settings)
    return await sqlite.open_database(
        settings.database_path, read_time_limit=settings.query_timeout_seconds, migrate=migrate
    )


async def _neo4j(settings: Settings, wait: float, migrate: bool) -> Database:  # noqa: FBT001 - passed on
    """Try until the server is there. What waiting cannot mend is raised at once."""
    loop = asyncio.get_running_loop()
    deadline, tell_at = loop.time() + wait, loop.time()
    while True:
        try:
            return await _open_neo4j(settings, migrate)
        except AccessError:
            raise
        except UnavailableError as away:
            if loop.time() >= deadline:
                raise
            if loop.time() >= tell_at:
                tell_at = loop.time() + _TELL_EVERY
                left = round(deadline - loop.time())
                _log.warning("store_awaited", store=settings.store_location, seconds_left=left, error=str(away))
        await asyncio.sleep(min(_RETRY_EVERY, max(deadline - loop.time(), 0)))


async def _open_neo4j(settings: Settings, migrate: bool) -> Database:  # noqa: FBT001 - passed on
    from graphstore import neo4j  # noqa: PLC0415 - its driver takes a while to load, and few need it

    assert settings.neo4j_uri is not None  # noqa: S101 - the caller asked
    password = settings.neo4j_password
    return await neo4j.open_database(
        settings.neo4j_uri,
        user=settings.neo4j_user if password else None,
        password=password.get_secret_value() if password else None,
        database=settings.neo4j_database,
        read_time_limit=settings.query_timeout_seconds,
        migrate=migrate,
    )
