"""A whole server in this process, over a database of the test's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from continuum.app import Server
from continuum.assembly import Parts, assembled
from continuum.settings import Settings
from tests.support.api import Api


@asynccontextmanager
async def serving(parts: Parts) -> AsyncIterator[Api]:
    """An API over these parts, with the options under which the server runs: the test server, too, cancels handlers."""
    server = TestServer(Server.of(parts).app)
    await server.start_server(auto_decompress=False)
    async with TestClient(server) as client:
        yield Api(client)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """What the server is told."""
    return Settings(data_dir=tmp_path / "data")


@pytest.fixture
async def parts(settings: Settings) -> AsyncIterator[Parts]:
    """Everything that the server is made of."""
    async with assembled(settings) as parts:
        yield parts


@pytest.fixture
async def api(parts: Parts) -> AsyncIterator[Api]:
    """A client of the server."""
    async with serving(parts) as api:
        yield api
