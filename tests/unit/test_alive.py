"""What a container's health check asks."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

import pytest
from aiohttp import web

from continuum.alive import TIME_LIMIT, main
from continuum.process import Port, listening


@asynccontextmanager
async def answering(status: int, host: str = "127.0.0.1") -> AsyncIterator[str]:
    """Where somebody says this of his health."""

    async def health(_request: web.Request) -> web.Response:
        return web.json_response({}, status=status)

    app = web.Application()
    app.router.add_get("/health", health)
    async with listening(app, host, Port("PORT", 0)) as address:
        yield address.rpartition(":")[2]


@pytest.fixture
def nobody() -> str:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return str(free.getsockname()[1])


@pytest.mark.parametrize(("status", "code"), [(200, 0), (500, 1), (404, 1)])
async def test_health_is_asked_for(status: int, code: int) -> None:
    """Whoever says that it lives, lives; any other answer is none."""
    async with answering(status) as port:
        assert await asyncio.to_thread(main, [port]) == code


async def test_one_of_several_ports_suffices(nobody: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A container is a server or a worker; when neither answers, both ports are named."""
    async with answering(200) as port:
        assert await asyncio.to_thread(main, [nobody, port]) == 0
    assert await asyncio.to_thread(main, [nobody, port]) == 1
    assert capsys.readouterr().out == f"nobody answers /health at port {nobody} or {port}\n"


async def test_a_process_may_listen_by_ipv6_alone() -> None:
    """HOST=:: is no reason to be thought dead."""
    async with answering(200, "::1") as port:
        assert await asyncio.to_thread(main, [port]) == 0


def test_who_hangs_does_not_live() -> None:
    """A port that takes connections and says nothing costs a second, not more."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = monotonic()
        assert main([str(silent.getsockname()[1])]) == 1
        assert monotonic() - began < TIME_LIMIT * 2
