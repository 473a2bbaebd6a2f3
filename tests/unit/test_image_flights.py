"""Flights over processes: who dies is not waited for, who lives is, and a server that is away stops nobody."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis

from exploration.redis.link import RedisLink, connected
from providers.images.flights.local import LocalFlights
from providers.images.flights.redis import HOLD, RedisFlights
from tests.support.exploring import until
from tests.support.redis_process import redis_process

ROOT = Path(__file__).parents[2]
KEY = "continuum:flight:a"


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """The server as somebody else uses it."""
    async with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
async def link(redis_url: str) -> AsyncIterator[RedisLink]:
    """The server as flights use it."""
    async with connected(redis_url) as link:
        yield link


async def test_a_lock_that_nobody_uses_is_forgotten() -> None:
    """Whatever becomes of those who wanted it."""
    flights = LocalFlights()

    async def fly(key: str) -> None:
        async with flights.exclusive(key):
            await asyncio.sleep(0)

    tasks = [asyncio.create_task(fly(str(number % 3))) for number in range(30)]
    await asyncio.sleep(0)
    assert len(flights._locks) == 3
    tasks[-1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (len(flights._locks), len(flights._users)) == (0, 0)


async def test_processes_exclude_each_other(link: RedisLink, redis: Redis) -> None:
    """Two flights with nothing in common but Redis; nothing is left there in the end."""
    first, second = RedisFlights(link, "continuum"), RedisFlights(link, "continuum")
    inside = most = 0

    async def fly(flights: RedisFlights) -> None:
        nonlocal inside, most
        async with flights.exclusive("a"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.01)
            inside -= 1

    await asyncio.gather(*(fly(flights) for flights in (first, second, first, second)))
    assert most == 1
    assert await redis.dbsize() == 0


async def test_who_lives_is_waited_for(link: RedisLink, redis: Redis) -> None:
    """A hold is renewed for as long as its holder has it, several times its life."""
    holder, other = RedisFlights(link, "continuum", hold=0.3), RedisFlights(link, "continuum", hold=0.3)
    async with holder.exclusive("a"):
        token = await redis.get(KEY)
        waiting = asyncio.create_task(fly(other))
        await asyncio.wait([waiting], timeout=1.2)
        assert not waiting.done()
        assert await redis.get(KEY) == token
    async with asyncio.timeout(5):
        await waiting


async def fly(flights: RedisFlights) -> None:
    """Hold the key for a moment."""
    async with flights.exclusive("a"):
        pass


async def test_a_hold_that_vanished_is_taken_again(link: RedisLink, redis: Redis) -> None:
    """The server was flushed: the holder is the holder still."""
    async with RedisFlights(link, "continuum", hold=0.3).exclusive("a"):
        token = await redis.get(KEY)
        await redis.flushdb()

        async def taken() -> bool:
            return bool(await redis.get(KEY) == token)

        await until(taken, 5)


async def test_only_the_holder_gives_it_up(link: RedisLink, redis: Redis) -> None:
    """Who was frozen for too long neither renews nor deletes what another one holds by now."""
    async with RedisFlights(link, "continuum", hold=0.3).exclusive("a"):
        await redis.set(KEY, "another", px=60_000)
        await asyncio.sleep(0.3)  # three renewals
        assert await redis.get(KEY) == b"another"
    assert await redis.get(KEY) == b"another"


async def test_who_stops_waiting_leaves_nothing(link: RedisLink, redis: Redis) -> None:
    """Neither in Redis, where the key stays another one's, nor here."""
    await redis.set(KEY, "another", px=60_000)
    flights = RedisFlights(link, "continuum")
    waiting = asyncio.create_task(fly(flights))
    await asyncio.wait([waiting], timeout=0.3)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert await redis.get(KEY) == b"another"
    await redis.delete(KEY)
    async with asyncio.timeout(1), flights.exclusive("a"):
        pass


HOLDING = """
import asyncio, sys
from exploration.redis.link import connected
from providers.images.flights.redis import RedisFlights

async def hold(url):
    async with connected(url) as link, RedisFlights(link, "continuum").exclusive("a"):
        print("held", flush=True)
        await asyncio.Event().wait()

asyncio.run(hold(sys.argv[1]))
"""


@asynccontextmanager
async def holding(url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that holds the key."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HOLDING, url), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(20):
            assert await process.stdout.readline() == b"held\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.system
async def test_a_holder_that_is_killed_is_waited_for_a_few_seconds(link: RedisLink, redis_url: str) -> None:
    """While it lives nobody else comes in; after SIGKILL its hold runs out."""
    async with holding(redis_url) as process:
        waiting = asyncio.create_task(fly(RedisFlights(link, "continuum")))
        await asyncio.wait([waiting], timeout=HOLD + 1)
        assert not waiting.done()
        process.kill()
        killed = time.monotonic()
        async with asyncio.timeout(HOLD + 5):
            await waiting
        assert time.monotonic() - killed < HOLD + 1


@pytest.mark.parametrize("trouble", ["killed", "frozen"])
@pytest.mark.system
async def test_without_redis_the_process_has_its_own_locks(trouble: str) -> None:
    """Nobody waits for the server, and within the process still only one at a time has the key."""
    async with redis_process() as server, connected(server.url) as link:
        flights = RedisFlights(link, "continuum")
        await (server.kill() if trouble == "killed" else asyncio.to_thread(server.freeze))
        begun = time.monotonic()
        async with flights.exclusive("a"):
            assert time.monotonic() - begun < 1
            waiting = asyncio.create_task(fly(flights))
            await asyncio.wait([waiting], timeout=0.2)
            assert not waiting.done()
        async with asyncio.timeout(1):
            await waiting


@pytest.mark.system
async def test_a_flight_goes_on_when_redis_goes() -> None:
    """Redis is killed and comes back empty while the key is held: it is held there again."""
    async with redis_process() as server, connected(server.url) as link, server.client() as redis:
        async with RedisFlights(link, "continuum", hold=0.6).exclusive("a"):
            token = await redis.get(KEY)
            await server.kill()
            await server.start()

            async def taken() -> bool:
                return bool(await redis.get(KEY) == token)

            await until(taken)
        assert await redis.get(KEY) is None
