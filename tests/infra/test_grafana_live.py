"""Every expression of every dashboard answers, put to a real Prometheus beside processes that work."""

import json
import math
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from tests.support.busy import Clients
from tests.support.dashboards import OF_PROMETHEUS, Query, dashboards
from tests.support.exploring import until
from tests.support.fake_a1111 import fake_a1111
from tests.support.fake_chat import fake_chat
from tests.support.processes import OurProcess, server, worker
from tests.support.prometheus import Prometheus, prometheus
from tests.support.promql import uses
from tests.support.redis_process import redis_process

pytestmark = pytest.mark.system

INTERVAL = "5s"
"""In place of Grafana's interval of rates: five scrapes."""
UNSEEN = frozenset(
    {
        "errors_total",  # nothing unexpected happens
        "graphql_deprecated_fields_total",  # no field is deprecated
        "tracing_spans_total",  # tracing is off
        "db_retries_total",  # the embedded store has no transactions that others can break
    }
)
"""Metrics without a series until something happens that does not happen here."""


def configuration(folder: Path, **processes: OurProcess) -> Path:
    """A file that has Prometheus look at these processes every second."""
    jobs = [
        {"job_name": f"continuum-{name}", "static_configs": [{"targets": [process.address.removeprefix("http://")]}]}
        for name, process in processes.items()
    ]
    file = folder / "prometheus.yml"
    settings = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "scrape_configs": jobs}
    file.write_text(json.dumps(settings), encoding="utf-8")  # which is YAML, too
    return file


@pytest.fixture
async def seen(tmp_path: Path) -> AsyncIterator[Prometheus]:
    """A Prometheus that has seen a server and a worker at work."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        redis, model, painter = await enter(redis_process()), await enter(fake_chat()), await enter(fake_a1111())
        settings = {
            "redis_url": redis.url,
            "openai_base_url": model.address,
            "openai_api_key": "sk-test",
            "stable_diffusion_endpoint": painter.address,
        }
        api = await enter(server(tmp_path / "data", **settings))
        helper = await enter(worker(tmp_path / "data", **settings))
        watching = await enter(prometheus(configuration(tmp_path, api=api, worker=helper)))
        await watching.until_up("continuum-api")
        await watching.until_up("continuum-worker")
        session = await enter(aiohttp.ClientSession(api.address))
        await Clients(session, helper, model, painter).work()
        await _scraped_again(watching)
        yield watching


async def _scraped_again(watching: Prometheus) -> None:
    """What has just happened was seen by two more scrapes."""
    now = time.time()

    async def later() -> bool:
        ages = await watching.query("min(timestamp(up)) - 2")
        return ages[0].value > now

    await until(later, 30, every=0.2)


async def _answers(watching: Prometheus, query: Query, seconds: int) -> bool:
    """Whether there is one sample that is a number, at the end or at any time before, as the panel asks."""
    expression, now = query.filled(INTERVAL, f"{seconds}s"), time.time()
    if query.instant:
        return any(not math.isnan(sample.value) for sample in await watching.query(expression))
    asked = {"query": expression, "start": str(now - seconds), "end": str(now), "step": "1"}
    found = (await watching.get("/api/v1/query_range", **asked))["data"]["result"]
    return any(value != "NaN" for series in found for _, value in series["values"])


async def test_every_expression_answers(seen: Prometheus) -> None:
    """None is empty, none is an error, and all metrics are there that have had a reason to be."""
    [began] = await seen.query("time() - min(process_start_time_seconds)")
    seconds = math.ceil(began.value)
    queries = [query for dashboard in dashboards() for query in dashboard.queries]
    assert [str(query) for query in queries if not await _answers(seen, query, seconds)] == []
    there = set((await seen.get("/api/v1/label/__name__/values"))["data"])
    asked = {use.metric for query in queries for use in uses(query.expression)}
    assert asked - there - OF_PROMETHEUS.keys() <= UNSEEN
