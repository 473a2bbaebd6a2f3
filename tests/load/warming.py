"""Before the users come: servers that have been running for a while are what is measured.

A new Neo4j plans each query once and compiles what it often does; for its first minute it takes most of two cores for
that, and its answers take ten times as long as later.
"""

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from tests.load.asking import ask, session
from tests.load.backlog import backlog
from tests.load.following import ENDED
from tests.load.operations import DETAILS, SEARCH, START, STATUS, found, started

READERS, EXPLORERS = 3, 4
"""At each server, at the same time."""
LOOK_SECONDS = 0.1
LIMIT_SECONDS = 150.0
"""What is not warm by then is measured as it is."""


@dataclass(frozen=True, slots=True)
class Warmth:
    """What is enough."""

    seconds: float
    explorations: int


async def warm(servers: Sequence[str], workers: Sequence[str], topics: Sequence[str], enough: Warmth) -> None:
    """Ask all kinds of questions until it is enough, then let what was begun come to its end."""
    warming = _Warming(topics, enough)
    async with asyncio.TaskGroup() as tasks:
        for server in servers:
            for _ in range(READERS):
                tasks.create_task(warming.read(server))
            for _ in range(EXPLORERS):
                tasks.create_task(warming.explore(server))
    while not warming.late:
        left = await backlog(servers, workers)
        if left and left.empty:
            return
        await asyncio.sleep(1)


class _Warming:
    def __init__(self, topics: Sequence[str], enough: Warmth) -> None:
        self._topics = itertools.cycle(topics)
        self._enough = enough
        self._began = time.monotonic()
        self._explored = 0

    @property
    def late(self) -> bool:
        """Whether it has taken too long."""
        return time.monotonic() - self._began > LIMIT_SECONDS

    @property
    def done(self) -> bool:
        """Whether it is enough."""
        seconds = time.monotonic() - self._began
        return self.late or (seconds >= self._enough.seconds and self._explored >= self._enough.explorations)

    async def read(self, server: str) -> None:
        """Look for topics, and at what is found."""
        async with session(server) as calls:
            while not self.done:
                answer = await ask(calls, SEARCH, text=next(self._topics))
                if not answer.value:  # refused, perhaps because it is not ready
                    await asyncio.sleep(LOOK_SECONDS)
                    continue
                for id in found(answer.value):
                    await ask(calls, DETAILS, id=id)

    async def explore(self, server: str) -> None:
        """Start explorations and wait for each, so that no queue grows."""
        async with session(server) as calls:
            while not self.done:
                begun = await ask(calls, START, topic=next(self._topics))
                if not begun.problem and await self._ended(calls, started(begun.value)):
                    self._explored += 1
                await asyncio.sleep(LOOK_SECONDS)

    async def _ended(self, calls: aiohttp.ClientSession, exploration: str) -> bool:
        while not self.done:
            answer = await ask(calls, STATUS, id=exploration)
            if answer.value.get("status") in ENDED:
                return True
            await asyncio.sleep(LOOK_SECONDS)
        return False
