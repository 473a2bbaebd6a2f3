"""Whether the file is sound."""

import sqlite3
from pathlib import Path

from graphstore.sqlite.connections import open_reader
from graphstore.sqlite.failures import translated

_PROBLEMS = 10


def problems(path: Path) -> tuple[str, ...]:
    """What SQLite finds wrong with the file, the first few things; it reads all of it."""
    with translated(path):
        connection = open_reader(path)
        try:
            rows = connection.execute(f"PRAGMA integrity_check({_PROBLEMS})").fetchall()
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CORRUPT:
                raise
            return (str(error),)
        finally:
            connection.close()
    lines = [line for (text,) in rows for line in text.splitlines()]
    return tuple(line for line in lines if line != "ok" and not line.startswith("***"))
