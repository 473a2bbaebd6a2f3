"""One task for all within this process who want the same at the same time."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from providers.images.port import Told

T = TypeVar("T")

Begin: TypeAlias = Callable[[Told], Coroutine[Any, Any, T]]
"""Does what is wanted, and tells how far it is."""


@dataclass(slots=True, eq=False)
class _Flight(Generic[T]):
    task: asyncio.Task[T] = field(init=False)
    passengers: list[Told] = field(default_factory=list)
    landed: bool = False
    """Whether somebody has what it brought."""

    def tell(self, share: float) -> None:
        """Hand on how far it is."""
        for told in tuple(self.passengers):
            told(share)


class Shared(Generic[T]):
    """Tasks by key. Each goes on for as long as anybody waits for it, and is cancelled when the last one leaves."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[T]] = {}

    async def join(self, key: Hashable, begin: Begin[T], told: Told) -> tuple[T, bool]:
        """What the task under this key gives, begun now unless it is under way; and whether the caller is the first to
        have it, of whom there is one. Raises what the task raises."""
        flight = self._flights.get(key) or self._begun(key, begin)
        flight.passengers.append(told)
        try:
            result = await asyncio.shield(flight.task)
        finally:
            flight.passengers.remove(told)
            if not flight.passengers and not flight.task.done():
                await self._given_up(key, flight)
        first, flight.landed = not flight.landed, True
        return result, first

    def _begun(self, key: Hashable, begin: Begin[T]) -> _Flight[T]:
        flight = self._flights[key] = _Flight[T]()
        flight.task = asyncio.create_task(self._flown(key, flight, begin), name="pictures")
        return flight

    async def _flown(self, key: Hashable, flight: _Flight[T], begin: Begin[T]) -> T:
        try:
            return await begin(flight.tell)
        finally:
            self._forget(key, flight)

    async def _given_up(self, key: Hashable, flight: _Flight[T]) -> None:
        """At first it is forgotten: whoever comes from now on must not board what is about to end."""
        self._forget(key, flight)
        flight.task.cancel()
        await asyncio.gather(flight.task, return_exceptions=True)

    def _forget(self, key: Hashable, flight: _Flight[T]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
