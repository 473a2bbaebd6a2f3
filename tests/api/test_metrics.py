"""`/metrics` over real HTTP: in which form it answers, and what it tells of the process and of what it depends on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import REGISTRY
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics

from continuum.app import Server
from continuum.assembly import Dependency, Parts
from continuum.health import Health
from continuum.settings import Settings
from continuum.vitals import Vitals
from continuum.worker import Worker
from exploration.redis.memory import Memory
from graphstore.port import Connections, Database
from tests.support.claims import added, draft, says
from tests.support.scraping import scraped

Client = TestClient[Any, Any]
PROMETHEUS = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,*/*;q=0.1"


@asynccontextmanager
async def asked(app: web.Application) -> AsyncIterator[Client]:
    """A client of this application."""
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.fixture
async def client(parts: Parts) -> AsyncIterator[Client]:
    """A client of a server that has begun."""
    async with asked(Server.of(parts).app) as client:
        yield client


@asynccontextmanager
async def watched(parts: Parts, *, limit: float = 2.0) -> AsyncIterator[tuple[Client, Vitals]]:
    """The vitals of these parts alone, and a client of them."""
    health, app = Health(time_limit=limit), web.Application()
    vitals = Vitals(health, time_limit=limit)
    vitals.add_to(app)
    health.begin(parts.dependencies)
    vitals.begin(parts)
    async with asked(app) as client:
        yield client, vitals


async def test_it_is_text_for_whoever_asks_for_nothing_else(client: Client) -> None:
    """In the version that every scraper knows."""
    async with client.get("/metrics") as response:
        assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert "# TYPE db_query_duration_seconds histogram" in await response.text()


async def test_it_is_openmetrics_for_whoever_asks_for_it(client: Client) -> None:
    """As Prometheus does; its end is marked, so that half an answer is not taken for a whole one."""
    async with client.get("/metrics", headers={"Accept": PROMETHEUS}) as response:
        assert response.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
        text = await response.text()
    families: Any = openmetrics(text)  # type: ignore[no-untyped-call]  # it has no annotations
    assert text.endswith("# EOF\n")
    assert {"application", "db_queries", "queue_depth"} <= {family.name for family in families}


async def test_other_methods_are_refused(client: Client) -> None:
    """HEAD is answered like GET, without a body; nothing can be sent there."""
    async with client.head("/metrics") as response:
        assert (response.status, await response.read()) == (200, b"")
    async with client.post("/metrics") as response:
        assert (response.status, response.headers["Allow"]) == (405, "GET,HEAD")


async def test_pages_of_other_origins_do_not_read_it(parts: Parts, settings: Settings) -> None:
    """Not even those that may use the API."""
    origin = "https://app.example"
    friendly = replace(parts, settings=settings.model_copy(update={"cors_origins": (origin,)}))
    async with (
        asked(Server.of(friendly).app) as client,
        client.get("/metrics", headers={"Origin": origin}) as response,
    ):
        assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize("service", [Server, Worker])
async def test_a_process_answers_from_the_first_moment_on(service: "type[Server | Worker]", settings: Settings) -> None:
    """While its store is awaited, which is what it tells then: nobody takes it for a process that is gone."""
    async with asked(service(settings).app) as client:
        scrape = await scraped(client)
    assert scrape.of("dependency_up")[("store",)] == 0
    assert scrape.of("application_info") == {("continuum", "0.1.0"): 1}
    assert scrape.of("process_start_time_seconds")


async def test_it_tells_what_is_stored_and_what_waits(client: Client, parts: Parts) -> None:
    """By the store, in all workspaces: whoever is asked tells the same."""
    await added(parts.database.within("main"), "a", "b", relations=(says("a", "IS_A", "b"),))
    await added(parts.database.within("other"), "c")
    await parts.database.within("other").control.start(draft("nobody is told of it"))
    scrape = await scraped(client)
    assert scrape.of("knowledge_graph_nodes_total") == {("sqlite",): 3}
    assert scrape.of("knowledge_graph_edges_total") == {("sqlite",): 1}
    assert scrape.of("db_schema_version")[("sqlite",)] >= 2
    assert scrape.of("queue_depth") == {("exploration",): 1, ("images",): 0}
    assert 0 <= scrape.of("queue_oldest_age_seconds")[("exploration",)] < 30
    assert scrape.of("db_connection_pool_size") == {("sqlite",): 3}
    assert scrape.of("db_connections_active").keys() == scrape.of("db_calls_waiting").keys() == {("sqlite",)}


async def test_what_is_down_is_told_and_what_it_would_tell_is_missing(client: Client, parts: Parts) -> None:
    """A scrape is answered all the same; figures of before would be taken for those of now."""
    await parts.database.close()
    scrape = await scraped(client)
    assert scrape.of("dependency_up") | {("pictures",): 1} == {("store",): 0, ("pictures",): 1}
    for name in ("knowledge_graph_nodes_total", "db_schema_version", "queue_depth", "queue_oldest_age_seconds"):
        assert scrape.of(name) == {}


class Frozen:
    """A database that never answers."""

    adapter = "sqlite"
    connections = Connections(3, 3, 7)

    def __getattr__(self, name: str) -> Any:
        return self if name == "operations" else asyncio.Event().wait


async def test_what_hangs_does_not_hold_a_scrape_up(parts: Parts) -> None:
    """All are asked at once, and nobody for longer than the time limit."""
    frozen: Database = Frozen()
    hanging = {name: Dependency(asyncio.Event().wait) for name in ("store", "redis")}  # type: ignore[arg-type]  # no answer
    memories = {"redis": asyncio.Event().wait}
    stuck = replace(parts, database=frozen, dependencies=hanging, memories=memories)  # type: ignore[arg-type]  # no answer
    async with watched(stuck, limit=0.2) as (client, _), asyncio.timeout(0.7):
        scrape = await scraped(client)
    assert {scrape.of("dependency_up")[(name,)] for name in ("store", "redis")} == {0}
    assert scrape.of("queue_depth") == {}
    assert scrape.of("db_calls_waiting") == {("sqlite",): 7}
    assert scrape.of("db_connections_active") == {("sqlite",): 3}


async def test_several_scrapers_ask_the_store_once(parts: Parts) -> None:
    """What it said stands for a few seconds: two Prometheus and a curious operator cost no more than one."""
    async with watched(parts) as (client, _):
        before = _asked()
        await asyncio.gather(*(scraped(client) for _ in range(5)))
        assert _asked() == before + 1


def _asked() -> float:
    labels = {"operation": "waiting", "table": "operations", "status": "ok"}
    return REGISTRY.get_sample_value("db_queries_total", labels) or 0.0


async def test_the_memory_of_redis_is_told_while_it_is_there(parts: Parts) -> None:
    """And nothing of it while it is away."""
    answers: list[Memory | None] = [Memory(850, 1_000), None]

    async def memory() -> Memory | None:
        return answers.pop(0)

    async with watched(replace(parts, memories={"redis": memory})) as (client, vitals):
        scrape = await scraped(client)
        assert scrape.of("dependency_memory_used_bytes") == {("redis",): 850}
        assert scrape.of("dependency_memory_max_bytes") == {("redis",): 1_000}
        vitals.begin(replace(parts, memories={"redis": memory}))
        scrape = await scraped(client)
        assert scrape.of("dependency_memory_used_bytes") == scrape.of("dependency_memory_max_bytes") == {}


async def test_a_process_that_is_ending_says_so(parts: Parts) -> None:
    """From the moment on in which it is told to stop."""
    server = Server.of(parts)
    async with asked(server.app) as client:
        assert (await scraped(client)).of("application_draining") == {(): 0}
        ending = asyncio.create_task(server.drain())
        await asyncio.sleep(0)
        assert (await scraped(client)).of("application_draining") == {(): 1}
        await ending
