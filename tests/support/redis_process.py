"""A Redis server of a test's own, to be frozen, killed, started again and flushed."""

import asyncio
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.support.exploring import until
from tests.support.services import unavailable

START_LIMIT = 10.0


@dataclass
class RedisProcess:
    """`redis-server` on a port of its own, keeping nothing on disk."""

    port: int
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Where it is, or will be again."""
        return f"redis://127.0.0.1:{self.port}/0"

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        self.process = await asyncio.create_subprocess_exec(
            "redis-server",
            *("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with self.client() as redis:
            await until(partial(_answers, redis), START_LIMIT)

    async def kill(self) -> None:
        """SIGKILL: with all it holds."""
        if self.process is not None:
            self.process.kill()
            await self.process.wait()
            self.process = None

    def freeze(self) -> None:
        """It takes connections but says nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on, an instant later by its own lights."""
        self._signal(signal.SIGCONT)

    async def flush(self) -> None:
        """FLUSHALL."""
        async with self.client() as redis:
            await redis.flushall()

    async def connections(self, name: str) -> int:
        """How many connections of this name there are."""
        async with self.client() as redis:
            return sum(c["name"] == name for c in await redis.client_list())

    def client(self) -> Redis:
        """A client for the test itself; used as a context manager it closes itself."""
        return Redis(port=self.port, socket_timeout=10, retry=Retry(NoBackoff(), 0))

    def _signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)


async def _answers(redis: Redis) -> bool:
    try:
        await redis.echo("there?")
    except RedisConnectionError:
        return False
    return True


@asynccontextmanager
async def redis_process() -> AsyncIterator[RedisProcess]:
    """A server, ended with the context. Skips or fails where `redis-server` is not installed."""
    if shutil.which("redis-server") is None:
        unavailable("no redis-server: install Redis")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    server = RedisProcess(port)
    try:
        await server.start()
        yield server
    finally:
        if server.process is not None:
            server.thaw()
            await server.kill()
