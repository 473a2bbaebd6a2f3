"""A network that can be bad: a TCP proxy which delays, stalls or refuses what goes through it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

_CHUNK = 65_536


@dataclass
class Proxy:
    """Forwards to one server, under an address of its own."""

    host: str
    port: int
    address: tuple[str, int] = ("", 0)
    delay: float = 0.0
    """Seconds that each piece of traffic takes longer."""
    turns: int = 0
    """How often a client began to speak after the server had: round trips."""
    _whole: asyncio.Event = field(default_factory=asyncio.Event)
    _connections: set[asyncio.Task[None]] = field(default_factory=set)

    def cut(self) -> None:
        """From now on nothing gets through, in either direction, and nobody is told: packets are lost."""
        self._whole.clear()

    def mend(self) -> None:
        """What was held up is delivered, late as it is."""
        self._whole.set()

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._connections)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
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
        await self._whole.wait()
        far_reader, far_writer = await asyncio.open_connection(self.host, self.port)
        spoke = ["server"]
        pumps = [
            asyncio.create_task(self._pump("client", spoke, reader, far_writer)),
            asyncio.create_task(self._pump("server", spoke, far_reader, writer)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            far_writer.close()
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _pump(
        self, side: str, spoke: list[str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while data := await reader.read(_CHUNK):
            if side == "client" and spoke[0] == "server":
                self.turns += 1
            spoke[0] = side
            if self.delay:
                await asyncio.sleep(self.delay)
            await self._whole.wait()
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def proxied(host: str, port: int) -> AsyncIterator[Proxy]:
    """A proxy in front of this server, open to begin with."""
    proxy = Proxy(host, port)
    proxy.mend()
    server = await asyncio.start_server(proxy._accept, "127.0.0.1", 0)
    proxy.address = server.sockets[0].getsockname()[:2]
    try:
        yield proxy
    finally:
        server.close()
        for task in tuple(proxy._connections):
            task.cancel()
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                await asyncio.gather(*proxy._connections, return_exceptions=True)
