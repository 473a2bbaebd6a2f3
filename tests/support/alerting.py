"""What is shipped for Prometheus and Alertmanager, made to run beside a test: other addresses, other folders, less
patience, and nothing else changed."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from tests.support.fake_server import Asked, FakeServer, served
from tests.support.prometheus import INFRA

ROUTING_KEY = "0123456789abcdef0123456789abcdef"
ALERTMANAGER = INFRA / "alertmanager" / "alertmanager.yml"
PAGERDUTY, SLACK, LOG = "/v2/enqueue", "/services/hook", "/alerts"
_DNS = re.compile(r"dns_sd_configs:\n +- names: \[([\w-]+)\]\n +type: A\n +port: \d+(?:\n +refresh_interval: \w+)?")
_PATIENCE = re.compile(r"(for|(?:scrape|evaluation|group)_(?:interval|timeout|wait)): \w+")


@asynccontextmanager
async def receivers() -> AsyncIterator[FakeServer]:
    """PagerDuty, Slack and a log: what they were sent is in `asked`, by their paths."""
    fake = FakeServer()

    async def take(request: web.Request) -> web.Response:
        fake.asked.append(Asked(request.path, dict(request.headers), await request.json()))
        fake.heard.set()
        if request.path == SLACK:
            return web.Response(text="ok")
        return web.json_response({"status": "success", "message": "Event processed"}, status=202)

    app = web.Application()
    for path in (PAGERDUTY, SLACK, LOG):
        app.router.add_post(path, take)
    async with served(app, fake):
        yield fake


def write_alertmanager(folder: Path, text: str, to: str, *, wait: str = "1s") -> Path:
    """The configuration of this text, for receivers at one address; groups wait for so long."""
    (folder / "slack-webhook-url").write_text(f"{to}{SLACK}")
    (folder / "pagerduty-routing-key").write_text(ROUTING_KEY)
    text = text.replace("/etc/alertmanager/secrets", str(folder))
    text = text.replace("templates/*.tmpl", str(ALERTMANAGER.parent / "templates" / "*.tmpl"))
    text = text.replace("global:\n", f"global:\n  pagerduty_url: {to}{PAGERDUTY}\n")
    text = text.replace(f"http://alert-log:9880{LOG}", f"{to}{LOG}")
    return _written(folder / "alertmanager.yml", _impatient(text, wait))


def write_prometheus(folder: Path, at: Mapping[str, str]) -> Path:
    """The configuration for Docker Compose, where services are at these addresses; the others have no containers."""
    (folder / "rules").mkdir()
    for rules in (INFRA / "prometheus" / "rules").iterdir():
        _written(folder / "rules" / rules.name, _impatient(rules.read_text(), "1s"))
    text = (INFRA / "prometheus" / "compose.yml").read_text()
    text = _DNS.sub(lambda found: f"static_configs: [{{targets: [{at.get(found[1], '')}]}}]", text)
    return _written(folder / "prometheus.yml", _impatient(text.replace("localhost:9090", at["prometheus"]), "1s"))


def _impatient(text: str, time: str) -> str:
    return _PATIENCE.sub(rf"\1: {time}", text)


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path
