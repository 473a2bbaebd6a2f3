"""Files to import, and the store that they are imported into."""

import gzip
import io
import json
import lzma
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import zstandard

from graphstore.formats import Dataset, Report, decompressed, import_from
from graphstore.port import Store
from graphstore.sqlite import open_database

COMPRESS: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".xz": lzma.compress,
    ".gz": gzip.compress,
    ".zst": lambda data: zstandard.ZstdCompressor().compress(data),
}
"""Every way to compress a file, by its suffix."""

SMALL = (
    {"concept": "1", "name": "Whale", "summary": "A large mammal of the sea.", "domain": "animals"},
    {"concept": "2", "name": "Mammal", "summary": "It gives milk.", "aliases": ["mammalian"], "wikidata": "Q7377"},
    {"concept": "3", "name": "Mammal"},
    {"from": "1", "relation": "IS_A", "to": "2"},
    {"from": "3", "relation": "SEE_ALSO", "to": "2"},
)
"""A data set in the plain form: three concepts, two of one name, and two relations."""


def lines(*objects: Any) -> bytes:
    """JSON Lines."""
    return b"".join(json.dumps(each).encode() + b"\n" for each in objects)


def opened(data: bytes) -> io.BufferedReader:
    """The data as an opened file."""
    return io.BufferedReader(io.BytesIO(data))  # type: ignore[arg-type] # typeshed wants a raw stream; any will do


@asynccontextmanager
async def opened_store(folder: Path, workspace: str = "main", file: str = "continuum.sqlite3") -> AsyncIterator[Store]:
    """A workspace of a database file of its own, in a folder that exists."""
    database = await open_database(folder / file)
    try:
        yield database.within(workspace)
    finally:
        await database.close()


async def imported(store: Store, data: bytes, name: str = "small.jsonl") -> Report:
    """Import a file with this content and name."""
    return await import_from(decompressed(opened(data), name), store, Dataset.of_file(name))


def reasons(report: Report) -> dict[int, str]:
    """What was wrong, by line."""
    return {problem.line: problem.reason for problem in report.problems}
