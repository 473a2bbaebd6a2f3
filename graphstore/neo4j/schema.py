"""The schema of the database: numbered migrations, which several processes may run at once."""

import asyncio
import importlib.resources
from collections.abc import Sequence

from graphstore.errors import SchemaMismatch, UnavailableError
from graphstore.neo4j.connection import SCHEMA_TIME_LIMIT, Connection
from graphstore.neo4j.cypher.operations import NOTE_MIGRATION, SCHEMA_VERSION, UNREADY_INDEXES
from telemetry.metrics.store import MIGRATIONS

_PAUSE = 0.05
"""Seconds between two looks at indexes that are being filled."""


def migrations() -> tuple[str, ...]:
    """The scripts in their order; the n-th leads to version n. Each can be run again, whole or in part."""
    folder = importlib.resources.files("graphstore.neo4j") / "migrations"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".cypher"))
    return tuple((folder / name).read_text(encoding="utf-8") for name in names)


async def version_of(connection: Connection, newest: int) -> int:
    """The database's version, 0 for one that was never migrated. Raises `SchemaMismatch` for a newer one."""
    version = int(await connection.read(SCHEMA_VERSION, {}))
    if version > newest:
        raise SchemaMismatch(
            f"the database at {connection.location} has schema version {version}, but this program knows versions up "
            f"to {newest}: use the newer program that migrated it"
        )
    return version


async def migrate(connection: Connection, scripts: Sequence[str]) -> int:
    """Bring the database up to date; its version then.

    Neo4j changes its schema outside of transactions on data, so processes that start together may run a script at
    the same time: each statement does nothing where it was run already, and the version is set after the last.
    """
    newest = len(scripts)
    for version in range(await version_of(connection, newest) + 1, newest + 1):
        for statement in statements(scripts[version - 1]):
            await connection.execute(statement)
        await _filled(connection)
        await connection.execute(NOTE_MIGRATION, {"version": version})
        MIGRATIONS.labels("neo4j").inc()
    return newest


async def _filled(connection: Connection) -> None:
    """Wait until all indexes can be used. Raises `SchemaMismatch` where one never will, `UnavailableError`.

    We look again and again: the server's procedure that waits for them locks what they are on until they are there,
    and a constraint that another process makes meanwhile waits for that lock before it lets its index be used.
    """
    try:
        async with asyncio.timeout(SCHEMA_TIME_LIMIT):
            while (found := await connection.read(UNREADY_INDEXES, {}, SCHEMA_TIME_LIMIT)) != [0, []]:
                if failed := found[1]:
                    raise SchemaMismatch(
                        f"the database at {connection.location} could not fill its index {failed[0]}: SHOW INDEXES "
                        "tells why; once it is dropped there, `continuum migrate` makes it again"
                    )
                await asyncio.sleep(_PAUSE)
    except TimeoutError as late:
        message = f"the indexes at {connection.location} were not filled within {SCHEMA_TIME_LIMIT:g} s"
        raise UnavailableError(message) from late


def statements(script: str) -> list[str]:
    """The single statements of a script, without its comments."""
    text = "\n".join(line for line in script.splitlines() if not line.startswith("//"))
    return [statement for part in text.split(";") if (statement := part.strip())]
