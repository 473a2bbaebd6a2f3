"""Names of metrics, as Prometheus' own tool judges them."""

import importlib
import pkgutil
import subprocess
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Info, generate_latest
from prometheus_client.metrics import MetricWrapperBase

from telemetry import metrics
from tests.support.processes import server
from tests.support.prometheus import program
from tests.support.scraping import scraped

GIVEN = (
    'knowledge_graph_edges_total non-counter metrics should not have "_total" suffix',
    'knowledge_graph_nodes_total non-counter metrics should not have "_total" suffix',
)
"""Complaints about names that were given (docs/metrics.md)."""


def complaints(text: str) -> list[str]:
    """What promtool finds wrong with metrics; what has no series it does not look at."""
    checked = subprocess.run(
        [program("promtool"), "check", "metrics"], input=text, capture_output=True, text=True, timeout=60, check=False
    )
    return sorted((checked.stdout + checked.stderr).splitlines())


def test_every_name_is_as_it_should_be() -> None:
    """Each metric of ours, whether or not anything of its kind has happened, with a made-up series."""
    registry = CollectorRegistry()
    for module in pkgutil.iter_modules(metrics.__path__):
        for each in vars(importlib.import_module(f"{metrics.__name__}.{module.name}")).values():
            if isinstance(each, MetricWrapperBase):
                _filled(type(each)(each._name, each._documentation, each._labelnames, registry=registry))
    assert complaints(generate_latest(registry).decode()) == list(GIVEN)


def _filled(metric: MetricWrapperBase) -> None:
    series = metric.labels(*("x" for _ in metric._labelnames)) if metric._labelnames else metric
    if isinstance(series, Info):
        series.info({"version": "x"})


@pytest.mark.system
async def test_what_a_server_tells_is_as_it_should_be(tmp_path: Path) -> None:
    """With what the library adds."""
    async with server(tmp_path / "data") as started, aiohttp.ClientSession() as session:
        scrape = await scraped(session, started.address)
    assert {"process_start_time_seconds", "application_info", "http_requests_in_progress"} <= scrape.families.keys()
    assert complaints(scrape.text) == list(GIVEN)
