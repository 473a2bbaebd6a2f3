"""A file in parts: compressed as it is written, and read back only as what the manifest says it is."""

import asyncio
import hashlib
import io
from collections.abc import Sequence
from typing import IO, Final

import zstandard

from continuum.backups.errors import BackupError
from continuum.backups.manifest import Part
from graphstore.bytes import Objects

SIZE: Final = 8 * 1024 * 1024
"""Bytes of one part: what is held in memory, and what is sent anew when a call fails."""
LEVEL: Final = 9
_AT_ONCE: Final = 128 * 1024
"""Bytes that are compressed at once."""


class PartsWriter:
    """Writes one file. Its parts put together are one compressed file, and no part makes sense without the others."""

    def __init__(self, objects: Objects, folder: str, name: str, suffix: str, *, size: int = SIZE) -> None:
        """The parts become `<folder>/<name>.0000<suffix>` and so on."""
        self._objects = objects
        self._folder = folder
        self._name = name
        self._suffix = suffix
        self._size = size
        self._compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compressobj()
        self._plain = bytearray()
        self._compressed = bytearray()
        self._parts: list[Part] = []

    async def write(self, data: bytes) -> None:
        """Add this."""
        self._plain += data
        if len(self._plain) >= _AT_ONCE:
            await self._compress()

    async def close(self) -> tuple[Part, ...]:
        """Write what is held back; all parts, in their order."""
        await self._compress()
        self._compressed += self._compressor.flush()
        await self._put(self._compressed)
        return tuple(self._parts)

    async def _compress(self) -> None:
        plain, self._plain = self._plain, bytearray()
        self._compressed += await asyncio.to_thread(self._compressor.compress, plain)
        while len(self._compressed) >= self._size:
            await self._put(self._compressed[: self._size])
            del self._compressed[: self._size]

    async def _put(self, content: bytearray) -> None:
        part = Part(f"{self._name}.{len(self._parts):04}{self._suffix}", len(content), _digest(content))
        await self._objects.write(f"{self._folder}/{part.name}", bytes(content))
        self._parts.append(part)


async def fetched(objects: Objects, id: str, parts: Sequence[Part], file: IO[bytes]) -> None:
    """Append the parts of a backup's file to this one. Raises `BackupError` where one of them is not what was written
    once."""
    for part in parts:
        content = await objects.read(f"{id}/{part.name}")
        if content is None:
            raise BackupError(f"the backup {id} is damaged: its {part.name} is not there")
        if len(content) != part.bytes or await asyncio.to_thread(_digest, content) != part.sha256:
            raise BackupError(f"the backup {id} is damaged: its {part.name} is not what was written once")
        await asyncio.to_thread(file.write, content)


async def listed_digests(objects: Objects, id: str, parts: Sequence[Part]) -> frozenset[str]:
    """The digests that a backup lists. Raises `BackupError`."""
    file = io.BytesIO()
    await fetched(objects, id, parts, file)
    file.seek(0)
    try:
        text = zstandard.ZstdDecompressor().stream_reader(file).read()
    except zstandard.ZstdError as error:
        raise BackupError(f"the backup {id} is damaged: its list of pictures cannot be read") from error
    return frozenset(text.decode("ascii", "replace").split())


def _digest(content: bytes | bytearray) -> str:
    return hashlib.sha256(content).hexdigest()
