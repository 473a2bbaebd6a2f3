"""How much is written in one transaction: as much as fits a short time, so that others can write in between."""

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeAlias, TypeVar

from graphstore.errors import ConflictError, InvalidError
from graphstore.model import BatchLimits

T = TypeVar("T")

Batch: TypeAlias = Mapping[int, T]
"""Records by the number of their lines."""

_LEAST, _FIRST = 10, 100


class BatchSize:
    """Learns from each write how many records the next one should have, within what suits the store."""

    def __init__(self, limits: BatchLimits) -> None:
        self._limits = limits
        self.rows = _FIRST

    @contextmanager
    def timed(self, rows: int) -> Iterator[None]:
        """Measure a write of this many records."""
        began = time.perf_counter()
        yield
        seconds = time.perf_counter() - began
        fitting = int(rows * self._limits.seconds / max(seconds, 1e-6))
        if rows >= self.rows or fitting < self.rows:
            # Half the way: a single slow write (a checkpoint, a busy disk) should not change much.
            self.rows = max(_LEAST, min(self._limits.rows, (self.rows + fitting) // 2))


async def stored_in_parts(
    batch: Batch[T], put: Callable[[Batch[T]], Awaitable[None]], refuse: Callable[[int, str], None]
) -> None:
    """Put a batch into the store; where it is refused, find the records that this is about and put the others."""
    if not batch:
        return
    try:
        await put(batch)
    except (ConflictError, InvalidError) as error:
        if len(batch) == 1:
            refuse(next(iter(batch)), str(error))
            return
        pairs, middle = list(batch.items()), len(batch) // 2
        for half in (pairs[:middle], pairs[middle:]):
            await stored_in_parts(dict(half), put, refuse)
