"""Health over real HTTP: alive is not the same as ready."""

import asyncio

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from continuum.health import Health


async def fine() -> None:
    """A dependency that is up."""


async def broken() -> None:
    """A dependency that is down."""
    raise ConnectionError("no route to the store")


async def asked(made: Health, path: str) -> tuple[int, dict[str, object]]:
    """Status and body of one request."""
    app = web.Application()
    made.add_to(app)
    async with TestClient(TestServer(app)) as client, client.get(path) as response:
        return response.status, await response.json()


async def test_ready_tells_of_each_dependency() -> None:
    """One that is down makes the answer 503 and says why; the others are told all the same."""
    status, body = await asked(Health({"store": broken, "queue": fine}), "/ready")
    down = {"status": "down", "reason": "no route to the store"}
    assert (status, body) == (503, {"status": "not ready", "checks": {"store": down, "queue": {"status": "up"}}})


async def test_being_alive_depends_on_nothing() -> None:
    """A process whose store is away is not to be restarted for that."""
    assert await asked(Health({"store": broken}), "/health") == (200, {"status": "alive"})


async def test_all_up_is_ready() -> None:
    """With every dependency up the answer is 200."""
    assert (await asked(Health({"store": fine}), "/ready"))[0] == 200


async def test_a_draining_process_is_not_ready() -> None:
    """It is about to stop: alive, and no new work should come."""
    made = Health({"store": fine})
    made.draining = True
    status, body = await asked(made, "/ready")
    assert (status, body["status"]) == (503, "draining")
    assert (await asked(made, "/health"))[0] == 200


async def test_a_dependency_that_hangs_counts_as_down() -> None:
    """The answer comes within the time limit, whatever the dependency does."""
    hanging = Health({"store": asyncio.Event().wait}, time_limit=0.05)  # type: ignore[dict-item]
    status, body = await asked(hanging, "/ready")
    assert (status, body["checks"]) == (503, {"store": {"status": "down", "reason": "no answer within 0.05 s"}})
