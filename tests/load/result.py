"""What came of many requests: figures, and which thresholds they do not hold."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from tests.load.profiles import Thresholds

_REASONS_TOLD = 5
_NOTHING = "not one request was made"


def percentile(ordered: Sequence[float], share: float) -> float:
    """The least of the values, of which there is one at least, that `share` of them (of 1) do not exceed.

    This is the nearest rank: always a value that was measured, with nothing interpolated.
    """
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(frozen=True, slots=True)
class Check:
    """One threshold, and what was reached."""

    figure: str
    demanded: str
    reached: str
    failure: str
    """Why it does not hold, in words; empty when it does."""


@dataclass(frozen=True, slots=True)
class LoadTestResult:
    """Figures of requests of one name, or of all; times in milliseconds, those of failed requests included."""

    name: str
    requests: int
    failed: Mapping[str, int]
    """How many failed, by the reason."""
    throughput: float
    """Answers in one second."""
    min: float = 0.0
    max: float = 0.0
    mean: float = 0.0
    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0

    @classmethod
    def of(cls, name: str, times: Sequence[float], failed: Mapping[str, int], throughput: float) -> Self:
        """Of the time of each request; without any request all times are 0."""
        if not times:
            return cls(name, 0, failed, throughput)
        ordered = sorted(times)
        p50, p95, p99 = (percentile(ordered, share) for share in (0.5, 0.95, 0.99))
        mean = math.fsum(ordered) / len(ordered)
        return cls(name, len(ordered), failed, throughput, ordered[0], ordered[-1], mean, p50, p95, p99)

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """As `dataclasses.asdict` has written it."""
        return cls(**stored)

    @property
    def failures_count(self) -> int:
        """How many failed."""
        return sum(self.failed.values())

    @property
    def failed_share(self) -> float:
        """Of 1."""
        return min(1.0, self.failures_count / self.requests) if self.requests else 0.0

    def checks(self, thresholds: Thresholds) -> tuple[Check, ...]:
        """Each threshold that there is, whether or not it holds."""
        checks = (
            self._time("P95", self.p95, thresholds.p95_ms),
            self._time("P99", self.p99, thresholds.p99_ms),
            self._failures(thresholds.failed_share),
            self._throughput(thresholds.per_second),
        )
        return tuple(check for check in checks if check)

    def failures(self, thresholds: Thresholds) -> tuple[str, ...]:
        """Each threshold that does not hold, in words; empty when all do."""
        return tuple(f"{self.name}: {check.failure}" for check in self.checks(thresholds) if check.failure)

    def _time(self, figure: str, reached: float, allowed: float | None) -> Check | None:
        if allowed is None:
            return None
        failure = "" if self.requests else _NOTHING
        if reached >= allowed:
            failure = (
                f"{figure} is {reached:,.1f} ms and must be below {allowed:,g} ms "
                f"(median {self.p50:,.1f} ms, longest {self.max:,.1f} ms of {self.requests:,} requests)"
            )
        return Check(figure, f"below {allowed:,g} ms", f"{reached:,.1f} ms", failure)

    def _failures(self, allowed: float | None) -> Check | None:
        if allowed is None:
            return None
        demanded = f"below {allowed:.0%}" if allowed else "none"
        reached = f"{self.failed_share:.2%}"
        holds = self.requests and (not self.failed or self.failed_share < allowed)
        what = f"{self.failures_count:,} of {self.requests:,} failed ({reached}), allowed is {demanded}{self._reasons}"
        return Check("failed requests", demanded, reached, "" if holds else what if self.requests else _NOTHING)

    def _throughput(self, wanted: float | None) -> Check | None:
        if wanted is None:
            return None
        failure = f"{self.throughput:,.1f} requests a second were answered, and it must be more than {wanted:,g}"
        holds = self.throughput > wanted
        return Check("requests a second", f"above {wanted:,g}", f"{self.throughput:,.1f}", "" if holds else failure)

    @property
    def _reasons(self) -> str:
        """The most frequent ones."""
        ranked = sorted(self.failed.items(), key=lambda item: (-item[1], item[0]))
        told = [f"; {count:,} x {reason}" for reason, count in ranked[:_REASONS_TOLD]]
        rest = len(ranked) - len(told)
        return "".join(told) + (f"; and {rest} other reasons" if rest else "")
