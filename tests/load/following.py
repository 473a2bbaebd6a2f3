"""How far a subscriber has followed an exploration: its events are numbered 1, 2, 3... across all connections."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ENDED = frozenset({"COMPLETED", "BUDGET_REACHED", "CANCELLED", "FAILED"})


@dataclass(slots=True)
class Followed:
    """One exploration, by its global id."""

    exploration: str
    last: int = 0
    """The number of the newest event that was seen."""
    status: str = ""

    def take(self, event: Mapping[str, Any]) -> str:
        """Note the next event; what is wrong with its number, in words, or nothing."""
        seq, expected = int(event["seq"]), self.last + 1
        self.last = max(seq, self.last)
        self.status = str(event.get("status", self.status))
        if seq == expected:
            return ""
        return "a gap: an event was missed" if seq > expected else "an event came twice or late"

    @property
    def ended(self) -> bool:
        """Whether the exploration said that it has ended."""
        return self.status in ENDED


@dataclass(slots=True)
class Tally:
    """What all subscribers together have seen."""

    events: int = 0
    ended: int = 0
    """Explorations that were followed to their end."""
    resumed: int = 0
    """Connections that went on where another one had stopped, at the next server."""
    gaps: int = 0
    """Events whose number did not follow the one before."""

    def __str__(self) -> str:
        return (
            f"Subscribers were told of {self.events:,} events, {self.gaps:,} of them out of order. They saw "
            f"{self.ended:,} explorations to their end, and went on at another server {self.resumed:,} times."
        )
