"""The schema of the database: numbered migrations, which several processes may run at once."""

import asyncio
from collections.abc import Sequence

from graphstore.errors import SchemaMismatch, UnavailableError
from graphstore.migration import Migration, check_serves, shipped
from graphstore.neo4j.connection import SCHEMA_TIME_LIMIT, Connection
from graphstore.neo4j.cypher.operations import NOTE_MIGRATION, SCHEMA_VERSION, UNREADY_INDEXES
from telemetry.metrics.store import MIGRATIONS

_PAUSE = 0.05
"""Seconds between two looks at indexes that are being filled."""


def migrations() -> tuple[Migration, ...]:
    """All there are. Each can be run again, whole or in part."""
    return shipped("graphstore.neo4j", ".cypher")


async def version_of(connection: Connection, newest: int) -> int:
    """The database's version, 0 for one that was never migrated; also a newer one that serves this program. Raises
    `SchemaMismatch` for one that does not."""
    version, serves = await connection.read(SCHEMA_VERSION, {})
    check_serves(f"the database at {connection.location}", version, serves, newest)
    return int(version)


async def migrate(connection: Connection, steps: Sequence[Migration]) -> int:
    """Bring the database up to date; its version then.

    Neo4j changes its schema outside of transactions on data, so processes that start together may run a script at
    the same time: each statement does nothing where it was run already, and the version is set after the last.
    """
    stored = await version_of(connection, len(steps))
    for step in steps[stored:]:
        for statement in statements(step.script):
            await connection.execute(statement)
        await _filled(connection)
        await connection.execute(NOTE_MIGRATION, {"version": step.version, "serves": step.serves})
        MIGRATIONS.labels("neo4j").inc()
    return max(stored, len(steps))


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
