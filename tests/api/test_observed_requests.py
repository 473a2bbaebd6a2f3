"""What is seen of requests over HTTP: figures, ids, the log, spans. None of it has a client's words in it."""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from structlog.contextvars import get_contextvars, merge_contextvars
from structlog.testing import capture_logs

from continuum import requests
from continuum.app import Server
from continuum.assembly import Parts
from continuum.requests import PROBES, STATIC
from continuum.settings import Settings
from continuum.worker import Worker
from telemetry.logs.fields import add_trace
from tests.api.conftest import serving
from tests.support.api import PROTOCOL, Api, explored
from tests.support.fake_collector import seen_spans
from tests.support.figures import Moved
from tests.support.odd_server import odd, settled

VERSION = {"query": "{ server { version } }"}
WATCH = "subscription ($id: ID!) { explorationEvents(id: $id) { seq } }"
STREAM = {"Accept": "text/event-stream"}


def endpoints(moved: Moved) -> dict[tuple[str, ...], float]:
    """By method, endpoint and status: how many requests were counted."""
    return moved.all("http_requests_total")


async def test_a_request_is_counted_timed_and_measured(api: Api) -> None:
    """Under its method, route and status; with the bytes of both bodies."""
    moved = Moved()
    async with api.send(VERSION) as response:
        size = len(await response.read())
    at = ("POST", "/graphql")
    assert endpoints(moved) == {(*at, "200"): 1}
    assert moved("http_request_duration_seconds_count", *at) == 1
    assert 0 < moved("http_request_duration_seconds_sum", *at) < 5
    assert moved("http_request_size_bytes_sum", *at) == len('{"query": "{ server { version } }"}')
    assert moved("http_response_size_bytes_sum", *at) == size
    assert moved("http_requests_in_progress", *at) == 0


async def test_labels_are_closed_whatever_is_sent(api: Api) -> None:
    """An unknown path is `other`, a method that is none of the usual is `OTHER`, an id is its route's pattern."""
    moved = Moved()
    for method, path in (("GET", "/users/anna?key=secret"), ("PROPFIND", "/graphql"), ("GET", "/images/no-id")):
        async with api.client.request(method, path):
            pass
    async with api.client.delete("/health"):
        pass
    expected = [("GET", "other", "404"), ("OTHER", "/graphql", "405"), ("GET", "/images/{id}", "404")]
    assert endpoints(moved) == dict.fromkeys([*expected, ("DELETE", "other", "405")], 1)


async def test_what_no_handler_answers_is_counted() -> None:
    """A crash is a 500, an error that was raised keeps its status, and so does what is refused before any handler."""

    async def crash(_request: web.Request) -> web.Response:
        raise RuntimeError("oops")

    async def gone(_request: web.Request) -> web.Response:
        raise web.HTTPGone

    moved = Moved()
    async with odd(crash=crash, gone=gone) as client:
        for path, status in (("/crash", 500), ("/gone", 410)):
            async with client.get(path) as response:
                assert (response.status, "X-Request-ID" in response.headers) == (status, True)
        async with client.get("/gone", headers={"Expect": "nonsense"}) as response:
            assert response.status == 417
    assert endpoints(moved) == {("GET", "/crash", "500"): 1, ("GET", "/gone", "410"): 1, ("GET", "/gone", "417"): 1}
    assert moved.all("http_requests_in_progress") == {}


async def test_a_client_that_leaves_before_its_answer_is_counted() -> None:
    """As 499, and it is no longer in progress."""
    asked = asyncio.Event()

    async def hang(_request: web.Request) -> web.Response:
        asked.set()
        await asyncio.sleep(60)
        return web.Response()

    moved = Moved()
    async with odd(hang=hang) as client:
        leaving = asyncio.ensure_future(client.get("/hang"))
        await asked.wait()
        assert moved.all("http_requests_in_progress") == {("GET", "/hang"): 1}
        leaving.cancel()
        await settled(lambda: bool(endpoints(moved)))
    assert endpoints(moved) == {("GET", "/hang", "499"): 1}
    assert moved("http_request_duration_seconds_count", "GET", "/hang") == 1
    assert moved.all("http_response_size_bytes_count") == {}
    assert moved.all("http_requests_in_progress") == {}


async def test_files_are_measured_when_they_are_sent(settings: Settings, parts: Parts) -> None:
    """A file's size is known only then."""
    (settings.data_dir / "pages" / "assets").mkdir(parents=True)
    (settings.data_dir / "pages" / "assets" / "app.js").write_bytes(b"x" * 12_345)
    own = parts.settings.model_copy(update={"pages_dir": settings.data_dir / "pages"})
    moved, at = Moved(), ("GET", "/assets/{name}")
    async with serving(replace(parts, settings=own)) as api:
        async with api.client.get("/assets/app.js") as response:
            assert len(await response.read()) == 12_345
        await settled(lambda: bool(endpoints(moved)))
    assert endpoints(moved) == {(*at, "200"): 1}
    assert moved("http_response_size_bytes_sum", *at) == 12_345
    assert moved("http_request_duration_seconds_count", *at) == 1


async def test_streams_are_counted_as_they_begin(api: Api) -> None:
    """Neither a WebSocket nor a stream of events has a duration or a size, or is in progress while it lasts."""
    id = await explored(api)
    moved = Moved()
    async with api.socket():
        assert endpoints(moved) == {("GET", "/graphql", "101"): 1}
        assert moved.all("http_requests_in_progress") == {}
    async with api.send({"query": WATCH, "variables": {"id": id}}, headers=STREAM) as response:
        assert response.headers["X-Request-ID"]
        await response.read()
    assert endpoints(moved) == {("GET", "/graphql", "101"): 1, ("POST", "/graphql", "200"): 1}
    assert moved.all("http_request_duration_seconds_count") == {}
    assert moved.all("http_response_size_bytes_count") == {}
    assert moved.all("http_requests_in_progress") == {}


async def test_a_worker_counts_what_it_is_asked(settings: Settings) -> None:
    """Its probes, too, are requests."""
    moved = Moved()
    async with TestClient(TestServer(Worker(settings).app)) as client, client.get("/health") as response:
        assert response.headers["X-Request-ID"]
    assert endpoints(moved) == {("GET", "/health", "200"): 1}


@pytest.mark.parametrize("given", ["a", "0123-4567_89.ab", "x" * 128])
async def test_a_request_keeps_its_id(api: Api, given: str) -> None:
    """An id that can stand anywhere is sent back as it came, by whatever answers."""
    for request in (api.send(VERSION, headers={"X-Request-ID": given}), api.client.get("/no", headers=named(given))):
        async with request as response:
            assert response.headers["X-Request-ID"] == given
    async with api.client.ws_connect("/graphql", protocols=[PROTOCOL], headers=named(given)) as socket:
        assert socket._response.headers["X-Request-ID"] == given


def named(id: str) -> dict[str, str]:
    """Headers with this id."""
    return {"X-Request-ID": id}


@pytest.mark.parametrize("given", [None, "", "x" * 129, "a b", "a;b", "{}", "grüße", "a\tb"])
async def test_a_request_without_a_fit_id_gets_one(api: Api, given: str | None) -> None:
    """What could break a line of a log, or fill it, is not taken."""
    async with api.client.get("/health", headers={} if given is None else named(given)) as response:
        assert UUID(response.headers["X-Request-ID"]).version == 7


async def test_all_that_is_logged_within_has_the_id() -> None:
    """It is bound for everything that the request does, and for nothing after it on the same connection."""
    seen: list[object] = []

    async def look(_request: web.Request) -> web.Response:
        await asyncio.sleep(0)
        seen.append(get_contextvars().get("request_id"))
        return web.Response()

    async with odd(look=look) as client:
        for given in ("one", "two"):
            await client.get("/look", headers=named(given))
    assert seen == ["one", "two"]
    assert "request_id" not in get_contextvars()


@pytest.fixture
def everything_logged() -> Iterator[None]:
    """Lines of the level DEBUG are written."""
    logger = logging.getLogger(requests.__name__)
    before = logger.level
    logger.setLevel(logging.DEBUG)
    yield
    logger.setLevel(before)


@pytest.mark.usefixtures("everything_logged")
async def test_each_answer_is_a_line_of_the_log(api: Api) -> None:
    """With its id, method, route, status and time; of probes at DEBUG. What was asked for is not in it."""
    with capture_logs([merge_contextvars]) as logs:
        async with api.send(VERSION, headers=named("one")):
            pass
        async with api.client.get("/images/secret?key=secret", headers=named("two")):
            pass
        async with api.client.get("/health", headers=named("three")):
            pass
        async with api.socket():
            pass
    lines = [line for line in logs if line["event"] == "request"]
    told = [(line["log_level"], line["method"], line["endpoint"], line["status"]) for line in lines]
    first, second = ("info", "POST", "/graphql", 200), ("info", "GET", "/images/{id}", 404)
    assert told == [first, second, ("debug", "GET", "/health", 200), ("info", "GET", "/graphql", 101)]
    assert [line["request_id"] for line in lines[:3]] == ["one", "two", "three"]
    assert all(0 < line["milliseconds"] < 5_000 for line in lines)
    assert "secret" not in str(lines)


async def test_pages_of_other_origins_may_use_ids_and_traces(parts: Parts, settings: Settings) -> None:
    """They may send `X-Request-ID`, `traceparent` and `tracestate`, and read the id that comes back."""
    origin = "https://app.example"
    friendly = replace(parts, settings=settings.model_copy(update={"cors_origins": (origin,)}))
    async with serving(friendly) as api:
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        async with api.client.options("/graphql", headers=headers) as response:
            allowed = response.headers["Access-Control-Allow-Headers"].lower().split(", ")
            assert {"x-request-id", "traceparent", "tracestate"} <= set(allowed)
        async with api.send(VERSION, headers={"Origin": origin}) as response:
            assert response.headers["Access-Control-Expose-Headers"] == "X-Request-ID"


@pytest.mark.usefixtures("everything_logged")
async def test_the_line_of_the_log_is_within_the_span(api: Api) -> None:
    """So that it can be found from the trace, and the trace from it."""
    with seen_spans() as spans, capture_logs([add_trace]) as logs:
        async with api.send(VERSION):
            pass
    [line] = [line for line in logs if line["event"] == "request"]
    assert line["span_id"] == spans.named("POST /graphql").id


def test_what_is_left_out_is_there(settings: Settings) -> None:
    """The endpoints that are neither logged nor traced are routes of the server."""
    routes = {resource.canonical for resource in Server(settings).app.router.resources()}
    assert routes >= PROBES | STATIC
