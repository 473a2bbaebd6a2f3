"""The schema of the file: numbered migrations, each run once, however many processes try."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from graphstore.errors import SchemaMismatch
from graphstore.migration import Migration, check_serves, shipped
from telemetry.metrics.store import MIGRATIONS

APPLICATION_ID = 0x436F6E74
"""`Cont`: says in the file's header whose it is."""


_NOTES = """
    CREATE TABLE IF NOT EXISTS migration (
      version INTEGER PRIMARY KEY,
      serves INTEGER NOT NULL,
      at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ'))
    )"""
"""What was run, and which older programs it serves: see `Migration.serves`. Not a migration, since no program needs
it but one that is older than the file."""


def migrations() -> tuple[Migration, ...]:
    """All there are."""
    return shipped("graphstore.sqlite", ".sql")


def version_of(connection: sqlite3.Connection, path: Path, newest: int) -> int:
    """The file's version, 0 for an empty file; also a newer one that serves this program. Raises `SchemaMismatch` for
    one that does not, or is not ours."""
    [(application,)] = connection.execute("PRAGMA application_id").fetchall()
    [(version,)] = connection.execute("PRAGMA user_version").fetchall()
    [(tables,)] = connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    if application != APPLICATION_ID and (tables or application or version):
        raise SchemaMismatch(f"{path} is a SQLite file of another program, not a Continuum database")
    if version > newest:
        check_serves(str(path), version, _serves(connection, version), newest)
    return int(version)


def migrate(connection: sqlite3.Connection, path: Path, steps: Sequence[Migration]) -> int:
    """Bring the file up to date in one transaction; its version then."""
    newest = len(steps)
    if (stored := version_of(connection, path, newest)) >= newest:
        return stored
    _use_write_ahead_log(connection, path)
    connection.execute("BEGIN IMMEDIATE")
    try:
        stored = version_of(connection, path, newest)  # asked again, under the lock
        connection.execute(_NOTES)
        for step in steps[stored:]:
            for statement in statements(step.script):
                connection.execute(statement)
            connection.execute("INSERT INTO migration (version, serves) VALUES (?, ?)", (step.version, step.serves))
            connection.execute(f"PRAGMA user_version = {step.version}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    MIGRATIONS.labels("sqlite").inc(max(newest - stored, 0))
    return max(stored, newest)


def statements(script: str) -> Iterator[str]:
    """The single statements of a script: `executescript` would commit the transaction around it."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if statement.strip():  # the last one, without its semicolon
        yield statement


def _serves(connection: sqlite3.Connection, version: int) -> int | None:
    """The oldest program that a version serves; None where nobody noted it."""
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'migration'").fetchall():
        return None
    found = connection.execute("SELECT serves FROM migration WHERE version = ?", (version,)).fetchall()
    return int(found[0][0]) if found else None


def _use_write_ahead_log(connection: sqlite3.Connection, path: Path) -> None:
    [(mode,)] = connection.execute("PRAGMA journal_mode = WAL").fetchall()
    if mode != "wal":
        raise SchemaMismatch(f"{path} lies where SQLite has no write-ahead log (mode {mode}): use a local disk")
