"""A load balancer as a cluster's service is one: each new connection goes to a process that says it is ready."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp

from tests.support.exploring import until

LOOK_EVERY = 0.15
"""Seconds between two looks at a process's /ready."""
_LOOK_LIMIT = aiohttp.ClientTimeout(total=2)
_CHUNK = 65_536


@dataclass
class Balancer:
    """It hands connections on and understands nothing of what is said on them: what a process loses is lost."""

    address: str = ""
    refused: int = 0
    """Connections for which there was nobody."""
    _looks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _ready: dict[str, None] = field(default_factory=dict)
    _turns: Iterator[int] = field(default_factory=itertools.count)
    _connections: set[asyncio.Task[None]] = field(default_factory=set)

    async def add(self, address: str) -> None:
        """Look after one process more; returns when it is ready."""
        self._looks[address] = asyncio.create_task(self._look(address))

        async def is_ready() -> bool:
            return address in self._ready

        await until(is_ready, 30)

    async def remove(self, address: str) -> None:
        """Forget one that has ended."""
        look = self._looks.pop(address)
        look.cancel()
        await asyncio.gather(look, return_exceptions=True)
        self._ready.pop(address, None)

    async def _look(self, address: str) -> None:
        async with aiohttp.ClientSession(timeout=_LOOK_LIMIT) as session:
            while True:
                if await _says_ready(session, address):
                    self._ready[address] = None
                else:
                    self._ready.pop(address, None)
                await asyncio.sleep(LOOK_EVERY)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._forward(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self._connections.discard(task)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await self._connected()
        pumps = [
            asyncio.create_task(_pump(reader, far_writer)),
            asyncio.create_task(_pump(far_reader, writer)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            far_writer.close()
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the next one that is ready; one that takes none was not sent anything, so another may be."""
        for _ in range(len(self._ready)):
            ready = tuple(self._ready)
            url = urlsplit(ready[next(self._turns) % len(ready)])
            try:
                return await asyncio.open_connection(url.hostname, url.port)
            except ConnectionRefusedError:
                continue
        self.refused += 1
        raise ConnectionRefusedError

    async def close(self) -> None:
        """End whatever still goes through it."""
        for address in tuple(self._looks):
            await self.remove(address)
        for task in tuple(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)


async def _says_ready(session: aiohttp.ClientSession, address: str) -> bool:
    try:
        async with session.get(f"{address}/ready") as response:
            return response.ok
    except (aiohttp.ClientError, TimeoutError):
        return False


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()


@asynccontextmanager
async def balancer() -> AsyncIterator[Balancer]:
    """One with nobody behind it yet."""
    one = Balancer()
    server = await asyncio.start_server(one.accept, "127.0.0.1", 0)
    one.address = "http://{}:{}".format(*server.sockets[0].getsockname()[:2])
    try:
        yield one
    finally:
        server.close()
        await one.close()
