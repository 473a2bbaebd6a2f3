"""A server whose store is not there yet: alive, not ready, and clear about it."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import WSServerHandshakeError
from aiohttp.test_utils import TestClient, TestServer

from continuum.app import Server
from continuum.settings import Settings
from tests.support.api import PROTOCOL, Api, error_of

VERSION = "{ server { version } }"


@pytest.fixture
async def api(settings: Settings) -> AsyncIterator[Api]:
    """A client of a server that has not begun."""
    async with TestClient(TestServer(Server(settings).app)) as client:
        yield Api(client)


async def test_requests_are_told_to_come_again(api: Api) -> None:
    """A coded 503 that says when to ask again, over HTTP and before a WebSocket is opened."""
    async with api.send({"query": VERSION}) as response:
        assert (await error_of(response))[:2] == (503, "SERVICE_UNAVAILABLE")
        assert response.headers["Retry-After"] == "1"
    with pytest.raises(WSServerHandshakeError) as refused:
        await api.client.ws_connect("/graphql", protocols=[PROTOCOL])
    assert refused.value.status == 503


async def test_the_process_is_alive_and_not_ready(api: Api) -> None:
    """It is not to be restarted, and no requests should come."""
    async with api.client.get("/health") as alive, api.client.get("/ready") as ready:
        assert (alive.status, ready.status) == (200, 503)
        assert (await ready.json())["status"] == "starting"
