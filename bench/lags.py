"""How long after their commits events were received, by what the workers log and what the subscribers got."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from bench.subscribers import Subscriber
from resolvers.ids import EXPLORATION, global_id

Commits: TypeAlias = Mapping[tuple[str, int], float]
"""When each event's commit had returned in its worker, in seconds since 1970, by global id and number."""


def commits(logs: Iterable[Path]) -> Commits:
    """What the workers logged, at DEBUG and as JSON."""
    found = {}
    for log in logs:
        for line in log.read_text(encoding="utf-8").splitlines():
            if '"event_committed"' in line:
                told = json.loads(line)
                id = global_id(EXPLORATION, told["exploration"])
                found[id, told["seq"]] = datetime.fromisoformat(told["timestamp"]).timestamp()
    return found


def lags(committed: Commits, subscriber: Subscriber) -> list[float]:
    """Seconds from commit to receipt, of each event that was committed when the subscriber was already listening."""
    return [
        received - at
        for seq, received in enumerate(subscriber.received, 1)
        if (at := committed.get((subscriber.exploration, seq))) is not None and at > subscriber.received[0]
    ]


def last_lags(committed: Commits, subscribers: Sequence[Subscriber]) -> list[float]:
    """For each event the seconds from its commit until the last of the subscribers, all of one exploration, had it."""
    listening = max(each.received[0] for each in subscribers)
    return [
        max(moments) - at
        for seq, moments in enumerate(zip(*(each.received for each in subscribers), strict=True), 1)
        if (at := committed.get((subscribers[0].exploration, seq))) is not None and at > listening
    ]


@dataclass(frozen=True, slots=True)
class Spread:
    """A few figures on many."""

    number: int
    median: float
    p95: float
    most: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """Of at least one value."""
        ordered = sorted(values)
        return cls(len(ordered), ordered[len(ordered) // 2], ordered[len(ordered) * 95 // 100], ordered[-1])

    @property
    def milliseconds(self) -> tuple[str, str, str]:
        """Median, 95th percentile and most, of seconds."""
        return (f"{1e3 * self.median:.1f}", f"{1e3 * self.p95:.1f}", f"{1e3 * self.most:.1f}")
