"""What the process of the users is told, and what it tells: two files of JSON, since the two share no memory."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.load.following import Tally


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done."""

    servers: tuple[str, ...]
    """Addresses; users take turns with them."""
    topics: tuple[str, ...]
    users: int
    subscribers: int
    users_per_second: float
    seconds: float
    patience: float
    samples: str
    """The file to write."""
    report: str
    """Where locust's report goes."""

    def write(self, file: Path) -> None:
        """For `read`."""
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> "Plan":
        """As `write` left it."""
        told = json.loads(file.read_text(encoding="utf-8"))
        return cls(**{**told, "servers": tuple(told["servers"]), "topics": tuple(told["topics"])})


@dataclass(frozen=True, slots=True)
class Series:
    """All requests of one name."""

    times: list[float] = field(default_factory=list)
    """Milliseconds of each, in the order of the answers."""
    failed: dict[str, int] = field(default_factory=dict)
    """How many failed, by the reason."""
    steady: int = 0
    """How many were answered while all users were there."""


@dataclass(frozen=True, slots=True)
class Samples:
    """What was measured."""

    series: Mapping[str, Series]
    steady_seconds: float
    """For how long all users were there."""
    tally: Tally
    cpu_seconds: float
    """Of the process of the users itself."""

    def write(self, file: Path) -> None:
        """For `read`."""
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> "Samples":
        """As `write` left it."""
        told = json.loads(file.read_text(encoding="utf-8"))
        series = {name: Series(**each) for name, each in told["series"].items()}
        return cls(series, told["steady_seconds"], Tally(**told["tally"]), told["cpu_seconds"])
