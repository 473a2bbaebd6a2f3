"""Subscribers of explorations: many on one WebSocket, each with its own count of what it got and when."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import aiohttp
import orjson

from tests.support.api import PROMISED, PROTOCOL

QUIET_LIMIT = 60.0
"""Seconds without any message after which a subscriber gives up."""


@dataclass(slots=True)
class Subscriber:
    """What one of them got."""

    exploration: str
    """The global id."""
    received: list[float] = field(default_factory=list)
    """When each event came, in seconds since 1970; the first is event 1."""
    in_order: bool = True
    ended: bool = False

    def take(self, event: dict[str, Any]) -> None:
        """Note an event."""
        self.received.append(time.time())
        self.in_order = self.in_order and event["seq"] == len(self.received)


class Socket:
    """One WebSocket with its subscribers. Used as a context manager, it is open and subscribed to all of them."""

    def __init__(self, session: aiohttp.ClientSession, address: str, subscribers: Sequence[Subscriber]) -> None:
        self._session = session
        self._address = address
        self._subscribers = {str(number): each for number, each in enumerate(subscribers)}
        self._connection: aiohttp.ClientWebSocketResponse | None = None

    async def __aenter__(self) -> Self:
        connection = await self._session.ws_connect(
            f"{self._address}/graphql", protocols=[PROTOCOL], max_msg_size=0, compress=0
        )
        self._connection = connection
        await connection.send_json({"type": "connection_init"})
        await connection.receive_json(timeout=QUIET_LIMIT)
        for id, each in self._subscribers.items():
            payload = {"query": PROMISED["Watch"], "variables": {"id": each.exploration, "after": 0}}
            await connection.send_json({"id": id, "type": "subscribe", "payload": payload})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def read(self) -> None:
        """Until every subscription is complete. Raises what tells that one of them is not."""
        assert self._connection is not None  # noqa: S101 - it is open
        while not all(each.ended for each in self._subscribers.values()):
            message = orjson.loads(await self._connection.receive_str(timeout=QUIET_LIMIT))
            subscriber = self._subscribers.get(message.get("id", ""))
            if subscriber is None:
                continue
            if message["type"] == "complete":
                subscriber.ended = True
            else:
                subscriber.take(message["payload"]["data"]["explorationEvents"])


async def begun(subscribers: Sequence[Subscriber]) -> None:
    """Wait until all of them have an event: from then on they hear of the next ones as they come."""
    async with asyncio.timeout(QUIET_LIMIT):
        while not all(each.received for each in subscribers):  # noqa: ASYNC110 - others' news
            await asyncio.sleep(0.01)
