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
from graphstore.model import Image, Member, Record, Relation, RelationKey, StoredEvidence
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
        self._kind = ""
        self._batch: dict[int, Record] = {}
        self._size = BatchSize(store.archive.batch)
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
        record, kind = decode(content), next(iter(content))
        # One kind at a time: what a record speaks of is stored, or was refused, before it.
        written = await self._flush() if kind != self._kind else False
        self._kind = kind
        self._batch[number] = record
        return await self._flush() if len(self._batch) >= self._size.rows else written

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

    async def _flush(self) -> bool:
        batch, self._batch = self._batch, {}
        if not batch:
            return False
        missing = await self._missing(list(batch.values()))
        for number, reason in [(n, _homeless(record, missing)) for n, record in batch.items()]:
            if reason is not None:
                self._report.refuse(number, reason)
                del batch[number]
        with self._size.timed(len(batch)):
            await stored_in_parts(batch, self._load, self._report.refuse)
        return True

    async def _load(self, batch: Batch[Record]) -> None:
        refusals = await self._store.archive.load(list(batch.values()))
        for number, refusal in zip(batch, refusals, strict=True):
            if refusal is None:
                self._report.stored[self._kind] += 1
            else:
                self._report.refuse(number, refusal)

    async def _missing(self, records: Sequence[Record]) -> frozenset[str]:
        """Which of the concepts and sources that the records speak of are not stored."""
        concepts = {id for record in records for id in _concepts_of(record)}
        sources = {record.source for record in records if isinstance(record, StoredEvidence)}
        stored: set[str] = set()
        if concepts:
            stored |= (await self._store.concepts.get(list(concepts))).keys()
        if sources:
            stored |= (await self._store.relations.sources(list(sources))).keys()
        return frozenset((concepts | sources) - stored)


def _homeless(record: Record, missing: frozenset[str]) -> str | None:
    """Why a record cannot be stored that speaks of what is not there."""
    if gone := missing.intersection(_concepts_of(record)):
        return f"the concept {min(gone)} is neither stored nor in the lines before this one"
    if isinstance(record, StoredEvidence) and record.source in missing:
        return f"the source {record.source} is neither stored nor in the lines before this one"
    return None


def _concepts_of(record: Record) -> tuple[str, ...]:
    """The concepts without which the record means nothing."""
    match record:
        case Relation(key=key):
            return key.source, key.target
        case StoredEvidence(subject=RelationKey() as key):
            return key.source, key.target
        case StoredEvidence(subject=str() as concept) | Member(concept=concept) | Image(concept=concept):
            return (concept,)
    return ()
