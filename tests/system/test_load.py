"""The load tests themselves: a short run with a real server and locust's users, and what is left of it."""

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.load.operations import KINDS, SUBSCRIBER_KINDS
from tests.load.outcome import Outcome
from tests.load.profiles import PROFILES, Thresholds
from tests.support.processes import ROOT

pytestmark = pytest.mark.system


async def load(data_dir: Path, *arguments: str) -> asyncio.subprocess.Process:
    """What scripts/load starts."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.load", "--data-dir", str(data_dir), *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


async def test_the_smoke_run_is_answered_without_failures(tmp_path: Path) -> None:
    """For 30 s users ask a server all there is to ask: nothing fails, subscribers miss no event, the figures and
    locust's report are there and nothing else; the same figures fail a threshold that no server can hold."""
    process = await load(tmp_path, "smoke")
    async with asyncio.timeout(240):
        output, words = (text.decode() for text in await process.communicate())
    assert process.returncode == 0, words + output
    outcome = Outcome.read(tmp_path / "load" / "smoke.json")
    assert {row.name: row.requests > 0 for row in outcome.rows} == dict.fromkeys(KINDS, True)
    assert {row.name: row.requests > 0 for row in outcome.subscribers} == dict.fromkeys(SUBSCRIBER_KINDS, True)
    assert outcome.failures(PROFILES["smoke"].thresholds) == ()
    assert (outcome.total.failures_count, outcome.tally.gaps) == (0, 0)
    assert min(outcome.tally.events, outcome.tally.ended) > 0
    assert outcome.exit_code(Thresholds(p95_ms=0.001)) == 1
    assert "All thresholds hold." in output
    assert "| all requests " in output
    assert re.search(r"\d+ failed\. The oldest queued one was asked for \d", output)
    assert "health" in (tmp_path / "load" / "smoke.html").read_text(encoding="utf-8")
    assert {file.suffix for file in (tmp_path / "load").iterdir()} <= {".html", ".json", ".log"}


async def test_an_interrupted_run_leaves_nothing_behind(tmp_path: Path) -> None:
    """SIGINT while users ask: exit code 130, the server and the users are gone, and so is what they wrote."""
    process = await load(tmp_path, "smoke")
    assert process.stderr is not None
    address = ""
    async with asyncio.timeout(60):
        async for line in process.stderr:
            found = re.search(r"http://[\d.]+:\d+", line.decode())
            address = found[0] if found else address
            if b"requests/s" in line:
                break
        process.send_signal(signal.SIGINT)
        words = (await process.communicate())[1].decode()
    assert (process.returncode, words.splitlines()[-1:]) == (130, ["load: interrupted"])
    assert not list((tmp_path / "load").glob("run-*"))
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(f"{address}/health")


async def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Exit code 3 and a sentence, before any user comes."""
    process = await load(tmp_path, "smoke", "--url", "http://127.0.0.1:9")
    words = (await asyncio.wait_for(process.communicate(), 30))[1].decode()
    assert process.returncode == 3
    assert words.startswith("load: http://127.0.0.1:9 does not answer at /health")
