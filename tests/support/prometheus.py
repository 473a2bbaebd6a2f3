"""A real Prometheus and a real Alertmanager of a test's own, and the tools that come with them."""

import asyncio
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

from tests.support.exploring import until
from tests.support.services import unavailable

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
START_LIMIT = 30.0
TIME_LIMIT = aiohttp.ClientTimeout(total=30)
PACKAGES = {
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "amtool": "prometheus-alertmanager",
}
"""Debian's package of each program."""


def program(name: str) -> str:
    """Where a program lies. Skips or fails where it is not installed."""
    found = shutil.which(name)
    if found is None:
        unavailable(f"no {name}: install Debian's package {PACKAGES[name]}")
    return str(found)


def tool(name: str, *arguments: str | Path, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    """What `promtool` or `amtool` says, and its exit code; both streams are in `stdout`."""
    return subprocess.run(
        [program(name), *map(str, arguments)],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )


@dataclass(frozen=True, slots=True)
class Sample:
    """One element of an answer of Prometheus."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class _Running:
    """A program that answers over HTTP."""

    address: str
    session: aiohttp.ClientSession
    log: Path

    async def get(self, path: str, **parameters: str) -> Any:
        """The JSON at a path; a refusal fails the test with what was said."""
        async with self.session.get(f"{self.address}{path}", params=parameters) as response:
            body = await response.text()
            assert response.status == 200, f"{path} {parameters}: {response.status} {body}"
            return await response.json()

    async def post(self, path: str, body: Any = None) -> None:
        """Send JSON to a path; a refusal fails the test with what was said."""
        async with self.session.post(f"{self.address}{path}", json=body) as response:
            assert response.status == 200, f"{path}: {response.status} {await response.text()}"

    async def reload(self) -> None:
        """Read the configuration anew."""
        await self.post("/-/reload")

    async def is_ready(self) -> bool:
        """Whether it says so itself."""
        try:
            async with self.session.get(f"{self.address}/-/ready") as response:
                return response.status == 200
        except aiohttp.ClientConnectionError:
            return False


class Prometheus(_Running):
    """A running Prometheus."""

    __slots__ = ()

    async def query(self, expression: str) -> list[Sample]:
        """What an expression gives now; a scalar is one sample without labels."""
        data = (await self.get("/api/v1/query", query=expression))["data"]
        if data["resultType"] == "scalar":
            return [Sample({}, float(data["result"][1]))]
        return [Sample(found["metric"], float(found["value"][1])) for found in data["result"]]

    async def targets(self) -> list[dict[str, Any]]:
        """What it scrapes: `labels`, `health` (`up`, `down`, `unknown`), `lastError`, `scrapeUrl`..."""
        found: list[dict[str, Any]] = (await self.get("/api/v1/targets"))["data"]["activeTargets"]
        return found

    async def alerts(self) -> list[dict[str, Any]]:
        """What is pending or firing: `labels`, `annotations`, `state`..."""
        found: list[dict[str, Any]] = (await self.get("/api/v1/alerts"))["data"]["alerts"]
        return found

    async def until_up(self, job: str, count: int = 1, seconds: float = 30) -> None:
        """Wait until so many targets of a job were scraped."""

        async def scraped() -> bool:
            return len(await self.query(f'up{{job="{job}"}} == 1')) >= count

        await until(scraped, seconds, every=0.1)


class Alertmanager(_Running):
    """A running Alertmanager."""

    __slots__ = ()

    async def alerts(self) -> list[dict[str, Any]]:
        """What it has heard of: `labels`, `status.state` (`active`, `suppressed`), `status.inhibitedBy`..."""
        found: list[dict[str, Any]] = await self.get("/api/v2/alerts")
        return found

    async def tell(self, *alerts: Mapping[str, str], over: bool = False) -> None:
        """Tell it of alerts that fire, or are over, given by their labels."""
        ends = {"endsAt": datetime.now(UTC).isoformat()} if over else {}
        await self.post("/api/v2/alerts", [{"labels": dict(labels), **ends} for labels in alerts])


@asynccontextmanager
async def prometheus(configuration: Path, port: int | None = None) -> AsyncIterator[Prometheus]:
    """A Prometheus over this file, that keeps its data beside it. Skips or fails where it is not installed."""
    folder, port = configuration.parent, port or free_port()
    command = (
        program("prometheus"),
        f"--config.file={configuration}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-lifecycle",
    )
    log = folder / "prometheus.log"
    async with _session() as session, _started(command, Prometheus(_at(port), session, log)) as running:
        yield running


@asynccontextmanager
async def alertmanager(configuration: Path) -> AsyncIterator[Alertmanager]:
    """An Alertmanager over this file, alone in its cluster. Skips or fails where it is not installed."""
    folder, port = configuration.parent, free_port()
    command = (
        program("prometheus-alertmanager"),
        f"--config.file={configuration}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    )
    log = folder / "alertmanager.log"
    async with _session() as session, _started(command, Alertmanager(_at(port), session, log)) as running:
        yield running


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


R = TypeVar("R", bound=_Running)


def _at(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=TIME_LIMIT)


@asynccontextmanager
async def _started(command: tuple[str, ...], running: R) -> AsyncIterator[R]:
    with running.log.open("ab") as log:
        process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
    try:
        await _ready(process, running)
        yield running
    finally:
        with suppress(ProcessLookupError):
            process.kill()  # what it keeps is a test's
        await process.wait()


async def _ready(process: asyncio.subprocess.Process, running: _Running) -> None:
    async def ready_or_gone() -> bool:
        return process.returncode is not None or await running.is_ready()

    await until(ready_or_gone, START_LIMIT, every=0.05)
    assert process.returncode is None, running.log.read_text()
