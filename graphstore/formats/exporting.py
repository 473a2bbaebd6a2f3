"""Export: a whole workspace in the full form."""

from collections.abc import Callable
from datetime import UTC, datetime

import orjson

from graphstore.formats.compression import Writable
from graphstore.formats.full import END, version_line
from graphstore.formats.records import encode
from graphstore.port import Store

_EVERY = 1_000


async def export_to(stream: Writable, store: Store, on_progress: Callable[[int], None] = lambda _: None) -> int:
    """Write everything the workspace holds at one moment; how many records that is.

    `on_progress` is called with their number now and then. Raises what the store and the stream raise.
    """
    stream.write(orjson.dumps(version_line(store.workspace, datetime.now(UTC)), option=orjson.OPT_APPEND_NEWLINE))
    records = 0
    async for record in store.archive.export():
        stream.write(orjson.dumps(encode(record), option=orjson.OPT_APPEND_NEWLINE))
        records += 1
        if records % _EVERY == 0:
            on_progress(records)
    stream.write(orjson.dumps({END: {"records": records}}, option=orjson.OPT_APPEND_NEWLINE))
    on_progress(records)
    return records
