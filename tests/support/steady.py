"""Clients that never stop asking, and subscribers that always come back: what each was answered, and what it missed."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.support.api import PROMISED, Api

RATE = 10
"""Requests of one client in a second."""
CLIENTS = 5
SUBSCRIBERS = 3
REQUEST_LIMIT = 15.0
RESTARTS = 1012
"""The close code by which a server that stops sends its clients elsewhere."""

ADD = """mutation Add($name: String!) { addKnowledge(input: {concepts: [{name: $name}]}) { concepts { id } } }"""
ADDED = """query Added($text: String!) { concept(name: $text) { name } }"""
START = """mutation Start($topic: String!) {
  startExploration(input: {topic: $topic, depth: 6, breadth: 5}) { exploration { id } } }"""


@dataclass
class Load:
    """All of them, and what became of their requests."""

    address: str
    answered: int = 0
    slowest: float = 0.0
    failures: list[str] = field(default_factory=list)
    """Requests that were not answered with data, each with what happened."""
    added: dict[int, list[str]] = field(default_factory=dict)
    """Concepts whose addition was confirmed to each client."""
    closed: Counter[int | None] = field(default_factory=Counter)
    """How sockets ended before their exploration had."""
    histories: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """The events that a subscriber was given, by exploration, across all of its connections."""
    stopping: bool = False
    _began: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    @property
    def rate(self) -> float:
        """Requests that were answered in a second."""
        return self.answered / (asyncio.get_running_loop().time() - self._began)

    async def ask(self, session: aiohttp.ClientSession, query: str, **variables: Any) -> dict[str, Any] | None:
        """One request; its data, or None after a failure, which is kept. Nothing is tried twice."""
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            async with session.post("/graphql", json={"query": query, "variables": variables}) as response:
                answer = await response.json()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self.failures.append(f"{query.split()[1]} {variables}: {error!r}")
            return None
        self.slowest = max(self.slowest, clock() - began)
        if response.status != 200 or "errors" in answer:
            self.failures.append(f"{query.split()[1]} {variables}: {response.status} {answer}")
            return None
        self.answered += 1
        data: dict[str, Any] = answer["data"]
        return data

    async def client(self, number: int) -> None:
        """Ask and change in turn, on connections that are kept alive."""
        clock = asyncio.get_running_loop().time
        due = clock()
        async with self.session(f"client{number}") as session:
            for turn in itertools.count():
                if self.stopping:
                    return
                await self._turn(session, number, turn)
                due = max(due + 1 / RATE, clock() - 1)
                await asyncio.sleep(max(0.0, due - clock()))

    async def _turn(self, session: aiohttp.ClientSession, number: int, turn: int) -> None:
        added = self.added.setdefault(number, [])
        if turn % 5 == 0:
            if await self.ask(session, ADD, name=f"thing {turn}") is not None:
                added.append(f"thing {turn}")
        elif turn % 3 == 1:
            await self.ask(session, PROMISED["Find"], text="thing")
        elif turn % 3 == 2:
            await self.ask(session, PROMISED["Page"], first=10)
        else:
            await self.ask(session, ADDED, text=added[-1] if added else "thing")

    async def subscriber(self, number: int) -> None:
        """Start an exploration, follow it to its end, and then the next one."""
        async with self.session(f"subscriber{number}") as session:
            for turn in itertools.count():
                if self.stopping:
                    return
                started = await self.ask(session, START, topic=f"topic{number}x{turn}")
                if started is not None:
                    await self._follow(session, started["startExploration"]["exploration"]["id"])

    async def _follow(self, session: aiohttp.ClientSession, id: str) -> None:
        events = self.histories.setdefault(id, [])
        while not await self._watch(session, id, events):
            pass

    async def _watch(self, session: aiohttp.ClientSession, id: str, events: list[dict[str, Any]]) -> bool:
        """Follow on one socket from where the last one ended; whether the stream was completed."""
        async with Api(session).socket() as socket:
            after = events[-1]["seq"] if events else 0
            await socket.begin(PROMISED["Watch"], id=id, after=after)
            async for message in socket.connection:
                received = message.json()
                if received["type"] == "complete":
                    return True
                if received["type"] == "ping":
                    continue
                assert "errors" not in received["payload"], received
                events.append(received["payload"]["data"]["explorationEvents"])
        self.closed[socket.connection.close_code] += 1
        return False

    def session(self, workspace: str) -> aiohttp.ClientSession:
        """Connections of one client. Each has a workspace of its own: a workspace is written by one at a time, and its
        queue is not what is looked at here."""
        limit = aiohttp.ClientTimeout(total=REQUEST_LIMIT)
        return aiohttp.ClientSession(self.address, timeout=limit, headers={"X-Workspace": workspace})


@asynccontextmanager
async def steady_load(address: str) -> AsyncIterator[Load]:
    """Clients and subscribers at work. At the end each finishes what it has begun."""
    await _warmed(address)
    load = Load(address)
    async with asyncio.TaskGroup() as group:
        for number in range(CLIENTS):
            group.create_task(load.client(number))
        for number in range(SUBSCRIBERS):
            group.create_task(load.subscriber(number))
        yield load
        load.stopping = True


async def _warmed(address: str) -> None:
    """Everything is done once before it is done many times at once: a store that was just started plans each statement
    when it comes for the first time, which takes seconds on a busy machine."""
    load = Load(address, stopping=True)
    async with load.session("first") as session:
        for turn in range(10):
            await load._turn(session, 0, turn)
        started = await load.ask(session, START, topic="first")
        assert started is not None, load.failures
        await load._follow(session, started["startExploration"]["exploration"]["id"])


async def missing(load: Load) -> list[str]:
    """Concepts whose addition was confirmed, and that are not there."""
    gone = []
    for number, names in load.added.items():
        async with load.session(f"client{number}") as session:
            gone += [name for name in names if (await Api(session).data(ADDED, text=name))["concept"] is None]
    return gone
