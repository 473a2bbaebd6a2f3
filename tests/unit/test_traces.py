"""Traces: what is recorded, what is carried on, and what a collector can do to us."""

import asyncio
import io
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
import structlog
from aiohttp import web
from opentelemetry.trace import SpanKind
from prometheus_client import REGISTRY

from continuum.headers import headers_of
from continuum.settings import Settings, SettingsError
from continuum.tracing import traced
from telemetry.logs import configure_logs
from telemetry.traces import Tracing, begin, carried, going_on, on, span
from tests.support.fake_collector import fake_collector, seen_spans
from tests.support.fake_server import FakeServer, served

CALLER = "0af7651916cd43dd8448eb211c80319c"
SAMPLED, UNSAMPLED = f"00-{CALLER}-b7ad6b7169203331-01", f"00-{CALLER}-b7ad6b7169203331-00"


def asked(name: str = "asked", **attributes: Any) -> Any:
    """A span with which a trace may begin."""
    return span(name, attributes, SpanKind.SERVER)


def counted(name: str) -> float:
    """How many spans of this name there were."""
    labels = {"service": "tests", "span_name": name}
    return REGISTRY.get_sample_value("tracing_spans_total", labels) or 0.0


def test_spans_lie_within_each_other() -> None:
    """Each names the one around it, all belong to one trace, and all are counted."""
    before = counted("inner")
    with seen_spans() as seen, asked("outer", size=3), span("middle"), span("inner", {"of": "it"}):
        assert on()
    assert [s.name for s in seen] == ["inner", "middle", "outer"]
    assert seen.orphans() == []
    assert {s.trace for s in seen} == {seen.named("outer").trace}
    assert seen.ancestors(seen.named("inner")) == ["middle", "outer"]
    assert seen.named("outer").attributes == {"size": 3}
    assert (seen.named("outer").kind, seen.named("inner").kind) == ("server", "internal")
    assert counted("inner") == before + 1


def test_nothing_happens_when_it_is_off() -> None:
    """No span, no context and nothing to carry; what is set on a span that is none is lost."""
    assert not on()
    with going_on({"traceparent": SAMPLED}), asked() as current:
        current.set_attribute("a", 1)
        assert not current.is_recording()
        assert carried() == {}


def test_only_what_somebody_wants_begins_a_trace() -> None:
    """What a process reads by itself is none, nor what is asked on its behalf; a command is one."""
    with seen_spans() as seen:
        with span("swept"), span("asked elsewhere", kind=SpanKind.CLIENT):
            assert carried() == {}
        with span("taken from the queue", kind=SpanKind.CONSUMER), span("step"):
            pass
        with span("a command", begins=True):
            pass
    assert seen.names == {"taken from the queue", "step", "a command"}


def test_an_error_is_noted_by_its_type() -> None:
    """And not by its message, which may hold what was asked; it goes on its way."""
    with seen_spans() as seen, pytest.raises(KeyError), asked():
        raise KeyError("a prompt")
    failed = seen.named("asked")
    assert (failed.status, failed.message, failed.events) == ("error", "KeyError", ())


async def test_who_was_cancelled_did_not_fail() -> None:
    """A client that leaves is no error of ours; the span says what became of it."""

    async def wait() -> None:
        with asked():
            await asyncio.Event().wait()

    with seen_spans() as seen:
        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert seen.named("asked").status == "unset"
    assert seen.named("asked").attributes == {"continuum.cancelled": True}


def test_the_sampler_decides_at_the_beginning() -> None:
    """Of a trace that is not recorded there are no spans at all, and whoever goes on with it is told so."""
    with seen_spans(ratio=0) as seen, asked() as root, span("inner") as inner:
        assert not root.is_recording()
        assert not inner.is_recording()
        assert not int(carried()["traceparent"][-2:], 16) & 1  # W3C's flag of what is recorded
        with going_on(carried()), asked("elsewhere"), span("inner"):
            pass
    assert seen == []


@pytest.mark.parametrize(("ratio", "traceparent", "recorded"), [(0, SAMPLED, True), (1, UNSAMPLED, False)])
def test_a_caller_has_decided(ratio: float, traceparent: str, recorded: bool) -> None:  # noqa: FBT001
    """Whether its trace is recorded, whatever our share is."""
    with seen_spans(ratio=ratio) as seen, going_on({"traceparent": traceparent}), asked():
        assert carried()["traceparent"].split("-")[1] == CALLER
    assert [s.trace for s in seen] == ([CALLER] if recorded else [])


@pytest.mark.parametrize("carrier", [{}, {"traceparent": "garbage"}, {"traceparent": SAMPLED.replace("0", "x")}])
def test_a_caller_who_says_nothing_useful_begins_a_trace(carrier: dict[str, str]) -> None:
    """As one does who says nothing."""
    with seen_spans() as seen, going_on(carrier), asked():
        pass
    assert (seen.named("asked").parent, seen.named("asked").trace != CALLER) == ("", True)


async def test_tasks_do_not_mix_their_traces() -> None:
    """What goes on at the same time stays in its own trace, and afterwards there is none."""
    callers = [f"{n:032x}" for n in range(1, 51)]

    async def answer(caller: str) -> None:
        with going_on({"traceparent": f"00-{caller}-b7ad6b7169203331-01"}), asked():
            await asyncio.sleep(0)
            with span("inner", {"caller": caller}):
                await asyncio.sleep(0)
        assert carried() == {}

    with seen_spans() as seen:
        await asyncio.gather(*map(answer, callers))
    assert [s.trace for s in seen if s.name == "inner"] == [s.attributes["caller"] for s in seen if s.name == "inner"]
    assert sorted(s.trace for s in seen if s.name == "asked") == callers


def test_a_job_follows_who_wants_it_and_nobody_else() -> None:
    """Also when whoever runs it stands in a trace of its own."""
    with seen_spans() as seen:
        with asked("wanted"):
            carrier = carried()
        with asked("busy with another"), going_on(json.loads(json.dumps(carrier))), asked("job"):
            pass
    assert seen.named("job").trace == seen.named("wanted").trace
    assert seen.named("job").parent == seen.named("wanted").id


async def test_calls_of_others_carry_the_trace_and_show_no_secrets() -> None:
    """Clients of aiohttp send `traceparent`, and no baggage of the caller's; the span has the address without its
    password and query."""
    heard: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        heard.append(request)
        return web.Response()

    app, place = web.Application(), FakeServer()
    app.router.add_get("/v1/things", answer)
    async with served(app, place):
        address = place.address.replace("//", "//user:hunter2@") + "/v1/things?key=hunter2#hunter2"
        with seen_spans() as seen, going_on({"traceparent": SAMPLED, "baggage": "who=hunter2"}), asked():
            async with aiohttp.ClientSession() as session, session.get(address) as response:
                await response.read()
    call = seen.named("GET")
    assert heard[0].headers["traceparent"] == f"00-{CALLER}-{call.id}-01"
    assert "baggage" not in heard[0].headers
    assert (call.kind, seen.ancestors(call)) == ("client", ["asked"])
    assert f"{place.address}/v1/things" in call.attributes.values()
    assert "hunter2" not in str(seen)


async def test_a_call_that_fails_does_not_tell_what_was_asked() -> None:
    """The type of the error is enough."""
    with seen_spans() as seen, asked():
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientError):
                await session.get("http://127.0.0.1:1/hunter", params={"key": "hunter2"})
    call = seen.named("GET")
    assert (call.status, call.events) == ("error", ())
    assert "hunter2" not in str(seen)


async def test_a_collector_gets_them() -> None:
    """The last ones at the end, with the headers it wants, and who sends them."""
    async with fake_collector() as collector:
        headers = {"authorization": "Bearer abc"}
        end = begin(Tracing(collector.address, "tests", "1.2", role="worker", headers=headers))
        with asked("outer"), span("inner"):
            pass
        await asyncio.to_thread(end)
    assert {s.name for s in collector.spans} == {"outer", "inner"}
    assert {h["Authorization"] for h in collector.headers} == {"Bearer abc"}
    [sent] = {(s.service, s.role, s.process, s.resource["service.version"]) for s in collector.spans}
    assert sent[:2] == ("tests", "worker")
    assert (len(sent[2]), sent[3]) == (36, "1.2")
    assert not on()


KEY = "key of the collector, which is long as some tokens are: " + "0123456789abcdef" * 8


@pytest.fixture
def logged() -> Iterator[Any]:
    """What is written to the log."""
    before, written = structlog.get_config(), io.StringIO()
    loggers = [logging.getLogger(name) for name in (None, *logging.getLogger().manager.loggerDict)]
    handlers, levels = loggers[0].handlers[:], [logger.level for logger in loggers]
    configure_logs("WARNING", json=True, secrets=(KEY,))
    for handler in loggers[0].handlers:
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(written)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    logging.captureWarnings(capture=False)
    loggers[0].handlers[:] = handlers
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
    structlog.configure(**before)


@pytest.mark.parametrize("mood", ["hang", "drop", "broken", "away", "denied", "garbage", "no http", "nobody"])
async def test_a_bad_collector_costs_the_spans_and_no_more(mood: str, logged: Any) -> None:
    """Whatever it does, work goes on at its pace, the log has a line or two without a traceback, and the end comes in
    time."""
    async with fake_collector() as collector:
        collector.always = mood
        address = "http://127.0.0.1:1" if mood == "nobody" else collector.address
        end = begin(Tracing(address, "tests", "1", role="worker", flush_seconds=0.5))
        began = time.perf_counter()
        for _ in range(5_000):  # more than the queue holds
            with asked("much"):
                pass
        assert time.perf_counter() - began < 5
        if mood != "nobody":
            await asyncio.wait_for(collector.heard.wait(), 5)
        began = time.perf_counter()
        await asyncio.to_thread(end)
        assert time.perf_counter() - began < 2
    lines = logged()
    assert 1 <= len(lines) <= 2
    assert {line["event"] for line in lines} <= {"tracing_trouble", "spans_lost"}


async def test_a_collector_that_repeats_its_key_does_not_get_it_into_the_log(logged: Any) -> None:
    """Not even the half of it before the place where the message is cut."""
    async with fake_collector() as collector:
        collector.always = "repeats"
        end = begin(Tracing(collector.address, "tests", "1", role="worker", headers={"x-api-key": KEY}))
        with asked("outer"):
            pass
        await asyncio.to_thread(end)
    [line] = logged()
    assert line["event"] == "tracing_trouble"
    assert "no no" in line["reason"]
    assert KEY[:12] not in line["reason"]


async def test_what_a_caller_says_of_its_trace_is_no_trouble_of_ours(logged: Any) -> None:
    """A malformed `tracestate` is left out in silence: to tell of it would repeat the caller's words, and keep what is
    wrong with the collector out of the log for a minute."""
    async with fake_collector("denied") as collector:
        end = begin(Tracing(collector.address, "tests", "1", role="server"))
        traceparent = f"00-{'a' * 32}-{'b' * 16}-01"
        with going_on({"traceparent": traceparent, "tracestate": "my words,x=1,x=2,=,y=\u20ac"}), asked("outer"):
            assert carried()["traceparent"].startswith(f"00-{'a' * 32}-")
        await asyncio.to_thread(end)
    [line] = logged()
    assert line["reason"].startswith("Failed to export")


async def test_what_an_operator_adds_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """OTEL_RESOURCE_ATTRIBUTES tells more of a process, and may name it; it does not rename the service."""
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "k8s.pod.name=pod-7,service.instance.id=pod-7,service.name=other")
    with seen_spans() as seen, asked():
        pass
    resource = seen.named("asked").resource
    assert (resource["k8s.pod.name"], resource["service.instance.id"], resource["service.name"]) == (
        "pod-7",
        "pod-7",
        "tests",
    )


async def test_a_variable_of_the_library_that_makes_no_sense_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the start, and not by a traceback; nothing is left half begun."""
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "0")
    with pytest.raises(SettingsError, match=r"OTEL_.*max_queue_size"):
        async with traced(Settings(tracing_enabled=True), "server"):
            pass
    assert not on()
    assert logging.getLogger("opentelemetry").propagate


def test_a_propagator_that_nobody_is_is_told() -> None:
    """The library looks for it when it is loaded, before any span is made."""
    start = """
import asyncio
from continuum.settings import Settings, SettingsError
from continuum.tracing import traced
async def begin():
    async with traced(Settings(tracing_enabled=True), "server"):
        pass
try:
    asyncio.run(begin())
except SettingsError as told:
    print(told)
"""
    nobody = {**os.environ, "OTEL_PROPAGATORS": "tracecontext,nobody"}
    told = subprocess.run([sys.executable, "-c", start], capture_output=True, text=True, check=True, env=nobody)
    assert "OTEL_" in told.stdout
    assert "nobody" in told.stdout


@pytest.mark.parametrize(
    ("text", "headers"),
    [
        ("authorization=Bearer abc", {"authorization": "Bearer abc"}),
        (" X-A=1 , b=c%2Cd%3D ,", {"x-a": "1", "b": "c,d="}),
        ("key=c2VjcmV0==", {"key": "c2VjcmV0=="}),
        ("", {}),
    ],
)
def test_headers_are_read_as_opentelemetry_writes_them(text: str, headers: dict[str, str]) -> None:
    """Pairs with commas between them, what is special percent-encoded."""
    assert headers_of(text) == headers


@pytest.mark.parametrize(
    "text", ["hunter2", "au th=hunter2", "a=hunter2;b", "a=hunter2%0d%0ab", "a=hünter2", "=hunter2"]
)
def test_headers_that_make_no_sense_are_told_without_their_secret(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """The variable is named, and its value is not."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", text)
    with pytest.raises(SettingsError) as refused:
        Settings()
    assert "OTEL_EXPORTER_OTLP_HEADERS: " in str(refused.value)
    assert "nter2" not in str(refused.value)


def test_the_collectors_key_is_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """With and without what stands before it, as it is written and as it is meant; the number of a tenant is none."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Basic abcdefg%3D,tenant=7")
    assert {"Basic abcdefg=", "abcdefg="} < Settings().secrets
    assert "7" not in Settings().secrets


def test_who_does_not_trace_loads_nothing_for_it() -> None:
    """Neither OpenTelemetry's SDK nor what sends spans."""
    look = "import sys, continuum.cli, continuum.app; print(*{'opentelemetry.sdk', 'requests'} & {*sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []
