"""What all flights promise."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from exploration.redis.link import connected
from providers.images.flights.local import LocalFlights
from providers.images.flights.port import Flights
from providers.images.flights.redis import RedisFlights
from tests.support import services


@pytest.fixture(params=["local", pytest.param("redis", marks=services.REDIS)])
async def flights(request: pytest.FixtureRequest) -> AsyncIterator[Flights]:
    """One of the adapters."""
    if request.param == "local":
        yield LocalFlights()
        return
    async with connected(request.getfixturevalue("redis_url")) as link:
        yield RedisFlights(link, "continuum")


async def test_one_at_a_time(flights: Flights) -> None:
    """Of twenty who want the same key, each has it alone, and all have it in the end."""
    inside = most = done = 0

    async def fly() -> None:
        nonlocal inside, most, done
        async with flights.exclusive("a"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1
        done += 1

    await asyncio.gather(*(fly() for _ in range(20)))
    assert (most, done) == (1, 20)


async def test_other_keys_are_not_waited_for(flights: Flights) -> None:
    """Whoever holds one key keeps nobody from another."""
    async with asyncio.timeout(5), flights.exclusive("a"), flights.exclusive("b"):
        pass


async def fails(flights: Flights, held: asyncio.Event) -> None:
    """Holds the key and raises."""
    async with flights.exclusive("a"):
        held.set()
        raise RuntimeError


async def is_cancelled(flights: Flights, held: asyncio.Event) -> None:
    """Holds the key until it is cancelled."""
    async with flights.exclusive("a"):
        held.set()
        await asyncio.Event().wait()


@pytest.mark.parametrize("holder", [fails, is_cancelled])
async def test_who_fails_or_is_cancelled_holds_nothing(
    flights: Flights, holder: Callable[[Flights, asyncio.Event], Awaitable[None]]
) -> None:
    """The next one has the key at once."""
    held = asyncio.Event()
    task = asyncio.ensure_future(holder(flights, held))
    await held.wait()
    task.cancel()
    await asyncio.wait([task])
    async with asyncio.timeout(1), flights.exclusive("a"):
        pass


async def test_who_stops_waiting_is_not_waited_for(flights: Flights) -> None:
    """One of those in the queue is cancelled; those behind it have their turn."""
    async with flights.exclusive("a"):
        leaving = asyncio.ensure_future(fly(flights))
        staying = asyncio.ensure_future(fly(flights))
        await asyncio.wait([leaving, staying], timeout=0.2)
        assert not leaving.done()
        leaving.cancel()
        await asyncio.wait([leaving])
    async with asyncio.timeout(5):
        await staying


async def fly(flights: Flights) -> None:
    """Hold the key for a moment."""
    async with flights.exclusive("a"):
        pass
