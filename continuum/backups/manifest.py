"""What a backup says of itself. It is written last: without it there is no backup, only what is left of one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import orjson
from pydantic import Field, TypeAdapter, ValidationError

from continuum.backups.errors import BackupError

FORMAT: Final = 1
ID = re.compile(r"[0-9]{8}T[0-9]{6}\.[0-9]{6}Z")
"""The moment at which a backup was begun, in UTC: their order is that of time."""


@dataclass(frozen=True, slots=True)
class Part:
    """One object of a backup. Parts of one file follow each other in the order of their names."""

    name: Annotated[str, Field(pattern=r"^[\w%.-]+$")]
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Content:
    """One workspace."""

    workspace: str
    records: Mapping[str, int]
    """How many there are, by kind."""
    graph: tuple[Part, ...]
    """All records, in the full form, compressed (docs/formats.md)."""
    pictures: int
    """How many of them the records show; their bytes lie beside the backups, shared by all of them."""
    missing: int
    """Pictures whose bytes were not there when the backup was taken."""
    digests: tuple[Part, ...]
    """Of the pictures whose bytes were there, one in each line, compressed."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """All objects of it."""
        return (*self.graph, *self.digests)


@dataclass(frozen=True, slots=True)
class Manifest:
    """One finished backup."""

    format: int
    id: str
    version: str
    """Of the program."""
    schema: int
    """Of the store."""
    store: str
    """Its adapter."""
    began: datetime
    ended: datetime
    scope: tuple[str, ...] | None
    """The workspaces that were asked for; None: all that there were."""
    contents: tuple[Content, ...]

    @property
    def records(self) -> int:
        """How many there are in all."""
        return sum(sum(content.records.values()) for content in self.contents)

    @property
    def pictures(self) -> int:
        """How many have their bytes in it."""
        return sum(content.pictures - content.missing for content in self.contents)

    @property
    def bytes(self) -> int:
        """How large it is, without its pictures."""
        return sum(part.bytes for content in self.contents for part in content.parts)


_ADAPTER: Final = TypeAdapter(Manifest)


def new_id(now: datetime) -> str:
    """The id of a backup that is begun now."""
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}"


def written(manifest: Manifest) -> bytes:
    """As it is kept: JSON that a person can read."""
    return orjson.dumps(_ADAPTER.dump_python(manifest, mode="json"), option=orjson.OPT_INDENT_2)


def read(content: bytes, id: str) -> Manifest:
    """The manifest of the backup of that id. Raises `BackupError`."""
    try:
        found: Any = orjson.loads(content)
        version = found["format"] if isinstance(found, dict) else None
        if isinstance(version, int) and version > FORMAT:
            raise BackupError(
                f"the backup {id} is of version {version} of the format, and this program reads versions up to "
                f"{FORMAT}; a newer release of Continuum can read it"
            )
        manifest = _ADAPTER.validate_python(found, strict=False)
    except (orjson.JSONDecodeError, KeyError, ValidationError) as error:
        raise BackupError(f"the backup {id} is damaged: its manifest cannot be read") from error
    if manifest.id != id:
        raise BackupError(f"the backup {id} is damaged: its manifest is that of {manifest.id[:80]!r}")
    return manifest
