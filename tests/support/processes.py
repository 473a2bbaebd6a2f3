"""Real processes of ours, to be watched, killed and started again."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).parents[2]
START_LIMIT = 30.0
"""Seconds within which a server must have said where it listens."""


@dataclass(eq=False)
class OurProcess:
    """A running `continuum serve` or `continuum worker`."""

    process: asyncio.subprocess.Process
    address: str
    log: Path

    async def kill(self) -> None:
        """SIGKILL: no goodbye."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    async def terminate(self, seconds: float = 20) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(seconds):
            return await self.process.wait()

    async def ready(self) -> tuple[int, dict[str, Any]]:
        """What it says of itself at /ready: status and body."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.address}/ready") as response:
            return response.status, await response.json()


@dataclass(eq=False)
class ServerProcess(OurProcess):
    """A running `continuum serve`."""

    async def graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of one operation; its errors fail the test."""
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.address}/graphql", json={"query": query, "variables": variables}) as response,
        ):
            answer = await response.json()
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data


def environment(data_dir: Path, **settings: object) -> Mapping[str, str]:
    """The environment of a process of ours, with settings by their names in lower case."""
    ours = {name.upper(): str(value) for name, value in settings.items()}
    return {**os.environ, "DATA_DIR": str(data_dir), "PYTHONPATH": str(ROOT), "LOG_JSON": "true", **ours}


@asynccontextmanager
async def server(
    data_dir: Path, module: str = "continuum", /, *, oracle: str | None = None, **settings: object
) -> AsyncIterator[ServerProcess]:
    """A server over this data directory on a free port, killed at the end if it still runs.

    With the address of an oracle it asks that one (tests.support.oracle), and else the atlas. `module` is another
    program that takes the same commands.
    """
    async with _started(data_dir, "serve", oracle, module, **{"port": 0, **settings}) as (process, log):
        yield ServerProcess(process, await _address(process, log), log)


@asynccontextmanager
async def worker(data_dir: Path, *, oracle: str | None = None, **settings: object) -> AsyncIterator[OurProcess]:
    """A worker in the same way, its health on a free port."""
    async with _started(data_dir, "worker", oracle, "continuum", **{"worker_port": 0, **settings}) as (process, log):
        yield OurProcess(process, await _address(process, log), log)


@asynccontextmanager
async def _started(
    data_dir: Path, command: str, oracle: str | None, module: str = "continuum", **settings: object
) -> AsyncIterator[tuple[asyncio.subprocess.Process, Path]]:
    log = data_dir.with_suffix(".log")
    program = (module, command) if oracle is None else ("tests.support.with_oracle", command, oracle)
    asks = {} if oracle is None else {"knowledge_sources": "oracle"}
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *program),
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            env=environment(data_dir, **{**asks, **settings}),
        )
    try:
        yield process, log
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _address(process: asyncio.subprocess.Process, log: Path) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(START_LIMIT):
        async for line in process.stdout:
            if found := re.search(rb"Health\s+(http://\S+)/health", line):
                return found[1].decode()
    raise AssertionError(f"the process did not start; its log is {log}")
