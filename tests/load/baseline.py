"""What single calls take on a server that has nothing else to do: one after another, over one connection."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence

import aiohttp

from tests.load.asking import ask, session
from tests.load.operations import HEALTH, SEARCH, START
from tests.load.outcome import of_calls
from tests.load.result import LoadTestResult

CALLS: Mapping[str, int] = {HEALTH: 100, START: 50, SEARCH: 100}


async def baseline(server: str, topics: Sequence[str]) -> list[LoadTestResult]:
    """The figures of each kind of call."""
    async with session(server) as calls:
        return [await _measured(calls, kind, number, topics) for kind, number in CALLS.items()]


async def _measured(calls: aiohttp.ClientSession, kind: str, number: int, topics: Sequence[str]) -> LoadTestResult:
    times, failed = [], Counter[str]()
    for i in range(number):
        topic = topics[i % len(topics)]
        variables = {START: {"topic": topic}, SEARCH: {"text": topic}}.get(kind, {})
        began = time.perf_counter()
        answer = await ask(calls, kind, **variables)
        times.append(1e3 * (time.perf_counter() - began))
        failed.update([answer.problem] if answer.problem else [])
    return of_calls(kind, times, failed)
