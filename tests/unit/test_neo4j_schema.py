"""The migrations of a Neo4j database."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack

import neo4j as driver
import pytest

from graphstore.errors import SchemaMismatch
from graphstore.model import StepKind
from graphstore.neo4j import open_database
from graphstore.neo4j.database import Neo4jDatabase
from graphstore.neo4j.schema import migrations, statements
from tests.support.claims import begun
from tests.support.services import Neo4j

OWN_INDEXES = "SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP' RETURN name"


@pytest.fixture
def session(neo4j: Neo4j) -> Iterator[driver.Session]:
    """The database without data and without schema, at first."""
    with (
        driver.GraphDatabase.driver(neo4j.uri, auth=neo4j.auth) as opened,
        opened.session(database=neo4j.database) as session,
    ):
        for name in session.run("SHOW CONSTRAINTS YIELD name").value():
            session.run(driver.Query(f"DROP CONSTRAINT {name}")).consume()
        for name in session.run(OWN_INDEXES).value():
            session.run(driver.Query(f"DROP INDEX {name}")).consume()
        session.run("MATCH (m:Migration) DELETE m").consume()
        yield session


async def test_six_processes_may_make_the_schema_at_once(neo4j: Neo4j, session: driver.Session) -> None:
    """No error, one result: every constraint and index once, and one note of it."""
    async with AsyncExitStack() as opened:
        for database in await asyncio.gather(*(_open(neo4j) for _ in range(6))):
            opened.push_async_callback(database.close)
            assert (await database.operations.versions()).stored == len(migrations())
    made = {text.split()[3 if "FULLTEXT" in text else 2] for m in migrations() for text in statements(m.script)}
    assert sorted(session.run(OWN_INDEXES).value()) == sorted(made)
    versions = session.run("MATCH (m:Migration) RETURN m.version AS version ORDER BY version").value()
    assert versions == [number + 1 for number in range(len(migrations()))]


async def test_a_half_made_schema_is_completed(neo4j: Neo4j, session: driver.Session) -> None:
    """A process that died in the middle of it leaves nothing that stops the next one."""
    for statement in statements(migrations()[0].script)[:9]:
        session.run(driver.Query(statement)).consume()
    database = await _open(neo4j)
    try:
        assert (await database.operations.status()).schema_version == len(migrations())
        assert await database.operations.verify() == ()
    finally:
        await database.close()


async def test_an_index_that_cannot_be_filled_is_named(neo4j: Neo4j, session: driver.Session) -> None:
    """Nobody waits for it for ever, and once what it cannot hold and itself are gone, the schema is completed."""
    session.run("CREATE (:Image {workspace: 'main', digest: $long})", long="x" * 40_000).consume()
    with pytest.raises(SchemaMismatch, match="image_digest"):
        await _open(neo4j)
    session.run("MATCH (i:Image) DELETE i").consume()
    session.run("DROP INDEX image_digest").consume()
    await (await _open(neo4j)).close()
    assert session.run("SHOW INDEXES YIELD state WHERE state <> 'ONLINE' RETURN state").value() == []


async def test_what_an_older_program_stored_is_read(neo4j: Neo4j, session: driver.Session) -> None:
    """Its steps have no answers, and its own statements still find them by their index while it runs on."""
    database = await _open(neo4j)
    try:
        store = database.within("main")
        exploration = await begun(store)
        session.run("MATCH (s:Step) REMOVE s.answer").consume()
        session.run("MATCH (m:Migration) WHERE m.version > 1 DELETE m").consume()
        for name in ("image_id", "image_status", "step_frontier_of_kind"):
            kind = "CONSTRAINT" if name == "image_id" else "INDEX"
            session.run(driver.Query(f"DROP {kind} {name}")).consume()
        assert await database.operations.migrate() == len(migrations())
        [step] = (await store.explorations.frontier(exploration.id, StepKind.EXPAND, 5)).ready
        assert (step.kind, step.answer) == (StepKind.EXPAND, None)
        assert "step_frontier" in session.run(OWN_INDEXES).value()
    finally:
        await database.close()


async def test_the_database_of_a_newer_program_is_left_alone(neo4j: Neo4j, session: driver.Session) -> None:
    """It says which versions there are."""
    await (await _open(neo4j)).close()
    session.run("CREATE (:Migration {version: 99})").consume()
    try:
        with pytest.raises(SchemaMismatch, match="99"):
            await _open(neo4j)
    finally:
        session.run("MATCH (m:Migration {version: 99}) DELETE m").consume()


async def test_a_database_that_a_newer_program_widened_still_serves(neo4j: Neo4j, session: driver.Session) -> None:
    """Where its migration says so: a process that starts meanwhile reads and writes on."""
    newest = len(migrations())
    await (await _open(neo4j)).close()
    session.run("CREATE (:Migration {version: $version, serves: $newest})", version=newest + 1, newest=newest).consume()
    database = await _open(neo4j)
    try:
        await database.operations.ping()
        assert await database.operations.migrate() == newest + 1
        assert (await database.operations.versions()).stored == newest + 1
        assert await begun(database.within("main"))
    finally:
        session.run("MATCH (m:Migration) WHERE m.version > $newest DELETE m", newest=newest).consume()
        await database.close()


async def test_a_newer_program_may_come_meanwhile(neo4j: Neo4j, session: driver.Session) -> None:
    """Who has opened the database before goes on, and tells what it has become."""
    database = await _open(neo4j)
    session.run("CREATE (:Migration {version: 99})").consume()
    try:
        await database.operations.ping()
        assert (await database.operations.status()).schema_version == 99
    finally:
        session.run("MATCH (m:Migration {version: 99}) DELETE m").consume()
        await database.close()


async def test_a_database_that_was_wiped_is_not_ready(neo4j: Neo4j, session: driver.Session) -> None:
    """Whoever has opened it before says so, until a process that starts has made the schema anew."""
    database = await _open(neo4j)
    session.run("MATCH (m:Migration) DELETE m").consume()
    try:
        with pytest.raises(SchemaMismatch, match="schema version 0"):
            await database.operations.ping()
        await (await _open(neo4j)).close()
        await database.operations.ping()
    finally:
        await database.close()


async def _open(neo4j: Neo4j) -> Neo4jDatabase:
    return await open_database(neo4j.uri, user=neo4j.user, password=neo4j.password, database=neo4j.database)
