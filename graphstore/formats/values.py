"""How the values of a record's fields are written in JSON, and what may stand there when they are read."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from graphstore.formats.errors import LineError
from graphstore.model import RELATION_TYPE


def as_it_is(value: Any) -> Any:
    """The value: JSON already."""
    return value


MAX_INTEGER = 2**53 - 1
"""The greatest whole number that every JSON reader keeps exact (RFC 8259, 6)."""

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Codec:
    """Writes one kind of value, and reads it. `decode` gets the value's name and raises `LineError` with it."""

    encode: Callable[[Any], Any]
    decode: Callable[[str, Any], Any]
    optional: bool = False
    """Whether None is allowed; it is never written."""


def wrong(name: str, expected: str) -> LineError:
    """The error of a value that is not what its name calls for."""
    return LineError(f"{name} must be {expected}")


def text(name: str, value: Any) -> str:
    """Any text but one that holds NUL, which much of the world cannot store."""
    if not isinstance(value, str):
        raise wrong(name, "a string")
    if "\0" in value:
        raise wrong(name, "without NUL characters")
    return value


def uuid(name: str, value: Any) -> str:
    """An id."""
    if not isinstance(value, str) or _UUID.fullmatch(value) is None:
        raise wrong(name, "a UUID in lower case with hyphens")
    return value


def shaped(pattern: str, expected: str) -> Callable[[str, Any], str]:
    """Texts of one form."""
    form = re.compile(pattern)

    def decode(name: str, value: Any) -> str:
        if not isinstance(value, str) or form.fullmatch(value) is None:
            raise wrong(name, expected)
        return value

    return decode


def relation_type(name: str, value: Any) -> str:
    """A type of relations."""
    if not isinstance(value, str) or RELATION_TYPE.fullmatch(value) is None:
        raise wrong(name, "a relation type: A-Z, 0-9 and _, a letter first, at most 64 characters")
    return value


def boolean(name: str, value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise wrong(name, "true or false")
    return value


def whole(least: int) -> Callable[[str, Any], int]:
    """Whole numbers from this one on."""

    def decode(name: str, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= MAX_INTEGER:
            raise wrong(name, f"a whole number from {least} to {MAX_INTEGER}")
        return value

    return decode


def number(least: float | None, most: float | None, expected: str) -> Callable[[str, Any], float]:
    """Numbers between these two."""
    low, high = -math.inf if least is None else least, math.inf if most is None else most

    def decode(name: str, value: Any) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            raise wrong(name, expected)
        if not low <= value <= high:
            raise wrong(name, expected)
        return float(value)

    return decode


def written_time(value: datetime) -> str:
    """ISO 8601 in UTC with microseconds."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def read_time(name: str, value: Any) -> datetime:
    """ISO 8601 with an offset."""
    expected = "a time as 2026-01-31T12:00:00.000000Z"
    if not isinstance(value, str):
        raise wrong(name, expected)
    try:
        at = datetime.fromisoformat(value)
        if at.tzinfo is None:
            raise wrong(name, expected)
        return at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise wrong(name, expected) from error


def one_of(choices: type[StrEnum]) -> Codec:
    """One of an enumeration's values."""
    expected = "one of " + ", ".join(choices)

    def decode(name: str, value: Any) -> StrEnum:
        if not isinstance(value, str) or value not in choices.__members__:
            raise wrong(name, expected)
        return choices(value)

    return Codec(str, decode)


def texts_by_name(name: str, value: Any) -> dict[str, str]:
    """A JSON object whose values are texts."""
    if not isinstance(value, dict):
        raise wrong(name, "an object of strings")
    return {text(name, key): text(f"{name}.{key}", each) for key, each in value.items()}


def listed(of: Codec) -> Codec:
    """A JSON array of such values."""
    encode, decode_one = of.encode, of.decode

    def written(values: tuple[Any, ...]) -> list[Any]:
        return [encode(v) for v in values]

    def decode(name: str, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise wrong(name, "an array")
        return tuple([decode_one(f"{name}[{i}]", each) for i, each in enumerate(value)])

    return Codec(written, decode)
