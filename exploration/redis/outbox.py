"""The outbox: messages on their way to be published, so that nobody waits for them."""

import asyncio

from redis.asyncio import Redis

from exploration.redis.server import Server

AT_ONCE = 500
"""Messages that are sent in one round trip."""
MOST = 10_000
"""Messages that are kept while the server is away. Beyond that the oldest are dropped: they are hints."""


class Outbox:
    """Sends what is posted, in order, and keeps what cannot be sent while the server is away."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._waiting: list[tuple[str, str]] = []
        self._posted = asyncio.Event()

    def post(self, channel: str, message: str) -> None:
        """Publish it soon."""
        self._waiting.append((channel, message))
        del self._waiting[:-MOST]
        self._posted.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            await self._posted.wait()
            await self._server.here()
            await self.send()
            if not self._waiting:
                self._posted.clear()

    async def send(self) -> None:
        """Send what waits, as much as goes into one round trip."""
        batch = tuple(self._waiting[:AT_ONCE])
        if not batch:
            return

        async def publish(redis: Redis) -> bool:
            async with redis.pipeline(transaction=False) as pipe:
                for channel, message in batch:
                    pipe.publish(channel, message)
                await pipe.execute()
            return True

        # What the server refuses would be refused again; what was cut off is sent again, since hearing twice is fine.
        if await self._server.attempt(publish, otherwise=False) or not self._server.away:
            del self._waiting[: len(batch)]
