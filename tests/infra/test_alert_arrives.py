"""From a process that is killed to what PagerDuty and Slack get, with a real Prometheus and a real Alertmanager."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.alerting import (
    ALERTMANAGER,
    PAGERDUTY,
    ROUTING_KEY,
    SLACK,
    receivers,
    write_alertmanager,
    write_prometheus,
)
from tests.support.exploring import until
from tests.support.fake_server import FakeServer
from tests.support.processes import server
from tests.support.prometheus import Prometheus, alertmanager, free_port, prometheus

pytestmark = pytest.mark.system

SOON = 30.0
DOWN = "ContinuumDown of continuum-api"


@dataclass(frozen=True, slots=True)
class Watched:
    """Who watches the API process at one port, and who is told."""

    prometheus: Prometheus
    told: FakeServer
    port: int

    async def slack(self, title: str) -> dict[str, Any]:
        """The attachment of this title, once it came."""
        return await self._sent(SLACK, lambda body: body["attachments"][0]["title"] == title)

    async def pagerduty(self, action: str) -> dict[str, Any]:
        """The event of this kind about the process, once it came."""
        return await self._sent(
            PAGERDUTY, lambda body: body["event_action"] == action and body["payload"]["summary"].endswith(DOWN)
        )

    async def _sent(self, path: str, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        def found() -> list[dict[str, Any]]:
            return [asked.body for asked in self.told.asked if asked.path == path and is_it(asked.body)]

        async def came() -> bool:
            return bool(found())

        await until(came, SOON, every=0.1)
        return found()[0]


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    """All that is shipped, running, with less patience."""
    port, own = free_port(), free_port()
    async with AsyncExitStack() as stack:
        told = await stack.enter_async_context(receivers())
        text = ALERTMANAGER.read_text()
        manager = await stack.enter_async_context(alertmanager(write_alertmanager(tmp_path, text, told.address)))
        alerting = manager.address.removeprefix("http://")
        at = {"api": f"127.0.0.1:{port}", "alertmanager": alerting, "prometheus": f"127.0.0.1:{own}"}
        running = await stack.enter_async_context(prometheus(write_prometheus(tmp_path, at), own))
        yield Watched(running, told, port)


async def test_a_killed_server_is_told_of_and_its_return_too(watched: Watched, tmp_path: Path) -> None:
    """SIGKILL: PagerDuty gets an event and Slack a post, with what to read; both hear when the server is back."""
    async with server(tmp_path / "data", port=watched.port) as running:
        await watched.prometheus.until_up("continuum-api")
        assert not [asked for asked in watched.told.asked if "ContinuumDown" in str(asked.body)]
        await running.kill()
        woken, post = await asyncio.gather(watched.pagerduty("trigger"), watched.slack(DOWN))
    assert woken["routing_key"] == ROUTING_KEY
    assert woken["payload"]["severity"] == "critical"
    (attachment,) = post["attachments"]
    assert attachment["color"] == "danger"
    for text in (attachment["text"], woken["payload"]["custom_details"]["alerts"]):
        assert f"continuum-api at 127.0.0.1:{watched.port} does not answer." in text
        assert "docs/operations/alerts.md#continuumdown" in text
    async with server(tmp_path / "data", port=watched.port):
        over, last = await asyncio.gather(watched.pagerduty("resolve"), watched.slack(f"Over: {DOWN}"))
    assert over["dedup_key"] == woken["dedup_key"]
    assert last["attachments"][0]["color"] == "good"
