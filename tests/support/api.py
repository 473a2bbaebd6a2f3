"""A client of the API, as small as one can be: operations over HTTP and over a WebSocket."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, ClientSession, ClientWebSocketResponse
from aiohttp.test_utils import TestClient

PROTOCOL = "graphql-transport-ws"

_FILE = (Path(__file__).parent / "operations.graphql").read_text(encoding="utf-8")
PROMISED = {
    name: _FILE[found.start() : found.end()]
    for found in re.finditer(r"^(query|mutation|subscription) (\w+).*?(?=^\w|\Z)", _FILE, re.MULTILINE | re.DOTALL)
    if (name := found[2])
}
"""The operations that the project promises, by name."""


@dataclass
class Api:
    """Talks to a running server."""

    client: TestClient[Any, Any] | ClientSession

    async def post(self, query: str, *, headers: dict[str, str] | None = None, **variables: Any) -> dict[str, Any]:
        """The answer to one operation, errors and all."""
        async with self.send({"query": query, "variables": variables}, headers=headers) as response:
            answer: dict[str, Any] = await response.json()
        return answer

    def send(self, body: object, **options: Any) -> Any:
        """A POST request with this JSON."""
        return self.client.post("/graphql", json=body, **options)

    async def data(self, query: str, *, headers: dict[str, str] | None = None, **variables: Any) -> dict[str, Any]:
        """The data of one operation; its errors fail the test."""
        return _data(await self.post(query, headers=headers, **variables))

    async def error(self, query: str, *, headers: dict[str, str] | None = None, **variables: Any) -> dict[str, Any]:
        """The one error of an operation: its extensions, and the message among them."""
        answer = await self.post(query, headers=headers, **variables)
        [error] = answer["errors"]
        return {**error["extensions"], "message": error["message"]}

    @asynccontextmanager
    async def socket(self, **payload: Any) -> AsyncIterator["Socket"]:
        """A WebSocket whose conversation has begun."""
        async with self.client.ws_connect("/graphql", protocols=[PROTOCOL]) as connection:
            await connection.send_json({"type": "connection_init", "payload": payload})
            assert await connection.receive_json() == {"type": "connection_ack"}
            yield Socket(connection)


@dataclass
class Socket:
    """A WebSocket."""

    connection: ClientWebSocketResponse
    last_id: int = 0

    async def begin(self, query: str, **variables: Any) -> str:
        """Send an operation; its id."""
        self.last_id += 1
        payload = {"query": query, "variables": variables}
        await self.connection.send_json({"id": str(self.last_id), "type": "subscribe", "payload": payload})
        return str(self.last_id)

    async def results(self, query: str, **variables: Any) -> AsyncIterator[dict[str, Any]]:
        """All results of an operation, up to its completion."""
        id = await self.begin(query, **variables)
        while True:
            message = await self.connection.receive_json(timeout=20)
            assert message["id"] == id
            if message["type"] == "complete":
                return
            if message["type"] == "error":
                yield {"errors": message["payload"]}
                return
            yield message["payload"]

    async def data(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of a query or a mutation; its errors fail the test."""
        [answer] = [result async for result in self.results(query, **variables)]
        return _data(answer)


def _data(answer: dict[str, Any]) -> dict[str, Any]:
    assert "errors" not in answer, answer["errors"]
    data: dict[str, Any] = answer["data"]
    return data


async def error_of(response: ClientResponse) -> tuple[int, str, str]:
    """Status, code and message of a refused request, which is JSON whatever happens."""
    answer = await response.json()
    assert "data" not in answer
    [error] = answer["errors"]
    return response.status, error["extensions"]["code"], error["message"]


async def explored(api: Api, topic: str = "photosynthesis") -> str:
    """The id of an exploration that has ended."""
    id: str = (await api.data(PROMISED["Start"], topic=topic))["startExploration"]["exploration"]["id"]
    async with api.socket() as socket:
        async for _ in socket.results(PROMISED["Watch"], id=id):
            pass
    return id
