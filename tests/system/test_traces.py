"""One trace, from a client over a WebSocket through the queue and a worker to a model; and a collector that is away."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.api import PROMISED, PROTOCOL
from tests.support.fake_chat import FakeChat, fake_chat
from tests.support.fake_collector import FakeCollector, SeenSpan, Trace, fake_collector
from tests.support.processes import OurProcess, ServerProcess, environment, server, worker
from tests.support.redis_process import RedisProcess, redis_process
from tests.support.span_tree import tree

pytestmark = pytest.mark.system

CALLER, CALLERS_SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{CALLER}-{CALLERS_SPAN}-01"
TOPIC = "the art of folding maps"
INSTRUCTIONS = "mention no dragons"
KEY, COLLECTORS_KEY = "sk-never-to-be-seen", "token-never-to-be-seen"
SECRETS = (TOPIC, "folding", INSTRUCTIONS, "dragons", "is an idea", KEY, COLLECTORS_KEY)
START = """
mutation Start($topic: String!, $instructions: String!) { startExploration(input: {topic: $topic, depth: 2,
  instructions: $instructions, sources: ["openai"], budget: {concepts: 50}}) { exploration { id } } }
"""
FIFTY = """
query { concepts(first: 50) { edges { node { id name kind domain degree
  relations(first: 10) { edges { node { type target { id name summary } } } } } } } }
"""


@dataclass
class Ground:
    """All that a trace goes through."""

    collector: FakeCollector
    chat: FakeChat
    server: ServerProcess
    worker: OurProcess


@pytest.fixture
async def redis() -> AsyncIterator[RedisProcess]:
    """A queue of the test's own."""
    async with redis_process() as running:
        yield running


@pytest.fixture
async def ground(tmp_path: Path, redis: RedisProcess) -> AsyncIterator[Ground]:
    """A server and a worker, which record what callers want recorded and begin no trace of their own."""
    async with fake_collector() as collector, fake_chat() as chat:
        settings: dict[str, Any] = {
            "redis_url": redis.url,
            "openai_base_url": chat.address,
            "openai_api_key": KEY,
            "drain_seconds": 0,
            **traced(collector.address, 0),
        }
        data_dir = tmp_path / "data"
        async with server(data_dir, **settings) as serving, worker(data_dir, **settings) as working:
            yield Ground(collector, chat, serving, working)


def traced(address: str, ratio: float) -> dict[str, Any]:
    """The settings that have traces sent there."""
    return {
        "tracing_enabled": "true",
        "otel_exporter_otlp_endpoint": address,
        "otel_exporter_otlp_headers": f"authorization=Bearer {COLLECTORS_KEY}",
        "otel_traces_sampler_arg": ratio,
        "otel_bsp_schedule_delay": 100,
    }


async def explore(address: str, *, traceparent: str | None = TRACEPARENT) -> None:
    """Start an exploration and follow it to its end, as a subscription's client does: over one WebSocket."""
    async with (
        aiohttp.ClientSession(address) as session,
        session.ws_connect("/graphql", protocols=[PROTOCOL]) as socket,
    ):
        await socket.send_json({"type": "connection_init"})
        await socket.receive_json()
        extensions = {} if traceparent is None else {"extensions": {"traceparent": traceparent}}
        variables = {"topic": TOPIC, "instructions": INSTRUCTIONS}
        started = await _answers(socket, {"query": START, "variables": variables, **extensions})
        id = started[0]["data"]["startExploration"]["exploration"]["id"]
        told = await _answers(socket, {"query": PROMISED["Watch"], "variables": {"id": id}, **extensions})
        assert told[-1]["data"]["explorationEvents"]["status"] == "COMPLETED"


@asynccontextmanager
async def begun(session: aiohttp.ClientSession) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A WebSocket whose conversation has begun."""
    async with session.ws_connect("/graphql", protocols=[PROTOCOL]) as socket:
        await socket.send_json({"type": "connection_init"})
        await socket.receive_json()
        yield socket


async def _answers(socket: aiohttp.ClientWebSocketResponse, payload: dict[str, Any]) -> list[dict[str, Any]]:
    id, answers = str(time.monotonic_ns()), []
    await socket.send_json({"id": id, "type": "subscribe", "payload": payload})
    while (message := await socket.receive_json(timeout=30))["type"] != "complete":
        assert message["type"] == "next", message
        answers.append(message["payload"])
    return answers


def is_whole(spans: list[SeenSpan]) -> bool:
    """Whether the last span of the trace has arrived; the worker's job ends after all that it did."""
    return any(span.name == "run exploration" for span in spans)


async def test_one_trace_from_a_subscription_to_a_model(ground: Ground) -> None:
    """All that an exploration does is one trace, the caller's: operation, loader batch, store, job, step, agent, call
    of the model, each below what called it, from two processes; and the model's server can go on with it."""
    await explore(ground.server.address)
    await ground.collector.spans_of(CALLER, is_whole)
    assert await ground.server.terminate() == await ground.worker.terminate() == 0
    seen = Trace(ground.collector.spans)
    print(tree(seen))  # noqa: T201 - for the document, and for whoever reads why it failed
    assert {span.trace for span in seen} == {CALLER}
    assert {span.parent for span in seen.orphans()} == {CALLERS_SPAN}
    check_roles(seen)
    check_order(seen)
    check_headers(ground, seen)


def check_roles(seen: Trace) -> None:
    """Who does what, in two processes of one service."""
    assert {(span.service, span.role) for span in seen} == {("continuum", "server"), ("continuum", "worker")}
    assert len({span.process for span in seen}) == 2
    by_role = {role: {span.name for span in seen if span.role == role} for role in ("server", "worker")}
    assert {"mutation Start", "subscription Watch", "control.start"} <= by_role["server"]
    assert any(name.startswith("load ") for name in by_role["server"])
    agents = {f"agent {name}" for name in ("research", "connection", "validation", "content")}
    assert {"run exploration", "step expand", "provider openai", "POST", *agents} <= by_role["worker"]


def check_order(seen: Trace) -> None:
    """What lies below what, and that the span of a subscription does not last as long as its socket."""
    above = ["provider openai", "agent research", "step expand", "run exploration", "mutation Start"]
    for call in (span for span in seen if span.name == "POST"):
        assert seen.ancestors(call) == above
    commits = [span for span in seen if span.name == "work.commit"]
    assert commits
    assert all("step expand" in seen.ancestors(commit) for commit in commits)
    steps = [span for span in seen if span.name == "step expand"]
    assert len(steps) == len([span for span in seen if span.name == "POST"]) > 1
    assert {span.kind for span in seen if span.name == "POST"} == {"client"}
    assert {span.kind for span in seen if span.name == "run exploration"} == {"consumer"}
    work = seen.named("run exploration")
    assert all(span.ended < work.ended for span in seen if span.name == "subscription Watch")


def check_headers(ground: Ground, seen: Trace) -> None:
    """What others get of it, and that nothing secret is among it."""
    calls = {span.id for span in seen if span.name == "POST"}
    heard = [headers["traceparent"].split("-") for headers in ground.chat.headers]
    assert {(trace, flags) for _, trace, _, flags in heard} == {(CALLER, "01")}
    assert {span for _, _, span, _ in heard} == calls
    assert {headers["Authorization"] for headers in ground.collector.headers} == {f"Bearer {COLLECTORS_KEY}"}
    for secret in SECRETS:
        assert secret.encode() not in ground.collector.bodies


async def test_who_asks_for_no_trace_gets_none(ground: Ground) -> None:
    """With a share of 0 nothing is recorded or sent but what a caller wants."""
    await explore(ground.server.address, traceparent=None)
    await explore(ground.server.address, traceparent=TRACEPARENT[:-1] + "0")
    assert await ground.server.terminate() == await ground.worker.terminate() == 0
    assert ground.collector.spans == []


async def test_operations_of_one_socket_are_traces_of_their_own(tmp_path: Path) -> None:
    """A WebSocket is not one trace, and no span is as long as it lasts; sweeps and checks of a process are none."""
    async with (
        fake_collector() as collector,
        server(tmp_path / "data", knowledge_sources="atlas", **traced(collector.address, 1)) as serving,
        aiohttp.ClientSession(serving.address) as session,
    ):
        async with begun(session) as socket:
            for _ in range(3):
                await _answers(socket, {"query": "query { concepts(first: 1) { edges { node { id } } } }"})
        async with session.get("/ready") as ready:
            assert ready.status == 200
        assert await serving.terminate() == 0
    firsts = [span for span in collector.spans if not span.parent]
    assert [span.name for span in firsts] == ["query"] * 3
    assert len({span.trace for span in firsts}) == 3


async def test_a_query_has_few_spans_however_much_it_asks(tmp_path: Path) -> None:
    """One for the request, the operation, each loader's batch and each call of the store, and none for a field."""
    command = ("explore", "photosynthesis", "--concepts", "60", "--json")
    async with (
        fake_collector() as collector,
        server(tmp_path / "data", knowledge_sources="atlas", **traced(collector.address, 1)) as serving,
    ):
        explored = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "continuum", *command),
            env=environment(tmp_path / "data", **traced(collector.address, 1)),
            stdout=asyncio.subprocess.DEVNULL,
        )
        assert await explored.wait() == 0
        answer = await serving.graphql(FIFTY)
        assert await serving.terminate() == 0
    assert len(answer["concepts"]["edges"]) == 50
    by_role = {role: Trace(span for span in collector.spans if span.role == role) for role in ("command", "server")}
    asked = by_role["server"]
    first, *_ = sorted(asked, key=lambda span: span.began)
    assert (first.name, first.kind, first.parent, len({span.trace for span in asked})) == (
        "POST /graphql",
        "server",
        "",
        1,
    )
    assert asked.orphans() == []
    assert asked.ancestors(asked.named("relations.of")) == ["load RelationPageLoader", "query", "POST /graphql"]
    assert len(asked) < 12
    check_command(by_role["command"])


def check_command(seen: Trace) -> None:
    """All that a command does is one trace."""
    first = seen.named("continuum explore")
    assert first.parent == ""
    assert {span.trace for span in seen} == {first.trace}
    assert seen.orphans() == []
    assert seen.ancestors(seen.named("run exploration")) == ["continuum explore"]


@pytest.mark.parametrize("mood", ["hang", "broken", "drop"])
async def test_a_process_ends_in_time_whatever_its_collector_does(tmp_path: Path, mood: str) -> None:
    """It answers as fast as ever meanwhile, says in a line or two what is wrong, and exits with 0 within seconds."""
    async with fake_collector() as collector:
        collector.always = mood
        settings = {**traced(collector.address, 1), "drain_seconds": 0, "shutdown_seconds": 1}
        async with server(tmp_path / "data", **settings) as serving:
            for _ in range(20):
                async with asyncio.timeout(2):
                    await serving.graphql("query { concepts(first: 1) { edges { node { id } } } }")
            async with asyncio.timeout(5):
                await collector.heard.wait()
            assert await serving.terminate(10) == 0
    complaints = [line for line in serving.log.read_text(encoding="utf-8").splitlines() if line]
    assert 1 <= len(complaints) <= 2, complaints
    assert "Traceback" not in str(complaints)
    assert COLLECTORS_KEY not in str(complaints)
