"""Export: a whole workspace in the full form."""

from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime

import orjson

from graphstore.formats.compression import Writable
from graphstore.formats.full import END, version_line
from graphstore.formats.records import encode
from graphstore.model import Record
from graphstore.port import Store

_EVERY = 1_000


async def export_to(stream: Writable, store: Store, on_progress: Callable[[int], None] = lambda _: None) -> int:
    """Write everything the workspace holds at one moment; how many records that is.

    `on_progress` is called with their number now and then. Raises what the store and the stream raise.
    """
    records = 0

    def count(_: Record) -> None:
        nonlocal records
        records += 1
        if records % _EVERY == 0:
            on_progress(records)

    async for line in exported(store, count):
        stream.write(line)
    on_progress(records)
    return records


async def exported(store: Store, on_record: Callable[[Record], None]) -> AsyncGenerator[bytes, None]:
    """The same, line by line; `on_record` is called with each record before its line."""
    records = 0
    yield orjson.dumps(version_line(store.workspace, datetime.now(UTC)), option=orjson.OPT_APPEND_NEWLINE)
    async for record in store.archive.export():
        on_record(record)
        records += 1
        yield orjson.dumps(encode(record), option=orjson.OPT_APPEND_NEWLINE)
    yield orjson.dumps({END: {"records": records}}, option=orjson.OPT_APPEND_NEWLINE)
