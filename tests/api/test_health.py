"""Health over real HTTP: alive is not the same as ready."""

import asyncio

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from continuum.assembly import Dependency
from continuum.health import Health


async def fine() -> None:
    """A dependency that is up."""


async def broken() -> None:
    """A dependency that is down."""
    raise ConnectionError("no route to the store")


def health(**dependencies: Dependency) -> Health:
    """The health of a process that has begun its work."""
    made = Health(time_limit=0.05)
    made.begin(dependencies)
    return made


async def asked(made: Health, path: str) -> tuple[int, dict[str, object]]:
    """Status and body of one request."""
    app = web.Application()
    made.add_to(app)
    async with TestClient(TestServer(app)) as client, client.get(path) as response:
        return response.status, await response.json()


async def test_ready_tells_of_each_dependency() -> None:
    """One that is down makes the answer 503 and says why; the others are told all the same."""
    status, body = await asked(health(store=Dependency(broken), redis=Dependency(fine)), "/ready")
    down = {"status": "down", "reason": "no route to the store"}
    assert (status, body) == (503, {"status": "not ready", "checks": {"store": down, "redis": {"status": "up"}}})


async def test_without_what_it_can_do_without_a_process_is_degraded_and_ready() -> None:
    """Requests may come, and the answer says what is down."""
    status, body = await asked(health(store=Dependency(fine), redis=Dependency(broken, needed=False)), "/ready")
    down = {"status": "down", "reason": "no route to the store"}
    assert (status, body) == (200, {"status": "degraded", "checks": {"store": {"status": "up"}, "redis": down}})


async def test_being_alive_depends_on_nothing() -> None:
    """A process whose store is away is not to be restarted for that, be it from the start."""
    assert await asked(health(store=Dependency(broken)), "/health") == (200, {"status": "alive"})
    assert await asked(Health(), "/health") == (200, {"status": "alive"})


async def test_all_up_is_ready() -> None:
    """With every dependency up the answer is 200."""
    status, body = await asked(health(store=Dependency(fine)), "/ready")
    assert (status, body["status"]) == (200, "ready")


async def test_a_process_that_has_not_begun_is_not_ready() -> None:
    """As long as its store is waited for, no requests should come."""
    status, body = await asked(Health(), "/ready")
    assert (status, body["status"]) == (503, "starting")


async def test_a_draining_process_is_not_ready() -> None:
    """It is about to stop: alive, and no new work should come."""
    made = health(store=Dependency(fine))
    made.draining = True
    status, body = await asked(made, "/ready")
    assert (status, body["status"]) == (503, "draining")
    assert (await asked(made, "/health"))[0] == 200


async def test_a_dependency_that_hangs_counts_as_down() -> None:
    """The answer comes within the time limit, whatever the dependency does."""
    hanging = health(store=Dependency(asyncio.Event().wait))  # type: ignore[arg-type]  # it answers nothing
    status, body = await asked(hanging, "/ready")
    assert (status, body["checks"]) == (503, {"store": {"status": "down", "reason": "no answer within 0.05 s"}})


async def test_what_a_dependency_says_gives_no_secret_away() -> None:
    """Passwords are masked in the reasons, whoever wrote them there, and however they were encoded."""

    async def babbling() -> None:
        raise ConnectionError("redis://:hunter%2F2@cache refused hunter/2")

    made = Health(secrets=["hunter/2"])
    made.begin({"redis": Dependency(babbling)})
    _, body = await asked(made, "/ready")
    assert body["checks"] == {"redis": {"status": "down", "reason": "redis://:***@cache refused ***"}}


async def test_what_a_dependency_says_is_not_repeated_without_end() -> None:
    """A server that is none of Redis may say anything, and probes ask every few seconds."""

    async def talking() -> None:
        raise ConnectionError(f"it says {'x' * 300_000} and no more")

    _, body = await asked(health(redis=Dependency(talking)), "/ready")
    said = str(body["checks"])
    assert len(said) < 3_000
    assert "it says x" in said
    assert "x and no more" in said


async def test_a_draining_process_keeps_no_connection() -> None:
    """Each of its answers says that the connection ends with it; a request on it later would be lost."""
    made = health(store=Dependency(fine))
    app = web.Application()
    made.add_to(app)
    async with TestClient(TestServer(app)) as client:
        for draining in (False, True):
            made.draining = draining
            async with client.get("/health") as response:
                assert (response.status, response.headers.get("Connection") == "close") == (200, draining)
