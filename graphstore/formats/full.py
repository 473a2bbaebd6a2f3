"""The full form: everything a workspace holds, record by record."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from graphstore.formats import values
from graphstore.formats.batches import Batch, BatchSize, stored_in_parts
from graphstore.formats.errors import FormatError, LineError, VersionError
from graphstore.formats.lines import JsonObject
from graphstore.formats.records import decode
from graphstore.formats.report import Report
from graphstore.model import Concept, Member, Record, Relation, RelationKey, Source, StoredEvidence
from graphstore.port import Store

VERSION: Final = 1
MARK: Final = "continuum"
"""The key of the version line."""
END: Final = "end"
"""The key of the last line of an exported file; it says how many records there are."""


def version_line(workspace: str, exported: datetime) -> JsonObject:
    """The first line of an exported file."""
    return {MARK: VERSION, "workspace": workspace, "exported": values.written_time(exported)}


def check_version(version: Any) -> None:
    """Raise `FormatError` unless this program reads that version."""
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise FormatError(f"the version line must say which version of the format it is: {{{MARK!r}: {VERSION}}}")
    if version > VERSION:
        raise VersionError(version, VERSION)


class FullImport:
    """Takes lines of the full form and stores them in batches."""

    def __init__(self, store: Store, first: JsonObject, report: Report) -> None:
        """`first` is the version line. Raises `FormatError`."""
        check_version(first[MARK])
        self._store = store
        self._report = report
        self._batch: dict[int, tuple[str, Record]] = {}
        self._size = BatchSize()
        self._was_exported = "exported" in first
        self._ended = False
        self._records = 0
        self._last = 1

    async def take(self, number: int, content: JsonObject) -> bool:
        """Store this line, now or soon; whether something was written now. Raises `LineError`."""
        self._last = number
        if content.keys() == {END}:
            self._end(content[END])
            return False
        self._records += 1
        self._batch[number] = (next(iter(content), ""), decode(content))
        if len(self._batch) < self._size.rows:
            return False
        await self._flush()
        return True

    async def finish(self) -> None:
        """Store what is still held back, and see that the file was whole."""
        await self._flush()
        if self._was_exported and not self._ended:
            self._report.refuse(self._last + 1, "the file's last line is missing; it was cut off")

    def _end(self, body: Any) -> None:
        self._ended = True
        written = body.get("records") if isinstance(body, dict) else None
        if written != self._records:
            raise LineError(f"the file should hold {written} records, and {self._records} came before this line")

    async def _flush(self) -> None:
        batch, self._batch = self._batch, {}
        homeless = await self._homeless([record for _, record in batch.values()])
        for number in [n for n, (_, record) in batch.items() if id(record) in homeless]:
            _, record = batch.pop(number)
            self._report.refuse(number, homeless[id(record)])
        with self._size.timed(len(batch)):
            await stored_in_parts(batch, self._load, self._report.refuse)

    async def _load(self, batch: Batch[tuple[str, Record]]) -> None:
        refusals = await self._store.archive.load([record for _, record in batch.values()])
        for (number, (kind, _)), refusal in zip(batch.items(), refusals, strict=True):
            if refusal is None:
                self._report.stored[kind] += 1
            else:
                self._report.refuse(number, refusal)

    async def _homeless(self, records: Sequence[Record]) -> dict[int, str]:
        """Why records cannot be stored that speak of concepts or sources which are not there."""
        concepts = {id for r in records for id in _concepts_of(r)} - {r.id for r in records if isinstance(r, Concept)}
        sources = {r.source for r in records if isinstance(r, StoredEvidence)}
        sources -= {r.id for r in records if isinstance(r, Source)}
        if concepts:
            concepts -= (await self._store.concepts.get(list(concepts))).keys()
        if sources:
            sources -= (await self._store.relations.sources(list(sources))).keys()
        missing = {}
        for record in records:
            if gone := concepts.intersection(_concepts_of(record)):
                missing[id(record)] = f"the concept {min(gone)} is neither stored nor in the lines before this one"
            elif isinstance(record, StoredEvidence) and record.source in sources:
                missing[id(record)] = f"the source {record.source} is neither stored nor in the lines before this one"
        return missing


def _concepts_of(record: Record) -> tuple[str, ...]:
    """The concepts without which the record means nothing."""
    match record:
        case Relation(key=key):
            return key.source, key.target
        case StoredEvidence(subject=RelationKey() as key):
            return key.source, key.target
        case StoredEvidence(subject=str() as concept) | Member(concept=concept):
            return (concept,)
    return ()
