"""Files that cannot be written, are full, foreign, damaged, locked, or of another version."""

import os
import resource
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from graphstore.errors import ReadOnlyError, SchemaMismatch, StoreError, UnavailableError
from graphstore.migration import numbered
from graphstore.model import ConceptFilter, ImageStatus, StepKind
from graphstore.port import SchemaVersions
from graphstore.sqlite import SqliteDatabase, open_database, schema
from tests.support.claims import TOKEN, added, begun, claim, image_in, known, outcome
from tests.support.figures import Moved
from tests.support.snapshots import records

NOBODY = 65_534
_ANY = ConceptFilter()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    """A file with two concepts."""
    database = await open_database(tmp_path / "graph.db")
    await added(database.within("main"), "a", "b")
    yield database
    await database.close()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that other users may look into."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@contextmanager
def unprivileged() -> Iterator[None]:
    """As a user whom rights bind; root is bound by none."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def forbid(path: Path, folder_rights: int) -> None:
    """Let nobody write the file, and what lies beside it."""
    for file in path.parent.glob(f"{path.name}*"):
        file.chmod(0o444)
    path.parent.chmod(folder_rights)


def copy_beside(path: Path, folder: Path) -> None:
    """Copy the file with its log."""
    for file in path.parent.glob(f"{path.name}*"):
        shutil.copy(file, folder)


def size(path: Path) -> int:
    """Bytes in the file."""
    return path.stat().st_size


def content(path: Path) -> bytes | None:
    """What the file holds, if it is one."""
    return path.read_bytes() if path.is_file() else None


def damage(path: Path) -> None:
    """Overwrite all but the first pages."""
    start = 8 * 4_096
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * (size(path) - start))


async def check_read_only(path: Path, expected: list[object]) -> None:
    """Reads show everything, writes are refused with a clear message and change nothing."""
    with unprivileged():
        database = await open_database(path)
        try:
            store = database.within("main")
            assert await records(store) == expected
            assert await store.concepts.count_hits("a", _ANY) == 1
            for write in (added(store, "c"), begun(store)):
                with pytest.raises(ReadOnlyError, match=path.name):
                    await write
            assert await records(store) == expected
            await database.operations.foreign_changes()
            assert await database.operations.migrate() == len(schema.migrations())
        finally:
            await database.close()


@pytest.mark.parametrize("rights", [0o555, 0o777], ids=["folder read-only too", "folder writable"])
async def test_a_read_only_file_is_read(folder: Path, rights: int) -> None:
    """Whether its folder can be written or not."""
    path = folder / "graph.db"
    database = await open_database(path)
    await added(database.within("main"), "a", "b")
    expected: list[object] = list(await records(database.within("main")))
    await database.close()
    forbid(path, rights)
    await check_read_only(path, expected)


async def test_a_read_only_file_with_an_unfinished_log_is_read_with_it(folder: Path, database: SqliteDatabase) -> None:
    """What a killed process had committed into the log is seen."""
    expected: list[object] = list(await records(database.within("main")))
    assert size(database.path.with_name("graph.db-wal"))
    copy_beside(database.path, folder)
    forbid(folder / "graph.db", 0o555)
    await check_read_only(folder / "graph.db", expected)


async def test_a_full_disk_refuses_writes_and_nothing_else(database: SqliteDatabase) -> None:
    """Nothing is half-written, reads go on, and writes do when there is room again."""
    store = database.within("main")
    before = await records(store)
    pages = await database.writer.run(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    await database.writer.run(lambda db: db.execute(f"PRAGMA max_page_count = {pages + 2}").fetchall())
    with pytest.raises(ReadOnlyError, match="full"):
        await added(store, *(claim(f"c{i}", summary="long " * 200) for i in range(100)))
    assert await records(store) == before
    await database.writer.run(lambda db: db.execute("PRAGMA max_page_count = 1000000").fetchall())
    await added(store, "c")


async def test_a_failing_disk_refuses_writes_and_nothing_else(database: SqliteDatabase) -> None:
    """The same when the system refuses the write itself."""
    store = database.within("main")
    before = await records(store)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size(database.path.with_name("graph.db-wal")) + 100, limit[1]))
    try:
        with pytest.raises(ReadOnlyError, match=r"graph\.db"):
            await added(store, "c", "d")
        assert await records(store) == before
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    await added(store, "c", "d")
    assert len(await records(store)) > len(before)


async def test_a_lock_that_is_held_too_long_is_told(database: SqliteDatabase) -> None:
    """Writers give up after their time, readers are not kept waiting, and it goes on afterwards."""
    store = database.within("main")
    await database.writer.run(lambda db: db.execute("PRAGMA busy_timeout = 50").fetchall())
    holder = sqlite3.connect(database.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(UnavailableError, match="another process") as refused:
        await added(store, "c")
    assert not isinstance(refused.value, ReadOnlyError)
    assert len(await records(store)) == 5
    holder.execute("ROLLBACK")
    holder.close()
    await added(store, "c")


async def refusal(path: Path) -> StoreError:
    """What opening the file raises; its content is left alone."""
    before = content(path)
    with pytest.raises(StoreError) as refused:
        await open_database(path)
    assert content(path) == before
    assert str(path) in str(refused.value)
    return refused.value


async def test_a_file_from_a_newer_program_is_refused(tmp_path: Path) -> None:
    """The message names the file, its version and ours."""
    database = await open_database(tmp_path / "graph.db")
    await database.close()
    connection = sqlite3.connect(tmp_path / "graph.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    error = await refusal(tmp_path / "graph.db")
    assert isinstance(error, SchemaMismatch)
    assert "99" in str(error)
    assert f"up to {len(schema.migrations())}" in str(error)


async def test_a_file_that_a_newer_program_widened_still_serves(tmp_path: Path) -> None:
    """Where its migration says so: this program reads and writes on, and reports the version that it finds."""
    path = tmp_path / "graph.db"
    newest = len(schema.migrations())
    database = await open_database(path)
    _migrated_further(path, f"-- serves: {newest}\nALTER TABLE exploration ADD COLUMN mood TEXT;\n")
    try:
        store = database.within("main")
        exploration = await begun(store)
        _add_to_options(path, exploration.id)
        assert (await store.explorations.get([exploration.id]))[exploration.id] == exploration
        assert (await database.operations.versions()) == SchemaVersions(newest + 1, newest)
    finally:
        await database.close()
    reopened = await open_database(path)  # and a process that starts meanwhile does the same
    assert await reopened.operations.migrate() == newest + 1
    await reopened.close()


async def test_a_file_that_a_newer_program_narrowed_is_refused(tmp_path: Path) -> None:
    """Where its migration serves later programs alone, whatever the one before it served."""
    path = tmp_path / "graph.db"
    await (await open_database(path)).close()
    newest = len(schema.migrations())
    widened = f"-- serves: {newest}\nALTER TABLE exploration ADD COLUMN mood TEXT;\n"
    _migrated_further(path, widened, f"-- serves: {newest + 1}\nALTER TABLE exploration DROP COLUMN mood;\n")
    assert isinstance(await refusal(path), SchemaMismatch)


def _migrated_further(path: Path, *scripts: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    shipped = [migration.script for migration in schema.migrations()]
    schema.migrate(connection, path, numbered([*shipped, *scripts]))
    connection.close()


def _add_to_options(path: Path, exploration: str) -> None:
    """What a newer program keeps there beside what this one knows."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(
        "UPDATE exploration SET options = json_set(options, '$.tone', 'dry'), spent = json_set(spent, '$.calls', 3) "
        "WHERE id = ?",
        (exploration,),
    )
    connection.close()


async def test_another_programs_file_is_refused(tmp_path: Path) -> None:
    """Be it SQLite's or not."""
    connection = sqlite3.connect(tmp_path / "theirs.db")
    connection.execute("CREATE TABLE thing (a)")
    connection.close()
    (tmp_path / "letter.txt").write_text("Dear reader, " * 1_000)
    for name in ("theirs.db", "letter.txt"):
        assert isinstance(await refusal(tmp_path / name), SchemaMismatch)


async def test_a_place_where_no_file_can_be_is_told(tmp_path: Path) -> None:
    """A folder, or a folder that is missing."""
    for path in (tmp_path, tmp_path / "missing" / "graph.db"):
        assert isinstance(await refusal(path), UnavailableError)


async def test_an_empty_file_is_a_new_database(tmp_path: Path) -> None:
    """As another program may have touched it."""
    (tmp_path / "graph.db").touch()
    database = await open_database(tmp_path / "graph.db")
    assert await added(database.within("main"), "a")
    await database.close()


async def test_a_strange_path_is_a_path(tmp_path: Path) -> None:
    """Nothing in it is taken as a URI's syntax."""
    path = tmp_path / "what? 100% #ä;mode=memory.db"
    database = await open_database(path)
    await added(database.within("main"), "a")
    await database.close()
    assert size(path)


async def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    """As such, for a person to restore it, and the file is not touched."""
    path = tmp_path / "graph.db"
    database = await open_database(path)
    await added(database.within("main"), *(claim(f"c{i}", summary="long " * 100) for i in range(200)))
    await database.close()
    damage(path)
    error = await refusal(path)
    assert isinstance(error, UnavailableError)
    assert "damaged" in str(error)


def test_a_failed_migration_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    """All of a migration or nothing, and later ones follow from where it is."""
    path = tmp_path / "graph.db"
    connection = sqlite3.connect(path, isolation_level=None)
    first = "CREATE TABLE one (a);\nCREATE TRIGGER t AFTER INSERT ON one BEGIN SELECT 1; SELECT 2; END;\n"
    moved = Moved()
    assert schema.migrate(connection, path, numbered([first])) == 1
    with pytest.raises(sqlite3.OperationalError):
        schema.migrate(connection, path, numbered([first, "CREATE TABLE two (a);\nCREATE TABLE one (a);\n"]))
    assert schema.version_of(connection, path, 1) == 1
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema ORDER BY name")]
    assert names == ["migration", "one", "t"]
    assert schema.migrate(connection, path, numbered([first, "CREATE TABLE two (a);\n"])) == 2
    assert moved("db_migrations_total", "sqlite") == 2
    connection.close()


def test_a_statement_without_its_semicolon_is_run(tmp_path: Path) -> None:
    """The last one of a script: else the version would be noted of something that was never done."""
    connection = sqlite3.connect(tmp_path / "graph.db", isolation_level=None)
    schema.migrate(connection, tmp_path / "graph.db", numbered(["CREATE TABLE a (b TEXT);\nCREATE TABLE c (d TEXT)"]))
    assert connection.execute("SELECT count(*) FROM c").fetchone() == (0,)
    connection.close()


async def test_the_file_of_an_older_program_is_brought_up_to_date(tmp_path: Path) -> None:
    """What version 1 had stored is read and worked on, and pictures can be had of it."""
    path = tmp_path / "graph.db"
    _made_by_version_1(path)
    database = await open_database(path)
    try:
        store = database.within("main")
        assert (await database.operations.status()).schema_version == len(schema.migrations())
        [exploration] = (await store.explorations.get(["e1"])).values()
        assert (exploration.options.pictures, exploration.budget.pictures, exploration.spent.pictures) == (
            None,
            None,
            0,
        )
        [step] = (await store.explorations.frontier("e1", StepKind.EXPAND, 5)).ready
        assert (step.id, step.answer) == ("s1", None)
        assert await store.work.claim("e1", TOKEN, 60)
        recorded = await store.work.commit(outcome("e1", "s1", known("a")))
        assert (await store.work.commit(outcome("e1", "s1", known("a")))).events == recorded.events
        assert (await image_in(store, recorded.concepts["a"], ImageStatus.READY)).picture
        assert await database.operations.verify() == ()
    finally:
        await database.close()


def _made_by_version_1(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    schema.migrate(connection, path, schema.migrations()[:1])
    connection.execute(
        """INSERT INTO exploration (workspace, id, topic, topic_key, status, options, budget, spent, progress, next_seq,
             created)
           VALUES ('main', 'e1', 'a', 'a', 'QUEUED',
             '{"depth":1,"breadth":5,"sources":["atlas"],"instructions":"","language":"en"}',
             '{"concepts":null,"seconds":null,"tokens":9,"cost_usd":null}',
             '{"concepts":0,"seconds":0.0,"tokens":0,"cost_usd":0.0}',
             '{"concepts_found":0,"steps_done":0,"steps_pending":1,"steps_failed":0}', 2, 1)"""
    )
    connection.execute(
        """INSERT INTO step (workspace, id, exploration, kind, depth, priority, state, attempts, spent, created)
           VALUES ('main', 's1', 'e1', 'EXPAND', 0, 1.0, 'PENDING', 0, '{}', 1)"""
    )
    connection.close()


DAMAGE = {
    "images of no concept": "UPDATE image SET concept = 'gone' WHERE status = 'QUEUED'",
    "images that are ready without a picture": "UPDATE image SET picture = NULL WHERE status = 'READY'",
    "images that failed without an error": "UPDATE image SET error = NULL WHERE status = 'FAILED'",
}


@pytest.mark.parametrize("what", DAMAGE)
async def test_images_that_are_not_sound_are_found(database: SqliteDatabase, what: str) -> None:
    """Each kind of damage is told with an example, and nothing is before."""
    store = database.within("main")
    [a] = [concept.id for concept in (await store.concepts.named(["a"]))["a"]]
    images = [await image_in(store, a, status) for status in ImageStatus]
    assert await database.operations.verify() == ()
    await database.writer.run(lambda db: db.execute(DAMAGE[what]))
    [told] = await database.operations.verify()
    assert told.startswith(f"{what}: 1, for example ")
    assert any(image.id in told for image in images)
