"""What is asked of a store as a whole, from rows of plain values."""

from graphstore.port import Waiting
from graphstore.rows.graph import Row

_MICROSECONDS = 1_000_000


def waiting(row: Row, now: int) -> Waiting:
    """From how much waits, and since when the oldest does, in microseconds, which is None where nothing waits."""
    count, since = row
    return Waiting(count, max(now - since, 0) / _MICROSECONDS if count else 0.0)
