"""What all groups of statements stand on: the connection inside a transaction, bound to one workspace."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from graphstore.rows.graph import Row
from graphstore.sqlite.rows import as_json


class Statements:
    """Runs SQL within the transaction."""

    _db: sqlite3.Connection
    _workspace: str

    def _rows(self, sql: str, **parameters: Any) -> list[Row]:
        return self._db.execute(sql, {"workspace": self._workspace, **parameters}).fetchall()

    def _rows_of(self, sql: str, keys: Sequence[Any], **parameters: Any) -> list[Row]:
        """The rows for many keys, which are `:keys` in the statement."""
        return self._rows(sql, keys=as_json(keys), **parameters) if keys else []

    def _put(self, sql: str, rows: Iterable[Row]) -> None:
        """Run for each row, whose first parameter is the workspace."""
        self._db.executemany(sql, ((self._workspace, *row) for row in rows))


def upsert(table: str, columns: Sequence[str], key: Sequence[str]) -> str:
    """Insert a row, or give one with the same key the new values."""
    names = ("workspace", *columns)
    new = ", ".join(f"{c} = excluded.{c}" for c in columns if c not in key)
    return (
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "
        f"ON CONFLICT ({', '.join(('workspace', *key))}) DO UPDATE SET {new}"
    )
