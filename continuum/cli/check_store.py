"""What `continuum doctor` looks at in the store."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from continuum.cli.check import Check, Level, number
from continuum.cli.shell import program
from continuum.cli.words import counted, named
from continuum.settings import Settings
from continuum.stores import opened_store
from graphstore.errors import StoreError
from graphstore.port import Database, SchemaVersions

OLDEST_NEO4J: Final = (5, 26)


async def store_checks(settings: Settings) -> AsyncIterator[Check]:
    """The store is reachable, up to date and sound. Nothing in it is changed."""
    if settings.neo4j_uri is None and not settings.database_path.exists():
        missing = f"{settings.database_path} does not exist yet; the first command that needs it makes it"
        yield Check(Level.OK, "store", missing)
        return
    try:
        async with opened_store(settings, wait=0, migrate=False) as database:
            versions = await database.operations.versions()
            if versions.stored < versions.newest:
                yield _outdated(versions, settings)
                return
            for look in (_contents, _soundness):
                yield await _looked(look, database)
            yield await _looked(lambda found: _unfinished(found, settings), database)
    except StoreError as error:
        yield Check(Level.FAIL, "store", str(error), _mend(settings))


def _mend(settings: Settings) -> str:
    if settings.neo4j_uri is None:
        return "Nothing else was changed."
    return "Check that the server runs and that NEO4J_URI, NEO4J_USER, NEO4J_PASSWORD and NEO4J_DATABASE are its own."


def _outdated(versions: SchemaVersions, settings: Settings) -> Check:
    has = f"schema version {versions.stored}" if versions.stored else "no schema yet"
    state = f"{settings.store_location} has {has}, and this program works with version {versions.newest}"
    return Check(Level.WARN, "store", state, f"`{program()} migrate`, or the next start, brings it up to date.")


async def _looked(look: Callable[[Database], Awaitable[Check]], database: Database) -> Check:
    try:
        return await look(database)
    except StoreError as error:
        return Check(Level.FAIL, "store", str(error))


async def _contents(database: Database) -> Check:
    status = await database.operations.status()
    contents = (
        f"{counted(status.concepts, 'concept')}, {counted(status.relations, 'relation')}, "
        f"{counted(status.explorations, 'exploration')}"
    )
    engine = f"{status.adapter} {status.version}, schema version {status.schema_version}"
    state = f"{status.location} ({engine}) holds {contents}"
    if status.adapter == "neo4j" and number(status.version) < OLDEST_NEO4J:
        return Check(Level.WARN, "store", state, "Continuum is made for Neo4j 5.26 and newer.")
    return Check(Level.OK, "store", state)


async def _soundness(database: Database) -> Check:
    problems = await database.operations.verify()
    if not problems:
        return Check(Level.OK, "integrity", "the stored data is sound")
    mend = "Save what can be read with `continuum export`, then import it into another DATA_DIR."
    return Check(Level.FAIL, "integrity", named(problems, 3), mend)


async def _unfinished(database: Database, settings: Settings) -> Check:
    waiting = len(await database.operations.unowned(limit=100))
    if not waiting:
        return Check(Level.OK, "explorations", "none waits for somebody to go on with it")
    state = f"{counted(waiting, 'exploration')} not finished, and nobody works on it"
    who = "serve" if settings.redis_url is None else "worker"
    return Check(Level.WARN, "explorations", state, f"`{program()} {who}` takes up all of them.")
