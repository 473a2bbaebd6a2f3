"""Reading the atlas from the data files that are installed with the program."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from providers.errors import GarbledError
from providers.knowledge.atlas.entry import Entry, RelationType, Statement

WORDS = frozenset({"name", "kind", "summary", "aliases"})
"""The keys of an entry that are no relation types."""


@dataclass(frozen=True, slots=True)
class Book:
    """The whole atlas as it is written."""

    entries: tuple[Entry, ...]
    """By file name, and within a file in its order."""
    types: Mapping[str, RelationType]
    kinds: Mapping[str, str]
    """Kind to what it covers."""


def installed() -> Traversable:
    """The folder of the atlas that came with this program."""
    return resources.files("providers.knowledge.atlas")


def read_book(folder: Traversable) -> Book:
    """Read `relation_types.toml`, `kinds.toml` and `data/*.toml`. Raises `GarbledError` for a file that is no atlas."""
    types = {name: _relation_type(name, table) for name, table in _table(folder / "relation_types.toml").items()}
    kinds = {name: _text(name, means) for name, means in _table(folder / "kinds.toml").items()}
    files = sorted((f for f in (folder / "data").iterdir() if f.name.endswith(".toml")), key=lambda f: f.name)
    return Book(tuple(entry for file in files for entry in _entries(file)), types, kinds)


def _entries(file: Traversable) -> Iterator[Entry]:
    domain = file.name.removesuffix(".toml")
    for label, table in _table(file).items():
        if not isinstance(table, dict):
            raise GarbledError(f"{file.name}: {label!r} stands outside of any entry")
        yield _entry(label, domain, table)


def _entry(label: str, domain: str, table: Mapping[str, object]) -> Entry:
    return Entry(
        label=label,
        name=_text(label, table.get("name", label)),
        kind=_text(label, table.get("kind", "")),
        domain=domain,
        summary=_text(label, table.get("summary", "")),
        aliases=_texts(label, table.get("aliases", [])),
        statements=tuple(
            Statement(label, type_, target)
            for type_, targets in table.items()
            if type_ not in WORDS
            for target in _texts(label, targets)
        ),
    )


def _relation_type(name: str, table: object) -> RelationType:
    if not isinstance(table, dict):
        raise GarbledError(f"the relation type {name} must be a table")
    return RelationType(
        name=name,
        means=_text(name, table.get("means")),
        reads=_text(name, table.get("reads")),
        restated_by=_texts(name, table.get("restated_by", [])),
    )


def _table(file: Traversable) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as broken:  # ValueError: neither TOML nor UTF-8
        raise GarbledError(f"the atlas file {file.name} cannot be read: {broken}") from broken


def _text(where: str, value: object) -> str:
    if not isinstance(value, str):
        raise GarbledError(f"{where!r}: a text was expected, not {value!r}")
    return value


def _texts(where: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise GarbledError(f"{where!r}: a list of texts was expected, not {value!r}")
    return tuple(_text(where, one) for one in value)
