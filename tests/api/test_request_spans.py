"""Spans of requests and of the operations in them: whose trace they follow, and how long they last."""

from typing import Any

import pytest
from aiohttp import web

from tests.support.api import PROTOCOL, Api, explored
from tests.support.fake_collector import seen_spans
from tests.support.odd_server import odd, settled

VERSION = {"query": "{ server { version } }"}
ADD = 'mutation { addKnowledge(input: {concepts: [{name: "somewhere"}]}) { concepts { id } } }'
WATCH = "subscription ($id: ID!) { explorationEvents(id: $id) { seq } }"
STREAM = {"Accept": "text/event-stream"}
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{PARENT}-01"


async def test_a_request_follows_the_callers_trace(api: Api) -> None:
    """Its span hangs below the caller's, and the operation's and the loaders' below that."""
    [concept] = (await api.data(ADD))["addKnowledge"]["concepts"]
    body = {"query": "query One($id: ID!) { concept(id: $id) { id degree } }", "variables": {"id": concept["id"]}}
    with seen_spans() as spans:
        async with api.send(body, headers={"traceparent": TRACEPARENT, "tracestate": "a=b"}):
            pass
    request = spans.named("POST /graphql")
    assert (request.trace, request.parent, request.kind, request.status) == (TRACE, PARENT, "server", "unset")
    told = {"http.request.method": "POST", "http.route": "/graphql", "http.response.status_code": 200}
    assert request.attributes == told
    operation = spans.named("query")
    assert operation.attributes == {"graphql.operation.type": "query"}
    assert spans.ancestors(operation) == ["POST /graphql"]
    assert spans.ancestors(spans.named("load ConceptLoader")) == ["query", "POST /graphql"]
    assert {span.trace for span in spans} == {TRACE}


@pytest.mark.parametrize("wrong", ["", "x", f"00-{'0' * 32}-{PARENT}-01", f"ff-{TRACE}-{PARENT}-01", "ü"])
async def test_a_trace_that_is_none_is_not_followed(api: Api, wrong: str) -> None:
    """The request begins one of its own. What a body says of traces counts for nothing, since there is a header."""
    with seen_spans() as spans:
        body = {**VERSION, "extensions": {"traceparent": TRACEPARENT}}
        async with api.send(body, headers={"traceparent": wrong}) as response:
            assert response.status == 200
    request = spans.named("POST /graphql")
    assert (request.parent, request.trace == TRACE) == ("", False)


async def test_only_a_failure_of_ours_makes_a_span_a_failure() -> None:
    """5xx is one, whether answered or raised; 4xx is the client's."""

    async def crash(_request: web.Request) -> web.Response:
        raise RuntimeError("a secret")

    async def unavailable(_request: web.Request) -> web.Response:
        return web.Response(status=503)

    async def gone(_request: web.Request) -> web.Response:
        raise web.HTTPGone

    async with odd(crash=crash, unavailable=unavailable, gone=gone) as client:
        with seen_spans() as spans:
            for path in ("crash", "unavailable", "gone", "user/anna"):
                await client.get(f"/{path}")
    told = {
        (s.name, s.status, s.attributes["http.response.status_code"], s.attributes.get("error.type")) for s in spans
    }
    failed = {("GET /crash", "error", 500, "500"), ("GET /unavailable", "error", 503, "503")}
    assert told == {*failed, ("GET /gone", "unset", 410, None), ("GET", "unset", 404, None)}
    assert "secret" not in str(spans)
    assert "anna" not in str(spans)


async def test_probes_and_pages_are_not_traced(api: Api) -> None:
    """They would be the most of all spans, and there is nothing in them."""
    with seen_spans() as spans:
        for path in ("/health", "/ready", "/", "/graphiql", "/assets/no.js"):
            await api.client.get(path)
    assert not [span for span in spans if span.kind == "server"]


async def test_a_streams_span_ends_as_it_begins(api: Api) -> None:
    """What happens in a stream of events is below the request's span, which is no longer than its beginning."""
    id = await explored(api)
    with seen_spans() as spans:
        async with api.send({"query": WATCH, "variables": {"id": id}}, headers=STREAM) as response:
            assert "POST /graphql" in spans.names
            await response.read()
        await settled(lambda: "subscription" in spans.names)
    request = spans.named("POST /graphql")
    assert request.attributes["http.response.status_code"] == 200
    assert spans.ancestors(spans.named("subscription")) == ["POST /graphql"]


async def test_a_socket_is_no_span_and_each_of_its_operations_is_one(api: Api) -> None:
    """An operation hangs below what its own payload names, else below what the handshake did."""
    own = "11111111111111111111111111111111"
    given = {"traceparent": f"00-{own}-{PARENT}-01", "tracestate": "a=b"}
    extensions: list[Any] = [None, given, {"traceparent": 5}, {"traceparent": "x"}, "x", {"tracestate": "a=b"}]
    with seen_spans() as spans:
        headers = {"traceparent": TRACEPARENT}
        async with api.client.ws_connect("/graphql", protocols=[PROTOCOL], headers=headers) as socket:
            await socket.send_json({"type": "connection_init"})
            await socket.receive_json()
            for number, each in enumerate(extensions):
                payload = {**VERSION, **({} if each is None else {"extensions": each})}
                await socket.send_json({"id": str(number), "type": "subscribe", "payload": payload})
                assert (await socket.receive_json())["type"] == "next"
                assert (await socket.receive_json())["type"] == "complete"
    operations = [span for span in spans if span.name == "query"]
    assert {span.parent for span in operations} == {PARENT, ""}
    traces = [span.trace for span in operations]
    assert [traces[i] for i in (0, 1, 2, 4, 5)] == [TRACE, own, TRACE, TRACE, TRACE]
    assert traces[3] not in {TRACE, own}  # a parent was named, and could not be read
    assert not [span for span in spans if span.kind == "server"]
