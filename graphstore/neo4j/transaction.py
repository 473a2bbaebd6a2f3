"""Write transactions: a procedure's statements are sent one by one, and all of them are committed, or none."""

from typing import TypeVar

from neo4j import AsyncTransaction

from graphstore.neo4j.connection import Connection
from graphstore.neo4j.cypher.operations import NOW
from graphstore.neo4j.evidence_statements import EvidenceStatements
from graphstore.neo4j.exploration_statements import Neo4jExplorationStatements
from graphstore.neo4j.graph_statements import ConceptStatements, RelationStatements
from graphstore.neo4j.image_statements import Neo4jImageStatements
from graphstore.rows.graph import moment
from graphstore.transaction import Procedure
from telemetry.metrics.work import CONTRADICTIONS

T = TypeVar("T")


class Neo4jTransaction(
    ConceptStatements, RelationStatements, EvidenceStatements, Neo4jExplorationStatements, Neo4jImageStatements
):
    """`graphstore.transaction.Transaction`."""

    def __init__(self, tx: AsyncTransaction, workspace: str) -> None:
        self._tx = tx
        self._workspace = workspace
        self.contradictions = 0

    async def begin(self) -> None:
        """Read the store's clock: no lease depends on the clock of this machine."""
        self.now = moment(await self._read(NOW))


class Neo4jTransact:
    """`graphstore.transaction.Transact`."""

    def __init__(self, workspace: str, connection: Connection) -> None:
        self._workspace = workspace
        self._connection = connection

    async def __call__(self, procedure: Procedure[T]) -> T:
        """See `Transact`."""

        async def work(tx: AsyncTransaction) -> tuple[T, int]:
            transaction = Neo4jTransaction(tx, self._workspace)
            await transaction.begin()
            return await procedure(transaction), transaction.contradictions

        result, contradictions = await self._connection.write(work)
        CONTRADICTIONS.inc(contradictions)
        return result
