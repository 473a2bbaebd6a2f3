"""Reading images."""

import sqlite3
from collections.abc import Mapping, Sequence

from graphstore.model import ConceptId, Image, Page, PageRequest
from graphstore.rows.graph import listed
from graphstore.rows.images import IMAGE, image
from graphstore.sqlite.children import Children
from graphstore.sqlite.lanes import Read
from graphstore.sqlite.paging import Order
from graphstore.sqlite.rows import Parameters, as_json

_OF_CONCEPTS = Children("image", IMAGE, Order(("created", "id"), (int, str), falling=True))
_OWNERSHIP = "workspace = :workspace AND concept = asked.value"

_BY_ID = f"""
    SELECT {listed(IMAGE, "i")} FROM json_each(:ids) AS asked
    CROSS JOIN image AS i ON i.workspace = :workspace AND i.id = asked.value"""
_SHOWN = """
    SELECT asked.value FROM json_each(:digests) AS asked
    WHERE EXISTS (SELECT 1 FROM image WHERE workspace = :workspace AND digest = asked.value)"""


class SqliteImages:
    """`graphstore.port.Images`."""

    def __init__(self, workspace: str, read: Read) -> None:
        self._workspace = workspace
        self._read = read

    async def get(self, ids: Sequence[str]) -> Mapping[str, Image]:
        """See `Images.get`."""
        return await self._read(lambda db: by_id(db, self._workspace, ids))

    async def of(self, concepts: Sequence[ConceptId], request: PageRequest) -> Mapping[ConceptId, Page[Image]]:
        """See `Images.of`."""
        asked = self._asked(concepts)
        pages = await self._read(lambda db: _OF_CONCEPTS.pages(db, [_OWNERSHIP], asked, request, lambda _: image))
        return dict(zip(concepts, pages, strict=True))

    async def count(self, concepts: Sequence[ConceptId]) -> Mapping[ConceptId, int]:
        """See `Images.count`."""
        counts = await self._read(lambda db: _OF_CONCEPTS.counts(db, [_OWNERSHIP], self._asked(concepts)))
        return dict(zip(concepts, counts, strict=True))

    async def shown(self, digests: Sequence[str]) -> frozenset[str]:
        """See `Images.shown`."""
        parameters = {"workspace": self._workspace, "digests": as_json(digests)}
        rows = await self._read(lambda db: db.execute(_SHOWN, parameters).fetchall())
        return frozenset(digest for (digest,) in rows)

    def _asked(self, concepts: Sequence[ConceptId]) -> Parameters:
        return {"workspace": self._workspace, "asked": as_json(concepts)}


def by_id(db: sqlite3.Connection, workspace: str, ids: Sequence[str]) -> dict[str, Image]:
    """Images by id."""
    rows = db.execute(_BY_ID, {"workspace": workspace, "ids": as_json(ids)})
    return {found.id: found for found in map(image, rows)}
