"""What tests of the engine work with: a knowledge source that does what it is told, and ways to wait."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from continuum.assembly import Parts
from graphstore.model import Exploration, ExplorationStatus, PageRequest
from graphstore.port import Store
from providers.knowledge.port import (
    Card,
    Findings,
    Known,
    Link,
    Question,
    Reference,
    Resolution,
    Subject,
    Unknown,
)
from providers.price import Price

ALL = PageRequest(1_000)


@dataclass
class Scripted:
    """A knowledge source over a small given graph: name to the names that it leads to."""

    graph: Mapping[str, list[str]]
    name: str = "scripted"
    price_of_answer: Price = Price()
    used: Price | None = None
    """What an answer reports to have used; by default its price."""
    fail: Callable[[str, int], Exception | None] = lambda _name, _attempt: None
    """By subject and number of the attempt, from 1: what to raise."""
    gate: asyncio.Event | None = None
    """Answers wait for it, those about the topic `a` excepted when `gate_spares_topic`."""
    gate_spares_topic: bool = False
    asked: list[str] = field(default_factory=list)
    running: int = 0
    most_at_once: int = 0

    def card(self) -> Card:
        return Card(self.name, "a source for tests", available=True, reason=None, costs="nothing", free=True)

    async def resolve(self, topic: str) -> Resolution:
        return Known(self.subject(topic)) if topic in self.graph else Unknown(tuple(sorted(self.graph))[:3])

    def price(self, question: Question) -> Price:  # noqa: ARG002 - the port's signature
        return self.price_of_answer

    async def research(self, question: Question) -> Findings | None:
        name = question.subject.name
        self.asked.append(name)
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        try:
            if self.gate and not (self.gate_spares_topic and name == "a"):
                await self.gate.wait()
            if (error := self.fail(name, self.asked.count(name))) is not None:
                raise error
        finally:
            self.running -= 1
        if name not in self.graph:
            return None
        links = tuple(self.link(name, other) for other in self.graph[name])[: question.breadth]
        used = self.used or self.price_of_answer
        return Findings(self.subject(name), links, used.tokens, used.cost_usd)

    def subject(self, name: str) -> Subject:
        return Subject(name, summary=f"All about {name}.", external_ids={"test": name}, reference=self.reference(name))

    def link(self, name: str, other: str) -> Link:
        quote = f"{name} leads to {other}."
        return Link("LEADS_TO", self.subject(other), forward=True, quote=quote, reference=self.reference(name))

    def reference(self, name: str) -> Reference:
        return Reference(f"test:{name}", "test", "DOCUMENT", f"Page on {name}")


TREE = {"a": ["b", "c"], "b": ["d", "e"], "c": ["e", "f"], "d": ["g"], "e": [], "f": ["a"], "g": []}
"""Seven concepts; e is reached twice, and f leads back."""


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 10, every: float = 0.01) -> None:
    """Wait until a condition that cannot be awaited otherwise holds, at most so many seconds."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - what is waited for happens in a store or another process
            await asyncio.sleep(every)


async def asked(source: Scripted, name: str) -> None:
    """Wait until the source was asked about this subject."""

    async def was_asked() -> bool:
        return name in source.asked

    await until(was_asked)


async def stored(parts: Parts, exploration: Exploration) -> Exploration:
    """The exploration as it is now."""
    return (await parts.database.within("main").explorations.get([exploration.id]))[exploration.id]


async def reached(parts: Parts, exploration: Exploration, status: ExplorationStatus) -> Exploration:
    """Wait until the exploration has this status; it as it is then."""

    async def has_status() -> bool:
        return (await stored(parts, exploration)).status is status

    await until(has_status)
    return await stored(parts, exploration)


async def end_of(parts: Parts, exploration: Exploration) -> Exploration:
    """Wait until the exploration has ended, as a watcher does; it as it is then."""
    async with asyncio.timeout(20):
        async for _ in parts.watch.events("main", exploration.id, 0):
            pass
    return await stored(parts, exploration)


async def names(store: Store, exploration: Exploration) -> dict[str, int]:
    """The names of the members, and how far from the topic each is."""
    page = (await store.explorations.members([exploration.id], ALL))[exploration.id]
    members = [item.value for item in page.items]
    concepts = await store.concepts.get([m.concept for m in members])
    return {concepts[m.concept].name: m.depth for m in members}
