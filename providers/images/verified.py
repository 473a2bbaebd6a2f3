"""Pictures held against what a picture is, before anybody stores or shows them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from typing import Final

from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import jpeg_factory
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from providers.errors import GarbledError
from providers.http import MIB
from providers.images.port import ImageCard, ImageProvider, Picture, PictureRequest, Told, unheard

MOST_BYTES = 16 * MIB
MOST_PIXELS_A_SIDE = 4_096
MOST_SCANS = 100
"""Of a JPEG. Each goes over all pixels and may take 30 bytes: without a bound, 16 MiB are decoded for hours."""

_PNG_END = b"IEND\xaeB`\x82"
_JPEG_SCAN = b"\xff\xda"
_JPEG_END = b"\xff\xd9"


class Verified:
    """A provider whose pictures are what they say they are: well-formed PNG, WebP or JPEG of one frame and of bounded
    size, decoded once to the end. Type and size are the bytes' own, whatever was claimed."""

    def __init__(self, provider: ImageProvider) -> None:
        self._provider = provider
        self.name = provider.name

    def card(self) -> ImageCard:
        """What the provider is."""
        return self._provider.card()

    async def generate(self, request: PictureRequest, told: Told = unheard) -> Sequence[Picture]:
        """The provider's pictures. Raises `GarbledError` when one of them is none, or one is missing."""
        pictures = await self._provider.generate(request, told)
        if len(pictures) != request.count:
            raise GarbledError(f"{self.name} gave {len(pictures)} pictures instead of {request.count}")
        # One after the other: a decoded picture can take 64 MiB.
        return [await asyncio.to_thread(verified, picture) for picture in pictures]


def verified(picture: Picture) -> Picture:
    """The picture with the type and size that its bytes have. Raises `GarbledError`."""
    if len(picture.content) > MOST_BYTES:
        raise _bad(picture, f"has more than {MOST_BYTES / MIB:g} MiB")
    media_type = _type(picture)
    try:
        width, height = _decoded(picture, media_type)
    except GarbledError:
        raise
    except Exception as error:
        # An edge: what a decoder raises for bytes that somebody made up is not told anywhere.
        raise _bad(picture, f"cannot be decoded as {media_type}") from error
    return replace(picture, media_type=media_type, width=width, height=height)


def _decoded(picture: Picture, media_type: str) -> tuple[int, int]:
    content = picture.content
    if media_type == "image/jpeg" and content.count(_JPEG_SCAN) > MOST_SCANS:
        raise _bad(picture, f"has more than {MOST_SCANS} scans")
    if media_type == "image/webp":
        # Pillow gives memory to all pixels as soon as it opens one.
        _check_size(picture, *_webp_size(content))
    # Not by Image.open: what that thinks of large pictures depends on a setting of the whole process.
    with _OPEN[media_type](BytesIO(content)) as image:
        _check_size(picture, *image.size)
        if getattr(image, "n_frames", 1) != 1:
            raise _bad(picture, "is animated")
        image.load()
        size = image.size
    if not _is_whole(content, media_type):
        raise _bad(picture, "ends in the middle")
    return size


def _check_size(picture: Picture, width: int, height: int) -> None:
    if not (0 < width <= MOST_PIXELS_A_SIDE and 0 < height <= MOST_PIXELS_A_SIDE):
        most = MOST_PIXELS_A_SIDE
        raise _bad(picture, f"claims {width}x{height} pixels; at most {most}x{most} are taken")


def _type(picture: Picture) -> str:
    """By the first bytes."""
    start = picture.content[:12]
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if start.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if start[:4] == b"RIFF" and start[8:] == b"WEBP":
        return "image/webp"
    raise _bad(picture, "is neither PNG nor WebP nor JPEG")


def _webp_size(content: bytes) -> tuple[int, int]:
    """By the header of its first chunk (RFC 9649, sections 2.5 to 2.7)."""
    chunk, head = content[12:16], content[20:30]
    if chunk == b"VP8X":
        return int.from_bytes(head[4:7], "little") + 1, int.from_bytes(head[7:10], "little") + 1
    if chunk == b"VP8L":
        bits = int.from_bytes(head[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(head[6:8], "little") & 0x3FFF, int.from_bytes(head[8:10], "little") & 0x3FFF


def _is_whole(content: bytes, media_type: str) -> bool:
    """Whether the last piece is there, which decoders can do without. Raises what Pillow raises."""
    if media_type == "image/webp":
        return len(content) >= int.from_bytes(content[4:8], "little") + 8
    if media_type == "image/jpeg":
        return _JPEG_END in content[content.rfind(_JPEG_SCAN) :]
    with PngImageFile(BytesIO(content)) as image:
        image.verify()  # the check sums of all chunks
    return _PNG_END in content


def _bad(picture: Picture, why: str) -> GarbledError:
    return GarbledError(f"a picture by {picture.provider} {why}")


_OPEN: Final[Mapping[str, Callable[[BytesIO], ImageFile]]] = {
    "image/png": PngImageFile,
    "image/jpeg": jpeg_factory,
    "image/webp": WebPImageFile,
}
