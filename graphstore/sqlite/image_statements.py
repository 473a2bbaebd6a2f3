"""The statements on images."""

from collections.abc import Iterable, Mapping, Sequence

from graphstore.model import ConceptId, Image
from graphstore.rows.graph import Row, listed
from graphstore.rows.images import IMAGE, image, image_row
from graphstore.sqlite.images import by_id
from graphstore.sqlite.statements import Statements, upsert

_PUT_IMAGE = upsert("image", IMAGE, ("id",))
_OF_JOB = f"SELECT {listed(IMAGE)} FROM image WHERE workspace = :workspace AND job = :job ORDER BY position"


def _where(column: str) -> str:
    return f"""
        SELECT {listed(IMAGE, "i")} FROM json_each(:keys) AS asked
        CROSS JOIN image AS i ON i.workspace = :workspace AND i.{column} = asked.value ORDER BY i.id"""


_ON = _where("concept")
_MADE_FOR = _where("made_for")


class SqliteImageStatements(Statements):
    """`graphstore.transaction.ImageStatements`."""

    async def lock_job(self, job: str) -> Sequence[Image]:
        """See `ImageStatements.lock_job`. The transaction has locked the whole file already."""
        return _images(self._rows(_OF_JOB, job=job))

    async def images(self, ids: Sequence[str]) -> Mapping[str, Image]:
        """See `ImageStatements.images`."""
        return by_id(self._db, self._workspace, ids) if ids else {}

    async def images_on(self, concepts: Sequence[ConceptId]) -> Sequence[Image]:
        """See `ImageStatements.images_on`."""
        return _images(self._rows_of(_ON, concepts))

    async def images_made_for(self, concepts: Sequence[ConceptId]) -> Sequence[Image]:
        """See `ImageStatements.images_made_for`."""
        return _images(self._rows_of(_MADE_FOR, concepts))

    async def put_images(self, images: Sequence[Image]) -> None:
        """See `ImageStatements.put_images`."""
        self._put(_PUT_IMAGE, map(image_row, images))

    async def delete_images(self, ids: Sequence[str]) -> None:
        """See `ImageStatements.delete_images`."""
        self._put("DELETE FROM image WHERE workspace = ? AND id = ?", ((id,) for id in ids))


def _images(rows: Iterable[Row]) -> Sequence[Image]:
    return [image(row) for row in rows]
