"""Import: a file's lines into a store, whichever form they have."""

from collections.abc import Callable
from typing import Protocol

from graphstore.formats.compression import Readable
from graphstore.formats.errors import FormatError, LineError
from graphstore.formats.full import MARK, FullImport
from graphstore.formats.lines import FULL_LIMIT, JsonObject, Line, Lines
from graphstore.formats.plain import Dataset, PlainImport
from graphstore.formats.report import Report
from graphstore.port import Store


class _Import(Protocol):
    async def take(self, number: int, content: JsonObject) -> bool: ...

    async def finish(self) -> None: ...


async def import_from(
    stream: Readable,
    store: Store,
    dataset: Dataset | None,
    on_progress: Callable[[Report], None] = lambda _: None,
) -> Report:
    """Store what the lines hold, in bounded memory and short transactions; `dataset` is what a plain file is cited as,
    and may be None for a file of the full form.

    A line that cannot be used is noted in the report, and the others are stored. `on_progress` is called after each
    write. Raises `FormatError` for a file that cannot be used at all, and what the store raises.
    """
    report = Report()
    into: _Import | None = None
    lines = Lines(stream)
    for line in lines:
        if into is None:
            into, is_header = _begin(line, lines, store, dataset, report)
            if is_header:
                continue
        if await _taken(into, line, report):
            on_progress(report)
    if into is None:
        raise FormatError("the file is empty")
    await into.finish()
    on_progress(report)
    return report


def _begin(line: Line, lines: Lines, store: Store, dataset: Dataset | None, report: Report) -> tuple[_Import, bool]:
    """What to do with all lines, by the first one, and whether that one only said so."""
    if isinstance(line.content, LineError) or MARK not in line.content:
        if dataset is None:
            raise FormatError("a data set without a file name needs a title to be cited by (--source-title)")
        return PlainImport(store, dataset, report), False
    lines.limit = FULL_LIMIT
    report.form = "full"
    return FullImport(store, line.content, report), True


async def _taken(into: _Import, line: Line, report: Report) -> bool:
    try:
        if isinstance(line.content, LineError):
            raise line.content
        return await into.take(line.number, line.content)
    except LineError as error:
        report.refuse(line.number, str(error))
        return False
