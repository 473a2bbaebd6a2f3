"""One thing that `continuum doctor` looked at."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, how it is, and how to mend it."""

    level: Level
    subject: str
    state: str
    mend: str = ""


def number(version: str) -> tuple[int, ...]:
    """`5.26.30` to compare with others; what is no number counts as none."""
    return tuple(int(part) for part in version.split(".") if part.isdecimal())
