"""Reading images."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphstore.model import ConceptId, Image, Page, PageRequest
from graphstore.neo4j.children import pages
from graphstore.neo4j.connection import Connection
from graphstore.neo4j.cypher import images as cypher
from graphstore.neo4j.whole import image


class Neo4jImages:
    """`graphstore.port.Images`. Each call is one round trip."""

    def __init__(self, workspace: str, connection: Connection) -> None:
        self._workspace = workspace
        self._connection = connection

    async def get(self, ids: Sequence[str]) -> Mapping[str, Image]:
        """See `Images.get`."""
        return {found.id: found for found in image.all(await self._read(cypher.BY_ID, ids=ids))}

    async def of(self, concepts: Sequence[ConceptId], request: PageRequest) -> Mapping[ConceptId, Page[Image]]:
        """See `Images.of`."""
        order = cypher.OF.order
        found = await self._read(cypher.OF.pages(request), asked=concepts, **order.parameters(request))
        return pages(concepts, found, request, order.place, image)

    async def count(self, concepts: Sequence[ConceptId]) -> Mapping[ConceptId, int]:
        """See `Images.count`."""
        counts = await self._read(cypher.OF.counts(), asked=concepts)
        return dict(zip(concepts, counts, strict=True))

    async def shown(self, digests: Sequence[str]) -> frozenset[str]:
        """See `Images.shown`."""
        return frozenset(await self._read(cypher.SHOWN, digests=digests))

    async def _read(self, statement: str, **parameters: Any) -> Any:
        return await self._connection.read(statement, {"workspace": self._workspace, **parameters})
