"""The statements on images."""

from collections.abc import Mapping, Sequence

from graphstore.model import ConceptId, Image
from graphstore.neo4j.connection import storable
from graphstore.neo4j.cypher import image_changes as cypher
from graphstore.neo4j.cypher.images import BY_ID
from graphstore.neo4j.statements import Statements
from graphstore.neo4j.whole import image
from graphstore.rows.images import image_row


class Neo4jImageStatements(Statements):
    """`graphstore.transaction.ImageStatements`."""

    async def lock_job(self, job: str) -> Sequence[Image]:
        """See `ImageStatements.lock_job`."""
        return await self._locked(cypher.LOCK_JOB, [job])

    async def images(self, ids: Sequence[str]) -> Mapping[str, Image]:
        """See `ImageStatements.images`."""
        rows = await self._read(BY_ID, ids=storable(ids)) if ids else ()
        return {found.id: found for found in image.all(rows)}

    async def images_on(self, concepts: Sequence[ConceptId]) -> Sequence[Image]:
        """See `ImageStatements.images_on`. Locked, too: else what their maker tells of them meanwhile would be lost
        when they are put back."""
        return await self._locked(cypher.LOCK_ON, concepts)

    async def images_made_for(self, concepts: Sequence[ConceptId]) -> Sequence[Image]:
        """See `ImageStatements.images_made_for`. Locked, too."""
        return await self._locked(cypher.LOCK_MADE_FOR, concepts)

    async def put_images(self, images: Sequence[Image]) -> None:
        """See `ImageStatements.put_images`."""
        await self._put(cypher.PUT_IMAGES, [image_row(each) for each in images])

    async def delete_images(self, ids: Sequence[str]) -> None:
        """See `ImageStatements.delete_images`."""
        await self._put(cypher.DELETE_IMAGES, ids)

    async def _locked(self, statement: str, keys: Sequence[str]) -> Sequence[Image]:
        found = image.all(await self._rows_of(statement, storable(keys)))
        return sorted(found, key=lambda one: (one.job, one.position))
