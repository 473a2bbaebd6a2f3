"""Everything a workspace holds, in and out."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from graphstore.model import BatchLimits, Record


class Archive(Protocol):
    """The whole content of a workspace, as records (docs/formats.md)."""

    @property
    def batch(self) -> BatchLimits:
        """How much an import should write at a time. So many records can be loaded at once, or read by their ids."""
        ...

    def export(self) -> AsyncIterator[Record]:
        """Everything stored: concepts before relations before evidence, and explorations after their steps, members
        and events: whoever loads it stores one that can be taken up when all of it is there.

        It is of one moment where nothing is written meanwhile, or where the store can read so. Elsewhere some of what
        is written meanwhile is in it, but it is closed: relations, evidence and members are left out that came too
        late for what they speak of, and explorations stand where they stood at the beginning (docs/decisions/0007).
        """
        ...

    async def load(self, records: Sequence[Record]) -> Sequence[str | None]:
        """Store a batch as it is, ids included, replacing what has the same id; for each record None or
        why it was refused. Explorations that had not ended are QUEUED, without lease."""
        ...
