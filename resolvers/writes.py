"""Changes under way: each runs to its end, also when the client that asked for it has left."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Writes:
    """Owns the tasks of all changes that clients have asked for. Await `finished` before closing the store."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    async def run(self, change: Coroutine[Any, Any, T]) -> T:
        """Carry out the change; being cancelled while waiting for it does not cut it in half."""
        task = asyncio.create_task(change)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def finished(self) -> None:
        """Wait until nothing is being changed."""
        await asyncio.gather(*self._running, return_exceptions=True)
