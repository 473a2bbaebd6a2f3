"""The schema of the file: numbered migrations, each run once, however many processes try."""

import importlib.resources
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from graphstore.errors import SchemaMismatch
from telemetry.metrics.store import MIGRATIONS

APPLICATION_ID = 0x436F6E74
"""`Cont`: says in the file's header whose it is."""


def migrations() -> tuple[str, ...]:
    """The scripts in their order; the n-th leads to version n."""
    folder = importlib.resources.files("graphstore.sqlite") / "migrations"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return tuple((folder / name).read_text(encoding="utf-8") for name in names)


def version_of(connection: sqlite3.Connection, path: Path, newest: int) -> int:
    """The file's version, 0 for an empty file. Raises `SchemaMismatch` for one that is not ours or newer."""
    [(application,)] = connection.execute("PRAGMA application_id").fetchall()
    [(version,)] = connection.execute("PRAGMA user_version").fetchall()
    [(tables,)] = connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    if application != APPLICATION_ID and (tables or application or version):
        raise SchemaMismatch(f"{path} is a SQLite file of another program, not a Continuum database")
    if version > newest:
        raise SchemaMismatch(
            f"{path} has schema version {version}, but this program knows versions up to {newest}: "
            f"use the newer program that made it, or import an export of it into a new file"
        )
    return int(version)


def migrate(connection: sqlite3.Connection, path: Path, scripts: Sequence[str]) -> int:
    """Bring the file up to date in one transaction; its version then."""
    newest = len(scripts)
    if version_of(connection, path, newest) == newest:
        return newest
    _use_write_ahead_log(connection, path)
    connection.execute("BEGIN IMMEDIATE")
    try:
        present = version_of(connection, path, newest)  # asked again, under the lock
        for version in range(present + 1, newest + 1):
            for statement in statements(scripts[version - 1]):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {version}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    MIGRATIONS.labels("sqlite").inc(newest - present)
    return newest


def statements(script: str) -> Iterator[str]:
    """The single statements of a script: `executescript` would commit the transaction around it."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _use_write_ahead_log(connection: sqlite3.Connection, path: Path) -> None:
    [(mode,)] = connection.execute("PRAGMA journal_mode = WAL").fetchall()
    if mode != "wal":
        raise SchemaMismatch(f"{path} lies where SQLite has no write-ahead log (mode {mode}): use a local disk")
