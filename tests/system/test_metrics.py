"""Every metric moves when what it tells of happens: all that there is to do is done, and watched by scraping."""

import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.api import PROMISED, Api
from tests.support.busy import Clients
from tests.support.exploring import until
from tests.support.fake_a1111 import fake_a1111
from tests.support.fake_chat import fake_chat
from tests.support.fake_collector import fake_collector
from tests.support.processes import ServerProcess, server, worker
from tests.support.redis_process import RedisProcess, redis_process
from tests.support.scraping import scraped

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
ELSEWHERE = {
    "cache_evictions": "unit/test_figures_caches.py::test_what_makes_room_is_evicted_and_what_has_expired_is_not",
    "db_calls_waiting": "api/test_metrics.py::test_what_hangs_does_not_hold_a_scrape_up",
    "db_connections_active": "api/test_metrics.py::test_what_hangs_does_not_hold_a_scrape_up",
    "db_retries": "unit/test_neo4j_seen.py::test_what_is_tried_again_is_counted",
    "errors": "unit/test_logs.py::test_errors_are_counted_whoever_logs_them",
    "graphql_deprecated_fields": "unit/test_deprecated_fields.py::test_an_operation_that_uses_one_is_counted",
    "leases_lost": "unit/test_figures_explorations.py::test_a_lease_that_another_took_is_counted",
}
"""What takes a fault or an instant that cannot be had for the asking here, and the test that moves it."""
NOT_OURS = ("python_", "process_")
START = """mutation Start($topic: String!) { startExploration(input: {topic: $topic, sources: ["openai"]}) {
  exploration { id } } }"""
CONTRADICTED = """mutation { addKnowledge(input: {
  concepts: [{ref: "a", name: "Rain"}, {ref: "b", name: "Flood"}]
  relations: [{source: "a", type: "CAUSES", target: "b"}, {source: "a", type: "PREVENTS", target: "b"}]
}) { concepts { id } } }"""


@dataclass
class Watched:
    """What some processes have told."""

    session: aiohttp.ClientSession
    addresses: tuple[str, ...]
    there: set[str] = field(default_factory=set)
    """All families of ours."""
    moved: set[str] = field(default_factory=set)
    """Those of which some sample was not 0: a process begins with nothing but zeros."""

    async def look(self) -> None:
        """Scrape each of them."""
        for address in self.addresses:
            for name, family in (await scraped(self.session, address)).families.items():
                if not name.startswith(NOT_OURS):
                    self.there.add(name)
                    self.moved |= {name for sample in family.samples if sample.value}

    async def until_moved(self, *names: str) -> None:
        """Look again and again until all of these have moved."""

        async def moved() -> bool:
            await self.look()
            return self.moved.issuperset(names)

        await until(moved, 20, every=0.1)


@dataclass
class Ground:
    """A server and a worker, and what they depend on."""

    server: ServerProcess
    redis: RedisProcess
    clients: Clients
    watched: Watched


@asynccontextmanager
async def ground(folder: Path) -> AsyncIterator[Ground]:
    """They do all that they can, with traces, and say so for a long time when they end."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        redis, collector = await enter(redis_process()), await enter(fake_collector())
        model, painter = await enter(fake_chat()), await enter(fake_a1111())
        settings: dict[str, Any] = {
            "redis_url": redis.url,
            "openai_base_url": model.address,
            "openai_api_key": "sk-test",
            "stable_diffusion_endpoint": painter.address,
            "tracing_enabled": True,
            "otel_exporter_otlp_endpoint": collector.address,
            "otel_traces_sampler_arg": 1,
            "drain_seconds": 60,
        }
        api, helper = await enter(server(folder, **settings)), await enter(worker(folder, **settings))
        session = await enter(aiohttp.ClientSession(api.address))
        watched = Watched(session, (api.address, helper.address))
        yield Ground(api, redis, Clients(session, helper, model, painter), watched)


async def do_everything(ground: Ground) -> None:
    """As clients, as an operator, and with bad luck; what lasts for a moment only is held until it was seen."""
    api, watched = Api(ground.watched.session), ground.watched
    async with ground.redis.client() as redis:
        await redis.config_set("maxmemory", "1gb")
    await ground.clients.work()
    await api.data(CONTRADICTED)
    ground.clients.model.moods.append("hang")
    await api.data(START, topic="takes its time")
    await watched.until_moved("jobs_running")
    await ground.clients.worker.kill()
    watched.addresses = (ground.server.address,)
    await api.data(START, topic="waits for a worker")
    id = (await api.data(START, topic="waits, too"))["startExploration"]["exploration"]["id"]
    async with api.socket() as socket:
        await socket.begin(PROMISED["Watch"], id=id)
        await watched.until_moved("graphql_websocket_connections", "graphql_subscriptions")
    await watched.until_moved("queue_depth", "queue_oldest_age_seconds")
    ground.server.process.send_signal(signal.SIGTERM)
    await watched.until_moved("application_draining")


async def test_every_metric_moves(tmp_path: Path) -> None:
    """All of them, as a server and a worker tell them; but for those few that a test of their own moves."""
    async with ground(tmp_path / "data") as here:
        await do_everything(here)
        assert here.watched.there >= {"http_requests", "db_queries", "knowledge_source_info", "application_info"}
        assert here.watched.there - here.watched.moved - ELSEWHERE.keys() == set()
        assert ELSEWHERE.keys() <= here.watched.there


@pytest.mark.parametrize("metric", ELSEWHERE)
def test_the_others_have_a_test_of_their_own(metric: str) -> None:
    """It is there, and speaks of the metric."""
    file, _, name = ELSEWHERE[metric].partition("::")
    text = (ROOT / "tests" / file).read_text(encoding="utf-8")
    assert f"def {name}(" in text
    assert metric in text
