"""Migrations: numbered scripts, each of which says which older programs still work with what it leaves behind.

A schema is changed in two releases (expand and contract): the first adds, and serves the programs of before, so that
they go on while processes are replaced one by one; a later one takes away what nobody uses any more.
"""

import importlib.resources
import re
from collections.abc import Sequence
from dataclasses import dataclass

from graphstore.errors import SchemaMismatch

_SERVES = re.compile(r"\A(?:--|//) serves: (\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of a schema."""

    version: int
    """The one that it leads to."""
    script: str
    serves: int
    """Programs that know versions up to this one or a later one work with it. By its first line, `serves: N`, in a
    comment; without that line no older program does."""


def shipped(package: str, suffix: str) -> tuple[Migration, ...]:
    """The migrations of an adapter, in their order; the n-th leads to version n."""
    folder = importlib.resources.files(package) / "migrations"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(suffix))
    return numbered([(folder / name).read_text(encoding="utf-8") for name in names])


def numbered(scripts: Sequence[str]) -> tuple[Migration, ...]:
    """Scripts in their order as migrations."""
    return tuple(_migration(version, script) for version, script in enumerate(scripts, 1))


def check_serves(location: str, stored: int, serves: int | None, newest: int) -> None:
    """Raise `SchemaMismatch` when a schema is newer than the program and serves none that is so old."""
    if stored > newest and (serves is None or serves > newest):
        raise SchemaMismatch(
            f"{location} has schema version {stored}, but this program knows versions up to {newest}: "
            f"use the newer program that made it, or import an export of it into a new store"
        )


def _migration(version: int, script: str) -> Migration:
    match = _SERVES.match(script)
    return Migration(version, script, int(match[1]) if match else version)
