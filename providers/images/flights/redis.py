"""Flights over all processes of one Redis: a key with the holder's token, which expires unless it is renewed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import token_hex

from redis.asyncio import Redis

from providers.images.flights.local import LocalFlights
from providers.images.link import Link

HOLD = 3.0
"""Seconds for which a holder that has died is waited for. A living one renews three times in them."""
LOOK_EVERY = 0.1
"""Seconds after which whoever waits looks again."""

KEEP = """
local holder = redis.call('GET', KEYS[1])
if not holder or holder == ARGV[1] then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
"""
"""A hold that has vanished is taken again: the server was away, flushed or frozen. That of another one is left."""

LEAVE = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end"
"""Only the holder gives it up."""


class RedisFlights:
    """`providers.images.flights.port.Flights` over a link.

    Within the process it is a lock of its own that is waited for, so that one at most of each process asks Redis, and
    something is left when Redis is away.
    """

    def __init__(self, link: Link, prefix: str, *, hold: float = HOLD) -> None:
        """`prefix` begins every key."""
        self._link = link
        self._prefix = prefix
        self._hold = hold
        self._local = LocalFlights()

    @asynccontextmanager
    async def exclusive(self, key: str) -> AsyncIterator[None]:
        """See `Flights.exclusive`."""
        async with self._local.exclusive(key):
            hold = _Hold(self._link, f"{self._prefix}:flight:{key}", self._hold)
            try:
                await hold.take()
                keeping = asyncio.create_task(hold.keep(), name=f"flight {key}")
                try:
                    yield
                finally:
                    keeping.cancel()
                    await asyncio.gather(keeping, return_exceptions=True)
            finally:
                await hold.leave()  # also when the wait was broken off: it may have been taken in that moment


class _Hold:
    """One key, held for a while by one token."""

    def __init__(self, link: Link, key: str, seconds: float) -> None:
        self._link = link
        self._key = key
        self._seconds = seconds
        self._token = token_hex(16)

    async def take(self) -> None:
        """Wait until nobody else holds it. Away counts as taken."""
        while not await self._link.attempt(self._set, otherwise=True):  # noqa: ASYNC110 - another process gives it up
            await asyncio.sleep(LOOK_EVERY)

    async def keep(self) -> None:
        """Renew it until cancelled."""
        while True:
            await asyncio.sleep(self._seconds / 3)
            await self._link.attempt(self._keep, None)

    async def leave(self) -> None:
        """Give it up."""
        await self._link.attempt(self._leave, None)

    async def _set(self, redis: Redis) -> bool:
        return bool(await redis.set(self._key, self._token, nx=True, px=self._life))

    async def _keep(self, redis: Redis) -> None:
        await redis.register_script(KEEP)([self._key], [self._token, self._life])

    async def _leave(self, redis: Redis) -> None:
        await redis.register_script(LEAVE)([self._key], [self._token])

    @property
    def _life(self) -> int:
        return round(self._seconds * 1_000)
