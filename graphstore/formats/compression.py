"""Compressed files: chosen by name when writing, known by their first bytes when reading."""

import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO, Any, Protocol

import zstandard

from graphstore.formats.errors import FormatError


class Readable(Protocol):
    """What lines are read from."""

    def readline(self, size: int = -1, /) -> bytes:
        """The rest of the line, at most so many bytes; nothing at the end."""
        ...


class Writable(Protocol):
    """What lines are written to."""

    def write(self, data: bytes, /) -> int:
        """Write all of it."""
        ...

    def close(self) -> None:
        """Write what is held back, and end."""
        ...


class _ZstdReader(io.RawIOBase):
    """Decompresses frame after frame and, unlike `zstandard`'s own reader, notices one that ends too early."""

    _PIECE = 256
    """Compressed bytes taken at once: a block of 4 bytes may stand for 128 KiB, so this bounds what they become."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._frame: Any = None
        self._compressed = b""
        self._plain = memoryview(b"")

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as possible. Raises `EOFError` for a file that was cut off."""
        while not self._plain:
            piece = self._compressed or self._stream.read(self._PIECE)
            if not piece:
                if self._frame is not None:
                    raise EOFError("the last frame has no end")
                return 0
            self._plain = memoryview(self._decompress(piece))
        size = min(len(buffer), len(self._plain))
        buffer[:size] = self._plain[:size]
        self._plain = self._plain[size:]
        return size

    def _decompress(self, piece: bytes) -> bytes:
        if self._frame is None:
            self._frame = zstandard.ZstdDecompressor().decompressobj()
        plain: bytes = self._frame.decompress(piece)
        self._compressed = b""
        if self._frame.eof:
            self._compressed = self._frame.unused_data
            self._frame = None
        return plain


@dataclass(frozen=True, slots=True)
class Compression:
    """One way to compress."""

    suffix: str
    magic: bytes
    """The first bytes of every such file."""
    read: Callable[[IO[bytes]], Readable]
    write: Callable[[IO[bytes]], Writable]
    """Closing what it returns ends the compressed data and leaves the stream below open."""


def _write_xz(stream: IO[bytes]) -> Writable:
    # Its own default level takes six times as long for a tenth less.
    return lzma.LZMAFile(stream, "wb", preset=1)


def _write_gz(stream: IO[bytes]) -> Writable:
    return gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=stream)


def _write_zst(stream: IO[bytes]) -> Writable:
    return zstandard.ZstdCompressor(level=9, write_checksum=True).stream_writer(stream, closefd=False)


def _read_zst(stream: IO[bytes]) -> Readable:
    return io.BufferedReader(_ZstdReader(stream), 65_536)


COMPRESSIONS: tuple[Compression, ...] = (
    Compression(".xz", b"\xfd7zXZ\x00", lzma.LZMAFile, _write_xz),
    Compression(".gz", b"\x1f\x8b", lambda s: gzip.GzipFile(fileobj=s, mode="rb"), _write_gz),
    Compression(".zst", b"\x28\xb5\x2f\xfd", _read_zst, _write_zst),
)

DAMAGE: Mapping[type[Exception], str] = {
    EOFError: "the compressed data ends too early; the file was cut off",
    lzma.LZMAError: "the compressed data is damaged",
    zlib.error: "the compressed data is damaged",
    gzip.BadGzipFile: "the compressed data is damaged",
    zstandard.ZstdError: "the compressed data is damaged",
}
"""What reading a compressed file may raise, and what that means."""


def decompressed(stream: io.BufferedReader, name: str) -> Readable:
    """The content of a file, decompressed where its first bytes say that it is compressed.

    Raises `FormatError` when its name promises a compression that its content is not.
    """
    head = stream.peek(6)
    for compression in COMPRESSIONS:
        if head.startswith(compression.magic):
            return compression.read(stream)
    promised = PurePath(name).suffix.lower()
    if promised in {c.suffix for c in COMPRESSIONS} and not head.lstrip().startswith(b"{"):
        raise FormatError(f"the file is named {promised} and is not compressed so")
    return stream


def compressed(stream: IO[bytes], name: str) -> Writable:
    """A stream that compresses as the name says, into this one; the same stream for any other name."""
    suffix = PurePath(name).suffix.lower()
    for compression in COMPRESSIONS:
        if compression.suffix == suffix:
            return compression.write(stream)
    return stream
