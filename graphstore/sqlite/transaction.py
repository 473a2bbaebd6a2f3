"""Write transactions: a procedure's statements run to their end on the writer's thread."""

import sqlite3
from collections.abc import Awaitable, Callable, Generator
from datetime import UTC, datetime
from typing import TypeVar

from graphstore.sqlite.evidence_statements import EvidenceStatements
from graphstore.sqlite.exploration_statements import SqliteExplorationStatements
from graphstore.sqlite.graph_statements import ConceptStatements, RelationStatements
from graphstore.sqlite.image_statements import SqliteImageStatements
from graphstore.sqlite.lanes import Lane
from graphstore.transaction import Procedure
from telemetry.metrics.work import CONTRADICTIONS

T = TypeVar("T")


class SqliteTransaction(
    ConceptStatements, RelationStatements, EvidenceStatements, SqliteExplorationStatements, SqliteImageStatements
):
    """`graphstore.transaction.Transaction`."""

    def __init__(self, db: sqlite3.Connection, workspace: str) -> None:
        self._db = db
        self._workspace = workspace
        self.now = datetime.now(UTC)
        self.contradictions = 0


class SqliteTransact:
    """`graphstore.transaction.Transact`."""

    def __init__(self, workspace: str, writer: Lane) -> None:
        self._workspace = workspace
        self._writer = writer

    async def __call__(self, procedure: Procedure[T]) -> T:
        """See `Transact`."""

        def work(db: sqlite3.Connection) -> T:
            transaction = SqliteTransaction(db, self._workspace)
            result = in_transaction(db, lambda: _completed(procedure(transaction)))
            CONTRADICTIONS.inc(transaction.contradictions)
            return result

        return await self._writer.run(work)


def in_transaction(db: sqlite3.Connection, work: Callable[[], T]) -> T:
    """What the work returned, once its writes are committed; whatever it raises, nothing was written."""
    db.execute("BEGIN IMMEDIATE")
    try:
        result = work()
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return result


def _completed(awaitable: Awaitable[T]) -> T:
    """Run a coroutine that never waits: here every statement has its answer at once."""
    steps: Generator[object, None, T] = awaitable.__await__()
    try:
        next(steps)
    except StopIteration as end:
        result: T = end.value
        return result
    steps.close()
    raise RuntimeError("a transaction's procedure waited for something other than its transaction")
