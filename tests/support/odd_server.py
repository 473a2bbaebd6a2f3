"""A server that answers as ours does not, seen as ours is."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from continuum.requests import observe_requests
from tests.support.exploring import until


async def settled(condition: Callable[[], bool]) -> None:
    """Wait until something is so that follows upon an answer."""

    async def holds() -> bool:
        return condition()

    await until(holds)


@asynccontextmanager
async def odd(**answers: Any) -> AsyncIterator[TestClient[Any, Any]]:
    """A client of a server with these handlers, each under its name."""
    app = web.Application()
    observe_requests(app)
    for name, answer in answers.items():
        app.router.add_get(f"/{name}", answer)
    async with TestClient(TestServer(app)) as client:
        yield client
