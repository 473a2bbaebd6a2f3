"""The server as one process knows it: there, or away.

The first call that finds it away is the last one that waits for it: until the server answers a probe again, all others
go on at once without it. So a frozen server costs a process half a second, once.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias, TypeVar
from urllib.parse import urlsplit

import structlog
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from exploration.redis.cancellation import cancellable
from exploration.redis.client import client

_log = structlog.get_logger(__name__)

T = TypeVar("T")
Command: TypeAlias = Callable[[Redis], Awaitable[T]]

LIMIT = 0.5
"""Seconds that a short command may take before the server counts as away."""
CONNECTIONS = 16
"""Connections for short commands; a caller waits for a free one."""
PROBE_FIRST, PROBE_LAST = 0.1, 1.0
"""Seconds between probes of a server that is away: at first, and at most."""
COMPLAIN_EVERY = 60.0
"""Seconds between log lines about commands that a server refuses."""

FAILURES = (RedisError, OSError, TimeoutError)
"""Everything that may come of asking Redis."""
AWAY = (RedisConnectionError, RedisTimeoutError, OSError, TimeoutError)
"""What says that the server is away. Other errors are refusals of a command by a server that is there."""


class Server:
    """Short commands, and the state that they find the server in."""

    def __init__(self, url: str, name: str) -> None:
        """`name`: what its connections are called. Raises `ValueError` for a URL that is none of Redis."""
        self._redis = client(url, name=name, limit=LIMIT, connections=CONNECTIONS, retries=1)
        self._address = _address(url)
        self._here = asyncio.Event()
        self._here.set()
        self._gone = asyncio.Event()
        self._gone_at = 0.0
        self._complained_at = -COMPLAIN_EVERY

    @property
    def redis(self) -> Redis:
        """The client for short commands. What uses it goes through `attempt`."""
        return self._redis

    @property
    def away(self) -> bool:
        """Whether it is known to be away."""
        return not self._here.is_set()

    async def here(self) -> None:
        """Wait until it is not known to be away."""
        await self._here.wait()

    async def attempt(self, command: Command[T], otherwise: T) -> T:
        """What the command gives; `otherwise` when the server is away or refuses. Ends within half a second."""
        if self.away:
            return otherwise
        try:
            return await self._ask(command)
        except FAILURES as error:
            self.failed(error)
            return otherwise

    def failed(self, error: Exception) -> None:
        """Take note of one of `FAILURES` that somebody met."""
        if not isinstance(error, AWAY):
            self._complain(error)
        elif not self.away:
            self._gone_at = time.monotonic()
            self._here.clear()
            self._gone.set()
            _log.warning("redis_away", server=self._address, error=_reason(error))

    async def check(self, command: Command[object]) -> None:
        """Raises `ConnectionError` when the server does not carry out the command within half a second."""
        try:
            await self._ask(command)
        except FAILURES as error:
            raise ConnectionError(f"Redis at {self._address} cannot be used: {_reason(error)}") from error

    async def probe(self) -> bool:
        """Whether it answers now; its state is known afterwards."""
        try:
            await self._ask(_ping)
        except FAILURES as error:
            self.failed(error)
            return False
        if self.away:
            self._gone.clear()
            self._here.set()
            _log.warning("redis_back", server=self._address, seconds=round(time.monotonic() - self._gone_at, 1))
        return True

    async def wait_for_it(self) -> None:
        """Probe the server whenever it is away, until cancelled."""
        while True:
            await self._gone.wait()
            pause = PROBE_FIRST
            while not await self.probe():
                await asyncio.sleep(pause)
                pause = min(pause * 2, PROBE_LAST)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _ask(self, command: Command[T]) -> T:
        with cancellable():
            async with asyncio.timeout(LIMIT):
                return await command(self._redis)

    def _complain(self, error: Exception) -> None:
        now = time.monotonic()
        if now - self._complained_at >= COMPLAIN_EVERY:
            self._complained_at = now
            said, _, _ = str(error).partition(", with args beginning")  # the server repeats what it was sent
            _log.warning("redis_refused", server=self._address, error=said)


async def _ping(redis: Redis) -> None:
    async with redis.pipeline(transaction=False) as pipe:
        pipe.ping()
        await pipe.execute()


def _reason(error: Exception) -> str:
    return str(error) or "no answer in time"


def _address(url: str) -> str:
    """Where the server is, without user and password."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 6379}" if parts.hostname else parts.path
