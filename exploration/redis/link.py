"""The link: what a process has to do with one Redis server, which may be away at any time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager

from redis.asyncio import Redis

from exploration.redis.client import client
from exploration.redis.memory import Memory
from exploration.redis.outbox import Outbox
from exploration.redis.reader import Heard, Reader
from exploration.redis.server import LIMIT, Command, Server, T
from exploration.tasks import cancel


class RedisLink:
    """A few connections for short commands, one for what is heard, and what is known of the server's health.

    Nothing of it raises for a server that is away, except `ping`; nothing waits for long.
    """

    def __init__(self, url: str, prefix: str) -> None:
        self._url = url
        self._prefix = prefix
        self.server = Server(url, f"{prefix}-commands")
        self._ears = client(url, name=f"{prefix}-feed", limit=LIMIT)
        self._outbox = Outbox(self.server)
        self._reader = Reader(self._ears, self.server)

    def key(self, *parts: str) -> str:
        """The name of a key or channel."""
        return ":".join((self._prefix, *parts))

    def client(self, purpose: str, *, limit: float) -> Redis:
        """A client of the caller's own, with one connection, for reads that block for less than `limit` seconds.

        The caller closes it.
        """
        return client(self._url, name=f"{self._prefix}-{purpose}", limit=limit)

    async def attempt(self, command: Command[T], otherwise: T) -> T:
        """What the command gives; `otherwise` when the server is away or refuses. Ends within half a second."""
        return await self.server.attempt(command, otherwise)

    def post(self, channel: str, message: str) -> None:
        """Publish soon, in order, together with others. What cannot be sent now is sent when the server is back."""
        self._outbox.post(channel, message)

    def listen(self, channel: str, heard: Heard) -> AbstractContextManager[None]:
        """Call `heard` on the event loop with each message while the context is open, and with None each time that
        the subscription begins anew, when messages may have been missed."""
        return self._reader.listen(channel, heard)

    async def ping(self) -> None:
        """Raises `ConnectionError` when the server does not take a key within half a second. For `/ready`: one that
        answers, but is full or a replica, is of no use either."""

        async def write(redis: Redis) -> None:
            await redis.set(self.key("ready"), "", px=1)

        await self.server.check(write)

    async def memory(self) -> Memory | None:
        """What the server says of its memory; None when it is away, or does not tell."""
        found = await self.server.attempt(lambda redis: redis.info("memory"), None)
        return None if found is None else Memory(int(found.get("used_memory", 0)), int(found.get("maxmemory", 0)))

    async def run(self) -> None:
        """What goes on beside the callers, until it is cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.server.wait_for_it(), name="redis health")
            tasks.create_task(self._outbox.run(), name="redis outbox")
            tasks.create_task(self._reader.run(), name="redis reader")

    async def close(self) -> None:
        """Send what waits to be sent, if the server is there, and close the connections."""
        await self._outbox.send()
        await self._ears.aclose()
        await self.server.close()


@asynccontextmanager
async def connected(url: str, *, prefix: str = "continuum") -> AsyncIterator[RedisLink]:
    """A link to the server at `url` (redis://, rediss://, unix://), which need not be there yet; closed at the end.

    `prefix` begins every key and channel. Raises `ValueError` for a URL that is none of Redis.
    """
    async with AsyncExitStack() as stack:
        link = RedisLink(url, prefix)
        stack.push_async_callback(link.close)
        await link.server.probe()
        running = asyncio.create_task(link.run(), name="redis link")
        stack.push_async_callback(cancel, running)
        yield link
