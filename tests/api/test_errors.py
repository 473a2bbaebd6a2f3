"""What clients are told of failures: codes that are documented, and nothing of the inside."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from continuum.assembly import Parts, assembled
from continuum.settings import Settings
from graphstore.model import ExplorationFilter
from graphstore.sqlite.database import SqliteDatabase
from providers.errors import TransientError
from schema import Code
from tests.api.conftest import serving
from tests.support.api import PROMISED, Api
from tests.support.exploring import TREE, Scripted, asked, until

DOCS = Path(__file__).parents[2] / "docs" / "graphql.md"
SECRET = "password=hunter2"
ADD = 'mutation { addKnowledge(input: {concepts: [{name: "new"}]}) { concepts { name } } }'
COUNT = "{ concepts { totalCount } }"


class Moody(Scripted):
    """A source that fails to find a topic, in one way or another, or takes its time."""

    mood: Exception | asyncio.Event = RuntimeError(SECRET)

    async def resolve(self, topic: str) -> Any:
        self.asked.append(topic)
        if isinstance(self.mood, Exception):
            raise self.mood
        await self.mood.wait()
        return await super().resolve(topic)


@pytest.fixture
def source() -> Moody:
    """A source with a mood."""
    return Moody(TREE)


@pytest.fixture
async def parts(settings: Settings, source: Moody) -> AsyncIterator[Parts]:
    """All parts over that source."""
    asking = settings.model_copy(update={"knowledge_sources": ("scripted",)})
    async with assembled(asking, sources={"scripted": lambda _store: source}) as parts:
        yield parts


def test_every_code_is_documented() -> None:
    """The page for frontend developers explains every code there is."""
    page = DOCS.read_text(encoding="utf-8")
    assert not [code for code in Code if f"`{code}`" not in page]


@pytest.mark.parametrize("transport", ["http", "websocket"])
async def test_what_was_not_foreseen_is_masked(api: Api, transport: str) -> None:
    """The client gets a number, under which the log has the cause; the message that holds a secret stays inside."""
    with capture_logs() as logs:
        if transport == "http":
            answer = await api.post(PROMISED["Start"], topic="a")
        else:
            async with api.socket() as socket:
                [answer] = [result async for result in socket.results(PROMISED["Start"], topic="a")]
    [error] = answer["errors"]
    assert error["message"] == "Internal server error"
    assert error["path"] == ["startExploration"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert SECRET not in str(answer)
    [entry] = [entry for entry in logs if entry["event"] == "internal_error"]
    assert entry["error_id"] == error["extensions"]["errorId"]
    assert str(entry["exc_info"]) == SECRET


async def test_a_source_that_fails_is_told(api: Api, source: Moody) -> None:
    """A provider's own words reach the client: they are meant for people."""
    source.mood = TransientError("the oracle is at lunch")
    error = await api.error(PROMISED["Start"], topic="a")
    assert (error["code"], error["message"]) == ("SOURCE_FAILED", "the oracle is at lunch")


async def test_what_takes_too_long_is_stopped(parts: Parts, settings: Settings, source: Moody) -> None:
    """After its time limit a request is answered with TIMEOUT, and the server goes on."""
    source.mood = asyncio.Event()
    hasty = replace(parts, settings=settings.model_copy(update={"request_timeout_seconds": 0.05}))
    async with serving(hasty) as api:
        assert (await api.error(PROMISED["Start"], topic="a"))["code"] == "TIMEOUT"
        async with api.socket() as socket:
            [answer] = [result async for result in socket.results(PROMISED["Start"], topic="a")]
            assert answer["errors"][0]["extensions"]["code"] == "TIMEOUT"
        headers = {"Accept": "application/graphql-response+json"}
        body = {"query": PROMISED["Start"], "variables": {"topic": "a"}}
        async with api.send(body, headers=headers) as response:
            assert response.status == 504
        source.mood.set()
        assert await api.data(COUNT) == {"concepts": {"totalCount": 0}}


async def test_a_change_goes_on_when_its_client_leaves(api: Api, parts: Parts, source: Moody) -> None:
    """A client that leaves in the middle of a mutation does not cut it in half: it is carried out to its end."""
    source.mood = asyncio.Event()
    request = asyncio.create_task(api.post(PROMISED["Start"], topic="a"))
    await asked(source, "a")
    request.cancel()
    await asyncio.gather(request, return_exceptions=True)
    assert (await api.data(COUNT))["concepts"], "by now the server knows that the client has left"
    source.mood.set()
    store = parts.database.within("main")

    async def started() -> bool:
        return await store.explorations.count(ExplorationFilter()) == 1

    await until(started)


async def test_a_full_disk_refuses_changes_and_reads_go_on(api: Api, parts: Parts) -> None:
    """Where nothing can be stored the error says so, and what is stored can be read."""
    await api.data(ADD)
    database = cast("SqliteDatabase", parts.database)  # a measured one, which passes on what is its own
    [[pages]] = await database.writer.run(lambda db: db.execute("PRAGMA page_count").fetchall())
    await database.writer.run(lambda db: db.execute(f"PRAGMA max_page_count = {pages}").fetchall())
    many = {"concepts": [{"name": f"{n} " * 30, "summary": "x" * 1_900} for n in range(100)]}
    query = "mutation ($input: AddKnowledgeInput!) { addKnowledge(input: $input) { concepts { name } } }"
    with capture_logs() as logs:
        error = await api.error(query, input=many)
    assert error["code"] == "SERVICE_UNAVAILABLE"
    assert "disk" in error["message"]
    assert str(parts.settings.data_dir) not in str(error)
    assert [(entry["event"], "exc_info" in entry) for entry in logs] == [("store_read_only", False)]
    assert await api.data(COUNT) == {"concepts": {"totalCount": 1}}
