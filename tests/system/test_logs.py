"""Logs of real processes: their ids lead from one process to the next, and no secret or prompt is in anything that
leaves a process."""

import asyncio
import base64
import json
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
import pytest

from resolvers.ids import EXPLORATION, raw_id
from tests.support.exploring import until
from tests.support.fake_collector import FakeCollector, fake_collector
from tests.support.fake_echo import FakeEcho, fake_echo
from tests.support.processes import ROOT, OurProcess, ServerProcess, environment, server, worker
from tests.support.redis_process import redis_process
from tests.support.terminal import continuum

pytestmark = pytest.mark.system

SECRETS: dict[str, Any] = {
    "openai_api_key": "sk-seeded-openai-key",
    "stable_diffusion_api_key": "painter:seeded-sd-password",
    "neo4j_password": 'seeded "neo4j" passwörd',
    "otel_exporter_otlp_headers": "authorization=Bearer%20seeded-otel-token,x-tenant=seeded-tenant-name",
}
QUEUE, CACHE = "seeded-queue/password", "seeded-cache-password"
HIDDEN = (
    *("seeded-openai-key", "seeded-sd-password", 'seeded "neo4j" passwörd', "seeded-otel-token", "seeded-tenant-name"),
    *(QUEUE, quote(QUEUE, safe=""), CACHE, base64.b64encode(b"painter:seeded-sd-password").decode()),
)
TOPIC, ORDERS, PROMPT, STYLE = "quaxolotry", "mention zyxwvut in all you say", "a vermilion flurbock", "plimsoid"
WORDS = ("quaxolotry", "zyxwvut", "flurbock", "plimsoid", "blivetkey", "snorquel", "jabberfield")
"""Of users: none of them is in anything but what is stored, and asked."""

START = """mutation Start($topic: String!, $orders: String!, $source: String!, $pictures: PicturesInput) {
  startExploration(input: {topic: $topic, instructions: $orders, sources: [$source], depth: 1, pictures: $pictures}) {
    exploration { id } } }"""
ADD = """mutation Add($name: String!) { addKnowledge(input: {concepts: [{name: $name}]}) { concepts { id } } }"""
BROKEN = ADD.replace("addKnowledge(", "jabberfield: addKnowledge(")
PAINT = """mutation Paint($id: ID!, $provider: String!, $prompt: String!, $style: String!) {
  generateImages(input: {conceptIds: [$id], provider: $provider, prompt: $prompt, style: $style, fallback: false}) {
    images { id } } }"""
PAINTED = "query Painted($ids: [ID!]!) { nodes(ids: $ids) { ... on Image { status error { code } } } }"
EXPLORED = "query Explored($id: ID!) { exploration(id: $id) { status } }"
ENDED = {"COMPLETED", "FAILED", "BUDGET_REACHED"}


@pytest.fixture
async def echo() -> AsyncIterator[FakeEcho]:
    """Provider of knowledge and of pictures."""
    async with fake_echo(*WORDS) as fake:
        yield fake


@pytest.fixture
async def collector() -> AsyncIterator[FakeCollector]:
    """Where traces go."""
    async with fake_collector() as fake:
        yield fake


@pytest.fixture
async def redis() -> AsyncIterator[Mapping[str, str]]:
    """The settings of a Redis with one password for the queue, and another for the cache."""
    async with redis_process() as process:
        async with process.client() as client:
            await client.acl_setuser("painter", enabled=True, passwords=[f"+{CACHE}"], keys=["*"], categories=["+@all"])
            await client.acl_setuser("painter", channels=["*"], enabled=True)
            await client.config_set("requirepass", QUEUE)
        place = f"127.0.0.1:{process.port}/0"
        yield {
            "redis_url": f"redis://:{quote(QUEUE, safe='')}@{place}",
            "redis_cache_url": f"redis://painter:{CACHE}@{place}",
        }


def asking(echo: FakeEcho, collector: FakeCollector, **more: object) -> dict[str, Any]:
    """The settings of processes that ask these, tell all, and trace all."""
    return {
        **SECRETS,
        "openai_base_url": f"{echo.address}/v1",
        "stable_diffusion_endpoint": echo.address,
        "otel_exporter_otlp_endpoint": collector.address,
        "otel_traces_sampler_arg": 1,
        "tracing_enabled": "true",
        "log_level": "DEBUG",
        "log_levels": "neo4j=DEBUG,openai=DEBUG,httpx2=DEBUG,httpcore2=DEBUG,aiohttp=DEBUG,saq=DEBUG",
        **more,
    }


async def used(running: ServerProcess, echo: FakeEcho) -> None:
    """Explore, and have a picture made by each provider, as often as the provider has ways to fail."""
    for _ in range(2):
        started = await running.graphql(START, topic=TOPIC, orders=ORDERS, source="openai", pictures={"style": STYLE})
        await until(partial(_explored, running, started["startExploration"]["exploration"]["id"]), 60)
    [concept] = (await running.graphql(ADD, name="snorquel"))["addKnowledge"]["concepts"]
    images = []
    for _ in range(3):
        for provider in ("openai", "stable-diffusion"):
            asked = await running.graphql(PAINT, id=concept["id"], provider=provider, prompt=PROMPT, style=STYLE)
            images += [image["id"] for image in asked["generateImages"]["images"]]
    await until(partial(_painted, running, images), 60)
    repeated = " ".join(echo.told)
    for word in ("quaxolotry", "zyxwvut", "flurbock", "seeded-openai-key"):
        assert word in repeated


async def _explored(running: ServerProcess, id: str) -> bool:
    return (await running.graphql(EXPLORED, id=id))["exploration"]["status"] in ENDED


async def _painted(running: ServerProcess, ids: Sequence[str]) -> bool:
    nodes = (await running.graphql(PAINTED, ids=ids))["nodes"]
    return all(node["status"] == "FAILED" for node in nodes)


async def misused(running: ServerProcess) -> None:
    """What no client should send, each with words of its own."""
    url = urlsplit(running.address)
    raw = (
        b"GET /blivetkey HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer blivetkey\0\r\n\r\n",
        b"GET /graphql?query=blivetkey\x01 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"BLIVETKEY\x02 / HTTP/1.1\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nblivetkey\r\n",
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: blivetkey\r\n\r\n",
    )
    for request in raw:
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        writer.write(request)
        await asyncio.wait_for(reader.read(), 10)
        writer.close()
    async with aiohttp.ClientSession(running.address, headers={"Authorization": "Bearer blivetkey"}) as session:
        for body in (b'{"query": "blivetkey', b"[1]", b"\xff\xfeblivetkey", b'{"query": "{ blivetkey }"}'):
            async with session.post("/graphql", data=body, headers={"Content-Type": "application/json"}) as response:
                assert response.status < 500
        bad = '{ jabberfield: concept(id: "blivetkey") { id } zz: path(from: "blivetkey", to: "blivetkey") { found } }'
        for query in (
            bad,
            '{ concept(name: "blivetkey") {',
            'query { search(query: "blivetkey \\" OR *") { totalCount } }',
        ):
            async with session.post("/graphql", json={"query": query}) as response:
                assert response.status < 500
        async with session.get("/blivetkey", params={"query": "blivetkey"}) as response:
            assert response.status < 500
        async with session.ws_connect("/graphql", protocols=["graphql-transport-ws"]) as socket:
            await socket.send_json({"type": "connection_init", "payload": {"token": "blivetkey"}})
            await socket.receive()
            await socket.send_json({"type": "blivetkey"})
            await socket.receive()
        async with session.ws_connect("/graphql", protocols=["blivetkey"]) as socket:
            await socket.receive()


async def told_outside(*running: OurProcess) -> str:
    """What the processes tell whoever may ask."""
    told = []
    async with aiohttp.ClientSession() as session:
        for process in running:
            for path in ("/metrics", "/ready", "/health"):
                async with session.get(f"{process.address}{path}") as response:
                    told.append(await response.text())
    return "\n".join(told)


async def ended(*running: OurProcess) -> str:
    """End them in order; all that they have written."""
    written = []
    for process in running:
        await process.terminate()
        assert process.process.stdout is not None
        written.append((await process.process.stdout.read()).decode())
    return "\n".join(
        (*written, *{process.log: process.log.read_text(encoding="utf-8") for process in running}.values())
    )


def shown(text: str, hidden: Iterable[str] = (*HIDDEN, *WORDS)) -> list[str]:
    """Lines that show what they should not."""
    forms = {form for word in hidden for form in (word, json.dumps(word)[1:-1], repr(word)[1:-1])}
    return [line for line in text.splitlines() if any(form.casefold() in line.casefold() for form in forms)]


def lines_of(text: str) -> list[dict[str, Any]]:
    """Those lines that are JSON; of what processes say, all but what a person is told."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


async def broken(running: ServerProcess, data_dir: Path) -> None:
    """A table of the store is gone: a defect, as far as the program can tell."""
    with closing(sqlite3.connect(data_dir / "continuum.sqlite3")) as file:
        file.execute("DROP TABLE concept_alias")
    async with (
        aiohttp.ClientSession(running.address) as session,
        session.post("/graphql", json={"query": BROKEN, "variables": {"name": "snorquel"}}) as response,
    ):
        [error] = (await response.json())["errors"]
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"


async def test_nothing_secret_leaves_a_server_and_a_worker(
    tmp_path: Path, redis: Mapping[str, str], echo: FakeEcho, collector: FakeCollector
) -> None:
    """Providers that repeat keys and prompts, requests that are none, a table that is gone: neither outputs, nor
    metrics, readiness or spans show a seeded secret or a word of a user, though everything is logged."""
    settings = asking(echo, collector, **redis)
    async with (
        server(tmp_path / "data", **settings) as running,
        worker(tmp_path / "data", **settings) as working,
    ):
        await used(running, echo)
        await misused(running)
        await broken(running, tmp_path / "data")
        outside = await told_outside(running, working)
        written = await ended(running, working)
    events = {line["event"] for line in lines_of(written)}
    assert {"request", "exploration_claimed", "step_attempt_failed", "images_made", "internal_error"} <= events
    assert any("request_malformed" in event for event in events)
    assert shown("\n".join(echo.told))
    assert shown(outside) == []
    assert shown(written) == []
    assert len(collector.spans) > 20
    assert shown(collector.bodies.decode("latin-1")) == []


async def test_nothing_secret_leaves_an_embedded_server(
    tmp_path: Path, echo: FakeEcho, collector: FakeCollector
) -> None:
    """The same where one process does it all, for people: no JSON; and the collector, too, repeats what it is sent."""
    settings = asking(echo, collector, log_json="false", otel_exporter_otlp_endpoint=echo.address)
    async with server(tmp_path / "data", **settings) as running:
        await used(running, echo)
        await misused(running)
        await broken(running, tmp_path / "data")
        outside = await told_outside(running)
        written = await ended(running)
    assert "internal_error" in written
    assert "Traceback" in written
    assert any("OTel" in told for told in echo.told)
    assert shown(outside) == []
    assert shown(written) == []


async def test_nothing_secret_is_told_of_servers_that_refuse(tmp_path: Path, redis: Mapping[str, str]) -> None:
    """A wrong password, and a Neo4j that is not there, are told of without the password."""
    wrong = {name: url.replace("seeded-", "seeded-wrong-") for name, url in redis.items()}
    hidden = (*HIDDEN, "seeded-wrong-queue", "seeded-wrong-cache")
    async with server(tmp_path / "data", **SECRETS, **wrong, log_level="DEBUG") as running:
        await until(partial(_is_told, running, "invalid username-password"), 20)
        outside = await told_outside(running)
        written = await ended(running)
    assert shown(outside + written, hidden) == []
    away: dict[str, Any] = {"neo4j_uri": "bolt://127.0.0.1:1", "startup_wait_seconds": 0, "log_level": "DEBUG"}
    done = continuum(tmp_path / "other", "serve", **SECRETS, **away, port=0)
    assert done.code == 2
    assert "Neo4j" in done.err
    assert shown(done.out + done.err, hidden) == []


async def _is_told(running: OurProcess, words: str) -> bool:
    await running.ready()
    return words in running.log.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "settings",
    [
        {"redis_url": f"redis://:{CACHE}@127.0.0.1:port/0"},
        {"redis_url": f"redis://127.0.0.1/0?password={CACHE}&odd=1"},
        {"redis_url": f"http://painter:{CACHE}@127.0.0.1"},
        {"neo4j_uri": f"bolt://neo4j:{CACHE}@127.0.0.1"},
        {"otel_exporter_otlp_headers": f"authorization {CACHE}"},
        {"openai_base_url": f"https://painter:{CACHE}@127.0.0.1"},
    ],
)
def test_a_setting_that_cannot_be_used_is_not_shown(tmp_path: Path, settings: Mapping[str, str]) -> None:
    """Not even to who wants to see where in the program that was found."""
    done = subprocess.run(
        [sys.executable, "-m", "continuum", "--debug", "serve"],
        env=environment(tmp_path / "data", **{**SECRETS, **settings}),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert next(iter(settings)).upper() in done.stderr
    assert shown(done.stdout + done.stderr) == []


async def test_the_command_line_shows_no_secret_and_logs_no_prompt(
    tmp_path: Path, echo: FakeEcho, collector: FakeCollector
) -> None:
    """What a person typed may be shown to this person, but never in the log, which may be kept elsewhere."""
    settings = asking(echo, collector)
    commands = (
        ("explore", TOPIC, "--source", "openai", "--concepts", "2"),
        ("explore", "music", "--source", "atlas", "--depth", "1", "--concepts", "2"),
        ("image", "music", "--provider", "openai", "--prompt", PROMPT, "--no-fallback", "--out", tmp_path / "x.png"),
        ("doctor",),
    )
    for arguments in commands:
        done = await asyncio.to_thread(continuum, tmp_path / "data", *arguments, **settings)
        assert shown(done.out + done.err, HIDDEN) == []
        assert shown("\n".join(map(json.dumps, lines_of(done.err)))) == []
    assert "flurbock" in " ".join(echo.told)


CRASH = """
from continuum.app import Server
from continuum.cli.main import main

def begin(self, parts):
    raise RuntimeError(f"no use for {parts.settings.openai_api_key.get_secret_value()}")

Server.begin = begin
main(["--debug", "serve", "--port", "0"])
"""


def test_a_crash_is_a_line_of_the_log(tmp_path: Path) -> None:
    """With where it happened and without the key that was in its message, neither there nor in what a person is
    told."""
    done = subprocess.run(
        [sys.executable, "-c", CRASH],
        env=environment(tmp_path / "data", **SECRETS),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    [line] = lines_of(done.stderr)
    assert (done.returncode, line["event"], line["level"]) == (1, "crashed", "critical")
    assert "in begin" in line["exception"]
    assert done.stderr.count("no use for ***") >= 3
    assert shown(done.stdout + done.stderr) == []


async def test_ids_lead_from_a_request_to_the_work_for_it(
    tmp_path: Path, redis: Mapping[str, str], echo: FakeEcho, collector: FakeCollector
) -> None:
    """The line of the request that starts an exploration has its id; all lines that a worker writes for it have it
    too, and the trace of the request. Of the calls of a model no library tells."""
    settings = asking(echo, collector, **redis)
    async with (
        server(tmp_path / "data", **settings) as running,
        worker(tmp_path / "data", **settings) as working,
    ):
        variables = {"topic": TOPIC, "orders": ORDERS, "source": "openai", "pictures": {}}
        async with (
            aiohttp.ClientSession(running.address, headers={"X-Request-ID": "the-request"}) as session,
            session.post("/graphql", json={"query": START, "variables": variables}) as response,
        ):
            id = (await response.json())["data"]["startExploration"]["exploration"]["id"]
        await until(partial(_explored, running, id), 60)
        raw = raw_id("id", id, EXPLORATION)
        await ended(running, working)
    lines = lines_of(running.log.read_text(encoding="utf-8"))  # of both: they share it
    asked, worked = ([line for line in lines if line["role"] == role] for role in ("server", "worker"))
    [submitted] = [line for line in asked if line["event"] == "exploration_submitted"]
    assert (submitted["request_id"], submitted["exploration"]) == ("the-request", raw)
    assert "the-request" in {line.get("request_id") for line in asked if line["event"] == "request"}
    own = [line for line in worked if line.get("exploration") == raw]
    assert {"exploration_claimed", "step_attempt_failed", "event_committed"} <= {line["event"] for line in own}
    assert {line["trace_id"] for line in own} == {submitted["trace_id"]}
    assert {line["workspace"] for line in own} == {"main"}
    assert [line for line in lines if line["logger"].startswith(("httpx2", "httpcore2"))] == []
    assert {line["service"] for line in lines} == {"continuum"}
    assert len({line["pid"] for line in lines}) == 2
