"""One run: the servers, the users in a process of their own, and what is printed of it."""

import asyncio
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import aiohttp

from bench.servers import Started
from tests.load import tables
from tests.load.backlog import backlog
from tests.load.baseline import baseline
from tests.load.ground import Ground, ground
from tests.load.options import EMBEDDED, NEO4J, Options
from tests.load.outcome import Outcome
from tests.load.plan import Plan, Samples
from tests.load.profiles import PATIENCE_SECONDS, TOPICS, Profile, Thresholds
from tests.load.topics import topics
from tests.load.warming import Warmth, warm
from tests.support.processes import ROOT

_GRACE_SECONDS = 3 * PATIENCE_SECONDS
"""For the users' process to end after its time: requests may take so long, subscribers and users one after another."""
WARMTH: Mapping[str, Warmth] = {EMBEDDED: Warmth(3, 20), NEO4J: Warmth(30, 400)}


class LoadError(Exception):
    """It cannot be done; the message says why."""


async def run(options: Options, services: Mapping[str, Started]) -> int:
    """The exit code. Raises `LoadError`."""
    with _folder(options) as folder:
        async with ground(options, folder, services) as running:
            await _check(running)
            await _warm(options, running)
            if options.profile is None:
                return await _baseline(running)
            return await _load(options, options.profile, running, folder)


async def _warm(options: Options, running: Ground) -> None:
    say("Warming up ...")
    began = time.monotonic()
    await warm(running.servers, running.workers, topics(TOPICS), WARMTH[options.store])
    say(f"Warm after {time.monotonic() - began:.0f} s")


async def _load(options: Options, profile: Profile, running: Ground, folder: Path) -> int:
    plan = _plan(options, profile, running, folder)
    say(f"{', '.join(plan.servers)}: {profile.seconds:g} s")
    before, began = running.cpu(), time.monotonic()
    samples = await _attack(plan, folder)
    seconds, after = time.monotonic() - began, running.cpu()
    outcome = Outcome.of(samples)
    outcome.write(options.report.with_suffix(".json"))
    print(_caption(options, profile), end="\n\n")
    _show(outcome, profile.thresholds)
    used = {name: after[name] - before[name] for name in after}
    print(tables.processor({**used, "users (locust)": samples.cpu_seconds}, seconds), end="\n\n")
    left = await backlog(running.servers, running.workers)
    print(left or "Explorations: the server does not tell how many there are.", end="\n\n")
    return _verdict(outcome, options, profile.thresholds)


def _caption(options: Options, profile: Profile) -> str:
    """What the tables below it are of."""
    where = "servers that ran already" if options.urls else f"one server with the {options.store} store"
    if options.store == NEO4J:
        where = f"{_number(options.servers, 'server')} and {_number(options.workers, 'worker')} on Neo4j and Redis"
    return (
        f"Profile {profile.name}, {profile.seconds:g} s: {profile.users} users and {profile.subscribers} subscribers, "
        f"{where}, all of it on {os.cpu_count()} cores."
    )


def _number(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number > 1)}"


def _plan(options: Options, profile: Profile, running: Ground, folder: Path) -> Plan:
    return Plan(
        tuple(running.servers),
        topics(TOPICS),
        profile.users,
        profile.subscribers,
        profile.users_per_second,
        profile.seconds,
        PATIENCE_SECONDS,
        str(folder / "samples.json"),
        str(options.report),
    )


async def _attack(plan: Plan, folder: Path) -> Samples:
    """Locust patches the process that it lives in, so it has its own, in its own session: no Ctrl-C reaches it."""
    told = folder / "plan.json"
    plan.write(told)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.load.attack", str(told)),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(plan.seconds + _GRACE_SECONDS):
            code = await process.wait()
    except TimeoutError:
        raise LoadError("the process of the users did not end") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code:
        raise LoadError(f"the process of the users ended with exit code {code}; what it said stands above")
    return Samples.read(Path(plan.samples))


async def _check(running: Ground) -> None:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        for address in running.servers:
            try:
                async with session.get(f"{address}/health") as response:
                    response.raise_for_status()
            except (aiohttp.ClientError, TimeoutError) as error:
                raise LoadError(f"{address} does not answer at /health: {error or type(error).__name__}") from error


async def _baseline(running: Ground) -> int:
    rows = await baseline(running.servers[0], topics(TOPICS))
    print(tables.results("one call after another", rows), end="\n\n")
    failures = [failure for row in rows for failure in row.failures(Thresholds(failed_share=0))]
    print("\n".join(failures) or "All calls were answered.")
    return 1 if failures else 0


def _show(outcome: Outcome, thresholds: Thresholds) -> None:
    print(tables.results("requests", [*outcome.rows, outcome.total]), end="\n\n")
    print(tables.results("subscribers", outcome.subscribers), end="\n\n")
    print(outcome.tally, end="\n\n")
    print(tables.thresholds(outcome.total.checks(thresholds)), end="\n\n")


def _verdict(outcome: Outcome, options: Options, thresholds: Thresholds) -> int:
    failures = outcome.failures(thresholds)
    print("\n".join([f"MISSED {failure}" for failure in failures] or ["All thresholds hold."]))
    say(f"Report: {options.report}")
    return outcome.exit_code(thresholds)


@contextmanager
def _folder(options: Options) -> Iterator[Path]:
    """Of this run alone, deleted at its end; what the processes have logged is kept beside the report."""
    folder = options.data_dir / "load" / f"run-{os.getpid()}"
    folder.mkdir(parents=True)
    options.report.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        _keep_logs(folder, options.data_dir / "load" / f"{options.name}.log")
        shutil.rmtree(folder)


def _keep_logs(folder: Path, file: Path) -> None:
    lines = [
        f"{log.stem}: {line}\n"
        for log in sorted(folder.glob("*.log"))
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines()
    ]
    file.unlink(missing_ok=True)
    if lines:
        file.write_text("".join(lines), encoding="utf-8")
        say(f"The servers logged {len(lines)} lines: {file}")


def say(text: str) -> None:
    """To a person, beside the tables."""
    print(text, file=sys.stderr, flush=True)
