"""Whether the file is sound."""

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

from graphstore.sqlite.connections import open_reader
from graphstore.sqlite.failures import translated

_PROBLEMS = 10

_UNFIT: Mapping[str, str] = {
    "images of no concept": """
        SELECT count(*), min(id) FROM image WHERE NOT EXISTS (
          SELECT 1 FROM concept WHERE concept.workspace = image.workspace AND concept.id = image.concept)""",
    "images that are ready without a picture": """
        SELECT count(*), min(id) FROM image WHERE status = 'READY' AND (picture IS NULL OR digest IS NULL)""",
    "images that failed without an error": """
        SELECT count(*), min(id) FROM image WHERE status = 'FAILED' AND error IS NULL""",
}
"""What may be wrong with the data, and the statement that finds how often it is, with an example."""


def problems(path: Path) -> tuple[str, ...]:
    """What is wrong with the file, the first few things, or else with the data in it; it reads all of it."""
    with translated(path):
        connection = open_reader(path)
        try:
            return tuple(_damage(connection) or _unfit(connection))
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CORRUPT:
                raise
            return (str(error),)
        finally:
            connection.close()


def _damage(connection: sqlite3.Connection) -> list[str]:
    """What SQLite finds."""
    rows = connection.execute(f"PRAGMA integrity_check({_PROBLEMS})").fetchall()
    lines = [line for (text,) in rows for line in text.splitlines()]
    return [line for line in lines if line != "ok" and not line.startswith("***")]


def _unfit(connection: sqlite3.Connection) -> Iterator[str]:
    for what, statement in _UNFIT.items():
        [(number, example)] = connection.execute(statement).fetchall()
        if number:
            yield f"{what}: {number}, for example {example!r}"
