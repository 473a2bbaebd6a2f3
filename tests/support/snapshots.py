"""What a workspace holds, to compare before and after."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from graphstore.model import Concept, Record, Relation, Tombstone
from graphstore.port import Store

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


async def records(store: Store) -> list[Record]:
    """All records, as they are."""
    return [record async for record in store.archive.export()]


async def content(store: Store) -> Mapping[str, list[Record]]:
    """All records by kind, but for versions and times of change."""
    found: dict[str, list[Record]] = {}
    for record in await records(store):
        found.setdefault(type(record).__name__, []).append(_settled(record))
    return {kind: sorted(records, key=repr) for kind, records in found.items()}


def _settled(record: Record) -> Record:
    if isinstance(record, Concept):
        return replace(record, version=1, updated=_LONG_AGO, aliases=tuple(sorted(record.aliases)))
    if isinstance(record, Relation):
        return replace(record, version=1, created=_LONG_AGO, updated=_LONG_AGO)
    return replace(record, created=_LONG_AGO) if isinstance(record, Tombstone) else record
