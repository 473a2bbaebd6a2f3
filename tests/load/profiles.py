"""How many users come, how fast and for how long, and what must hold then."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What must hold of all requests together; None: anything may."""

    p95_ms: float | None = None
    """Below this."""
    p99_ms: float | None = None
    """Below this."""
    failed_share: float | None = None
    """Below this, of 1; with 0 none may fail."""
    per_second: float | None = None
    """Above this."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of run."""

    name: str
    users: int
    users_per_second: float
    """How many of them come in each second, until all are there."""
    seconds: float
    """From the first user's coming to the end."""
    thresholds: Thresholds

    @property
    def subscribers(self) -> int:
        """How many come beside the users and follow explorations: one for ten of them."""
        return max(1, self.users // 10)

    @property
    def seconds_of_coming(self) -> float:
        """Until all users and subscribers are there."""
        return (self.users + self.subscribers) / self.users_per_second


PATIENCE_SECONDS = 30.0
"""A request without an answer for so long has failed."""
BUDGET = 5
"""Concepts that an exploration may find."""
TOPICS = 200

PROFILES: Mapping[str, Profile] = {
    profile.name: profile
    for profile in (
        Profile("seed", 100, 10, 300, Thresholds(1_000, 2_000, 0.05)),
        Profile("throughput", 300, 20, 300, Thresholds(1_000, 2_000, 0.05, 100)),
        Profile("smoke", 10, 5, 30, Thresholds(failed_share=0)),
    )
}
