"""A little of everything that clients ask for, right and wrong: what there is to see in Continuum's metrics."""

import asyncio
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession

from tests.support.api import PROMISED, Api
from tests.support.fake_a1111 import FakeA1111
from tests.support.fake_chat import FakeChat
from tests.support.processes import OurProcess

START = """mutation Start($topic: String!, $budget: BudgetInput!, $source: String!) { startExploration(input: {
  topic: $topic, depth: 2, budget: $budget, sources: [$source] }) { exploration { id } } }"""
FOUND = "query Found($id: ID!) { exploration(id: $id) { concepts(first: 2) { edges { node { id name } } } } }"
PAINT = """mutation Paint($ids: [ID!]!, $provider: String!, $fallback: Boolean!) { generateImages(input: {
  conceptIds: $ids, provider: $provider, fallback: $fallback }) { images { id } } }"""
NESTED = "{ concepts(first: 100) { edges { node { related(first: 100) { edges { node { related(first: 100) { edges "
WRONG = (
    "{ concepts(",
    "{ nothing }",
    "query A { __typename } query B { __typename }",
    NESTED + "{ node { id } } } } } } } } }",
    '{ concept(id: "nobody") { id } }',
    'mutation { deleteConcept(input: {id: "Q29uY2VwdDox"}) { __typename } }',
)
SMALL = "query Small($id: ID!) { image(id: $id) { thumbnailUrl(width: 64) } }"
ROUNDS = 5
"""Metrics that appear with the first event show a rate from the second one on."""


@dataclass(frozen=True, slots=True)
class Clients:
    """They ask a server that knows a model and a maker of pictures, both of which have bad moments."""

    session: ClientSession
    worker: OurProcess
    model: FakeChat
    painter: FakeA1111

    async def work(self) -> None:
        """All of it, several times."""
        for number in range(ROUNDS):
            await self._explore(number)
            await asyncio.gather(self._fail(number), self._look())
            self.model.moods.clear()

    @property
    def _api(self) -> Api:
        return Api(self.session)

    async def _explore(self, number: int) -> None:
        """To the end, seen by two subscribers, one of whom comes late; then with pictures."""
        id = await self._start(f"topic {number}", {"concepts": 40}, "openai")
        await self._watch("Watch", id=id, after=0)
        await self._watch("Watch", id=id, after=0)
        concepts = (await self._api.data(FOUND, id=id))["exploration"]["concepts"]["edges"]
        names, ids = ([concept["node"][field] for concept in concepts] for field in ("name", "id"))
        await self._api.data(PROMISED["Concept"], name=names[0])
        await self._api.data(PROMISED["Find"], text=names[0])
        for provider, fallback in (
            ("stable-diffusion", True),
            ("stable-diffusion", True),
            ("openai", True),
            ("mock", True),
        ):
            await self._paint(ids, provider, fallback=fallback)

    async def _fail(self, number: int) -> None:
        """A model that is busy, then talks nonsense; a budget that is too small; a provider that is away."""
        self.model.moods.extend(["busy", "garbage", "prose", "misshapen", "unknown"])
        id = await self._start(f"other {number}", {"concepts": 3}, "openai")
        await self._watch("Watch", id=id, after=0)
        again = await self._start("photosynthesis", {"concepts": 20}, "atlas")
        await self._watch("Watch", id=again, after=0)
        concepts = (await self._api.data(FOUND, id=again))["exploration"]["concepts"]["edges"]
        self.painter.moods.extend(["refused"])
        await self._paint([concepts[0]["node"]["id"]], "openai", fallback=False)

    async def _look(self) -> None:
        """What people and probes do beside, and what clients do wrong."""
        for path in ("/health", "/ready", "/nothing"):
            async with self.session.get(path):
                pass
        async with self.session.get(f"{self.worker.address}/ready"):
            pass
        for query in ("{ server { version } }", *WRONG):
            await self._api.post(query)
        await self._api.data(PROMISED["Page"], first=10)

    async def _start(self, topic: str, budget: dict[str, Any], source: str) -> str:
        started = await self._api.data(START, topic=topic, budget=budget, source=source)
        id: str = started["startExploration"]["exploration"]["id"]
        return id

    async def _paint(self, ids: list[str], provider: str, *, fallback: bool) -> None:
        """Until all have ended; those that are ready are looked at, twice."""
        asked = await self._api.data(PAINT, ids=ids, provider=provider, fallback=fallback)
        images = [image["id"] for image in asked["generateImages"]["images"]]
        await self._watch("Painting", ids=images)
        path = (await self._api.data(SMALL, id=images[0]))["image"]["thumbnailUrl"]
        for _ in range(2 if path else 0):
            async with self.session.get(path) as response:
                assert response.status == 200

    async def _watch(self, subscription: str, **variables: Any) -> None:
        """All that a subscription tells, to its end."""
        async with self._api.socket() as socket, asyncio.timeout(60):
            async for result in socket.results(PROMISED[subscription], **variables):
                assert "errors" not in result, result
