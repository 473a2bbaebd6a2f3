"""Picture files for fakes to answer with: good ones, and ones that nobody should decode."""

import struct
import zlib
from functools import cache
from io import BytesIO
from random import Random
from typing import Any

from PIL import Image, ImageDraw

BOMB_SIDE = 30_000


@cache
def drawn(width: int = 64, height: int = 48, format: str = "PNG", number: int = 0) -> bytes:
    """A picture; another `number` gives another one."""
    return _saved(_image(width, height, number), format)


@cache
def animated(format: str) -> bytes:
    """Two pictures in one file."""
    return _saved(_image(64, 48, 0), format, save_all=True, append_images=[_image(64, 48, 1)], duration=100)


@cache
def bomb() -> bytes:
    """A PNG of 30,000 x 30,000 pixels, which is small as long as nobody decodes it."""
    row = bytes(1 + BOMB_SIDE // 8)
    packer = zlib.compressobj()
    packed = b"".join(packer.compress(row * 1_000) for _ in range(BOMB_SIDE // 1_000)) + packer.flush()
    head = struct.pack(">IIBBBBB", BOMB_SIDE, BOMB_SIDE, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


@cache
def heavy(size: int) -> bytes:
    """A small PNG with a file of so many bytes."""
    whole = drawn()
    return whole[:-12] + _chunk(b"juNk", bytes(size - len(whole) - 12)) + whole[-12:]


@cache
def noise(width: int, height: int) -> bytes:
    """A PNG that cannot be packed, as large as its pixels."""
    return _saved(Image.frombytes("RGB", (width, height), Random(1).randbytes(3 * width * height)), "PNG")


def _image(width: int, height: int, number: int) -> Image.Image:
    image = Image.new("RGB", (width, height), (40 * number % 256, 90, 160))
    ImageDraw.Draw(image).ellipse((number, number, width // 2, height // 2), fill=(240, 200, 90))
    return image


def _saved(image: Image.Image, format: str, **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
