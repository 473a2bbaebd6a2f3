"""What all groups of statements stand on: the transaction, bound to one workspace."""

from collections.abc import Sequence
from typing import Any

from neo4j import AsyncTransaction

from graphstore.neo4j.connection import statement_span
from graphstore.rows.graph import Row


class Statements:
    """Runs Cypher within the transaction. A statement that reads returns one value, a list of rows as a rule."""

    _tx: AsyncTransaction
    _workspace: str

    async def _read(self, statement: str, **parameters: Any) -> Any:
        with statement_span(statement):
            result = await self._tx.run(statement, workspace=self._workspace, **parameters)
            return (await result.single(strict=True))[0]

    async def _rows_of(self, statement: str, keys: Sequence[Any], **parameters: Any) -> list[Row]:
        """The rows for many keys, which are `$keys` in the statement."""
        return await self._read(statement, keys=_plain(keys), **parameters) if keys else []

    async def _put(self, statement: str, rows: Sequence[Any], **parameters: Any) -> None:
        """Run once for many rows, which are `$rows` in the statement."""
        if rows:
            with statement_span(statement):
                result = await self._tx.run(statement, workspace=self._workspace, rows=_plain(rows), **parameters)
                await result.consume()


def _plain(rows: Sequence[Any]) -> list[Any]:
    """Tuples as the lists that the driver knows."""
    return [list(row) if isinstance(row, tuple) else row for row in rows]
