"""Thumbnails: smaller copies of pictures, made when they are first asked for, and kept."""

import asyncio
from dataclasses import dataclass
from io import BytesIO

import structlog

from graphstore.bytes.pictures import PictureBytes
from graphstore.errors import StoreError
from telemetry.metrics import cache as metrics

_log = structlog.get_logger(__name__)

WIDTHS = (64, 128, 256, 512)
"""In pixels."""
THUMBNAIL_TYPE = "image/webp"
QUALITY = 80
MAKERS = 2
"""How many thumbnails one process makes at a time: each holds a whole picture, unpacked, in memory."""
_FORMATS = ("PNG", "JPEG", "WEBP")
_TALLEST = 16_383
"""Pixels; WebP knows no more."""
_LOOKS = {True: metrics.HITS.labels("store", "thumbnail"), False: metrics.MISSES.labels("store", "thumbnail")}


class Thumbnails:
    """WebP copies of a width in `WIDTHS`, or of the picture's own where that is smaller.

    At most one is being made of each picture, whoever asks; those who ask and leave do not stop it. Whoever opened
    this closes it.
    """

    def __init__(self, pictures: PictureBytes) -> None:
        self._pictures = pictures
        self._slots = asyncio.Semaphore(MAKERS)
        self._making: dict[tuple[str, str], asyncio.Task[_Made]] = {}

    async def get(self, workspace: str, digest: str, width: int) -> bytes | None:
        """The thumbnail; None when there is no picture, or none that can be read. Raises `UnavailableError`."""
        kept = await self._pictures.variant(workspace, digest, _name(width))
        _LOOKS[kept is not None].inc()
        while kept is None:
            maker = self._making.get((workspace, digest)) or self._begin(workspace, digest, width)
            made = await asyncio.shield(maker)
            if made.width == width:
                return made.content
            kept = await self._pictures.variant(workspace, digest, _name(width))
        return kept

    async def close(self) -> None:
        """Give up what is being made."""
        making = tuple(self._making.values())
        for maker in making:
            maker.cancel()
        await asyncio.gather(*making, return_exceptions=True)

    def _begin(self, workspace: str, digest: str, width: int) -> "asyncio.Task[_Made]":
        maker = asyncio.create_task(self._make(workspace, digest, width), name=f"thumbnail {digest}")
        maker.add_done_callback(_looked_at)
        self._making[workspace, digest] = maker
        return maker

    async def _make(self, workspace: str, digest: str, width: int) -> "_Made":
        try:
            async with self._slots:
                content = await self._pictures.read(workspace, digest)
                thumbnail = None if content is None else await asyncio.to_thread(_thumbnail, content, width)
            if thumbnail is not None:
                await self._keep(workspace, digest, width, thumbnail)
            return _Made(width, thumbnail)
        finally:
            del self._making[workspace, digest]

    async def _keep(self, workspace: str, digest: str, width: int, thumbnail: bytes) -> None:
        try:
            await self._pictures.put_variant(workspace, digest, _name(width), thumbnail)
        except StoreError as error:  # whoever asked has it all the same; the next one has it made again
            _log.warning("thumbnail_not_kept", workspace=workspace, digest=digest, error=str(error))


@dataclass(frozen=True, slots=True)
class _Made:
    """What a maker made."""

    width: int
    content: bytes | None


def _looked_at(maker: asyncio.Task[_Made]) -> None:
    """All who asked may have left: then nobody else looks at what went wrong, and nobody needs to."""
    if not maker.cancelled():
        maker.exception()


def _name(width: int) -> str:
    return f"w{width}"


def _thumbnail(content: bytes, width: int) -> bytes | None:
    from PIL import Image  # noqa: PLC0415 - it takes a while to load, and few processes make thumbnails

    try:
        with Image.open(BytesIO(content), formats=_FORMATS) as picture:
            small: Image.Image = picture
            if picture.mode not in {"RGB", "RGBA"}:  # a palette's colours would not be mixed
                small = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
            small.thumbnail((width, _TALLEST))
            written = BytesIO()
            small.save(written, "WEBP", quality=QUALITY)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:  # what Pillow says of bad files
        _log.error("picture_unreadable", error=str(error))
        return None
    return written.getvalue()
