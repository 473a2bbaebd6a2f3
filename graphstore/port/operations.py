"""What concerns the store as a whole, whatever the workspace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

ExplorationRef: TypeAlias = tuple[str, str]
"""(workspace, exploration id)"""
ImageRef: TypeAlias = tuple[str, str]
"""(workspace, image id or the id of an image's job)"""


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """What an operator wants to know of a store."""

    adapter: str
    version: str
    """Of the engine behind it."""
    location: str
    schema_version: int
    concepts: int
    relations: int
    explorations: int


@dataclass(frozen=True, slots=True)
class SchemaVersions:
    """The version of the stored schema, 0 where nothing was stored yet, and the one that this program works with."""

    stored: int
    newest: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Work that nobody holds, and that should be held soon."""

    count: int
    oldest_seconds: float
    """For how long the one has waited that has waited longest, by the store's clock; 0 where nothing waits."""


class Operations(Protocol):
    """What concerns the store as a whole, whatever the workspace."""

    async def migrate(self) -> int:
        """Bring the schema up to date, once, however many processes try; the version it has now.
        Raises `SchemaMismatch` for one that a newer program made."""
        ...

    async def versions(self) -> SchemaVersions:
        """Whether a migration is due, without any. Raises `SchemaMismatch` as `migrate` does."""
        ...

    async def ping(self) -> None:
        """Raise `UnavailableError` unless the store can be read, `SchemaMismatch` where its schema is gone."""
        ...

    async def status(self) -> StoreStatus:
        """Versions and counts."""
        ...

    async def verify(self) -> Sequence[str]:
        """What is wrong with the stored data, in words; nothing as a rule. Reads all of it, which takes its time."""
        ...

    async def unowned(self, limit: int) -> Sequence[ExplorationRef]:
        """Explorations that are QUEUED or RUNNING and that nobody holds, oldest first."""
        ...

    async def unowned_images(self, limit: int) -> Sequence[ImageRef]:
        """Jobs of images that are QUEUED or GENERATING and that nobody holds, oldest first, each once."""
        ...

    async def waiting(self) -> tuple[Waiting, Waiting]:
        """How much `unowned` and `unowned_images` would list without a limit: explorations, and jobs of images.

        An exploration has waited since its newest event, a job since it was asked for, and both not before the lease
        ran out of whoever held them last. Of very many explorations the age is that of the 1,000 that come first.
        """
        ...

    async def newest_seqs(self, refs: Sequence[ExplorationRef]) -> Mapping[ExplorationRef, int]:
        """The number of the newest event of each."""
        ...

    async def foreign_changes(self) -> int | None:
        """A number that changes when another process has written; None where the store cannot tell."""
        ...

    async def workspaces(self) -> Sequence[str]:
        """The names of those workspaces that hold something, in their order."""
        ...

    async def trim(self, ended_before: datetime) -> int:
        """Delete events of explorations that ended before, and idempotency keys past their day; how many events."""
        ...
