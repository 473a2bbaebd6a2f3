"""What is shown of an image: its picture as it was made, or a thumbnail of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import structlog

from exploration.errors import InvalidRequest
from graphstore.bytes import THUMBNAIL_TYPE, PictureBytes, Thumbnails
from graphstore.errors import InvalidError
from graphstore.model import Image, ImageStatus, Picture
from graphstore.port import Store
from resolvers.ids import IMAGE, raw_id

_log = structlog.get_logger(__name__)

_NOT_THERE: Final = "There is no picture under this address."
_NOT_READY: Final = {
    ImageStatus.QUEUED: "This picture is not made yet.",
    ImageStatus.GENERATING: "This picture is being made.",
    ImageStatus.FAILED: "This picture could not be made.",
    ImageStatus.CANCELLED: "The making of this picture was cancelled.",
}

Read: TypeAlias = Callable[[int, int], Awaitable[bytes | None]]
"""The bytes from one place to before another; None when they are gone."""


class NotShown(LookupError):
    """There is no picture to show; the message says so to a person."""


@dataclass(frozen=True, slots=True)
class Body:
    """The bytes of what is shown."""

    size: int
    read: Read


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of an image."""

    image: Image
    picture: Picture
    width: int | None
    """Of the thumbnail; None: it is the picture itself."""

    @property
    def etag(self) -> str:
        """Names these bytes, and no others."""
        return self.picture.digest if self.width is None else f"{self.picture.digest}-w{self.width}"

    @property
    def media_type(self) -> str:
        """Of the bytes."""
        return self.picture.media_type if self.width is None else THUMBNAIL_TYPE


class Gallery:
    """The pictures of one workspace."""

    def __init__(self, store: Store, pictures: PictureBytes, thumbnails: Thumbnails) -> None:
        self._store = store
        self._pictures = pictures
        self._thumbnails = thumbnails

    async def find(self, id: str, width: int | None) -> Shown:
        """What is shown under a global id: a thumbnail where a width is given and the picture is wider.
        Raises `NotShown`, `UnavailableError`."""
        try:
            raw = raw_id("id", id, IMAGE)
            image = (await self._store.images.get([raw])).get(raw)
        except (InvalidRequest, InvalidError):
            image = None
        if image is None:
            raise NotShown(_NOT_THERE)
        if image.picture is None:
            raise NotShown(_NOT_READY.get(image.status, _NOT_THERE))
        is_wider = width is not None and image.picture.width > width
        return Shown(image, image.picture, width if is_wider else None)

    async def name_of(self, shown: Shown) -> str:
        """What the picture is of; empty when the concept is gone."""
        concept = (await self._store.concepts.get([shown.image.concept])).get(shown.image.concept)
        return concept.name if concept else ""

    async def body_of(self, shown: Shown) -> Body:
        """The bytes. Raises `NotShown`, `UnavailableError`."""
        workspace, digest = self._store.workspace, shown.picture.digest

        async def read(start: int, end: int) -> bytes | None:
            return await self._pictures.read(workspace, digest, start, end)

        if shown.width is None:
            return Body(shown.picture.bytes, read)
        thumbnail = await self._thumbnails.get(workspace, digest, shown.width)
        if thumbnail is None:
            raise self.lost(shown)
        return Body(len(thumbnail), _reading(thumbnail))

    def lost(self, shown: Shown) -> NotShown:
        """The bytes are gone though the image is there: somebody has to know."""
        _log.error("picture_lost", workspace=self._store.workspace, image=shown.image.id, digest=shown.picture.digest)
        return NotShown("The bytes of this picture are lost.")


def _reading(content: bytes) -> Read:
    async def read(start: int, end: int) -> bytes:
        return content[start:end]

    return read
