"""A knowledge source outside of all processes: a small server that takes its time, and counts what it is asked."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from providers.errors import TransientError
from providers.knowledge.port import Card, Findings, Known, Link, Question, Reference, Resolution, Subject
from providers.price import Price

BRANCHES = 4
"""Subjects that each one leads to."""
SUBJECTS = 80


@dataclass
class Oracle:
    """The server: what is known, how long an answer takes, and how often each subject was asked for."""

    address: str = ""
    seconds: float = 0.1
    asked: Counter[str] = field(default_factory=Counter)

    async def answer(self, request: web.Request) -> web.Response:
        """The subjects that the named one leads to."""
        name = request.query["name"]
        self.asked[name] += 1
        await asyncio.sleep(self.seconds)
        return web.json_response(leads_to(name))

    @property
    def too_often(self) -> int:
        """Questions beyond the first on each subject."""
        return sum(self.asked.values()) - len(self.asked)


def leads_to(name: str) -> list[str]:
    """A wide graph in which many ways lead to each subject: 1 leads to 4..7, and each to the one half as far."""
    topic, _, number = name.partition(" ")
    n = int(number or 0)
    further = [BRANCHES * n + i for i in range(1, BRANCHES + 1)]
    return [f"{topic} {i}" for i in (*further, n // 2) if 0 < i < SUBJECTS and i != n]


@asynccontextmanager
async def oracle(seconds: float = 0.1) -> AsyncIterator[Oracle]:
    """The server on a free port."""
    one = Oracle(seconds=seconds)
    app = web.Application()
    app.router.add_get("/", one.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    try:
        await site.start()
        one.address = "http://{}:{}/".format(*runner.addresses[0][:2])
        yield one
    finally:
        await runner.cleanup()


class OracleSource:
    """`KnowledgeSource` over that server."""

    name = "oracle"

    def __init__(self, address: str) -> None:
        self._address = address

    def card(self) -> Card:
        return Card(self.name, "a source for tests", available=True, reason=None, costs="nothing", free=True)

    async def resolve(self, topic: str) -> Resolution:
        return Known(_subject(topic))

    def price(self, question: Question) -> Price:  # noqa: ARG002 - the port's signature
        return Price()

    async def research(self, question: Question) -> Findings | None:
        name = question.subject.name
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session,
                session.get(self._address, params={"name": name}) as response,
            ):
                others: list[str] = await response.json()
        except aiohttp.ClientError as error:
            raise TransientError(str(error)) from error
        return Findings(_subject(name), tuple(_link(name, other) for other in others)[: question.breadth])


def _subject(name: str) -> Subject:
    return Subject(name, summary=f"All about {name}.", external_ids={"oracle": name}, reference=_reference(name))


def _link(name: str, other: str) -> Link:
    quote = f"{name} leads to {other}."
    return Link("LEADS_TO", _subject(other), forward=True, quote=quote, reference=_reference(name))


def _reference(name: str) -> Reference:
    return Reference(f"oracle:{name}", "oracle", "DOCUMENT", f"The oracle on {name}")
