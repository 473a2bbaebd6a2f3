"""GraphQL over HTTP: what is asked of a request, and in which form it is answered."""

import asyncio
import gzip
import io
import json
from dataclasses import replace
from typing import Any

import pytest

from continuum import posts
from continuum.assembly import Parts
from continuum.settings import Settings
from tests.api.conftest import serving
from tests.support.api import PROMISED, Api, error_of

GRAPHQL_JSON = "application/graphql-response+json"
VERSION = {"query": "{ server { version } }"}


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        ("application/*", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, application/json;q=0.9", GRAPHQL_JSON),
        (f"application/json;q=0.4, {GRAPHQL_JSON};q=0.5, text/html", GRAPHQL_JSON),
        (f"{GRAPHQL_JSON};q=0, application/json", "application/json"),
        (f"{GRAPHQL_JSON};q=much, application/json", "application/json"),
        (f"{GRAPHQL_JSON}, application/json, text/event-stream, multipart/mixed", GRAPHQL_JSON),
    ],
)
async def test_the_answer_has_the_form_that_the_client_likes_best(api: Api, accept: str | None, media: str) -> None:
    """Content negotiation, with weights, and JSON for those who do not care."""
    headers = {} if accept is None else {"Accept": accept}
    async with api.client.post("/graphql", json=VERSION, headers=headers) as response:
        assert (response.status, response.content_type, response.charset) == (200, media, "utf-8")
        assert (await response.json(content_type=None))["data"]["server"]["version"]


@pytest.mark.parametrize(
    "query",
    [
        "{ nonsense }",
        "{ server {",
        "",
        "query ($id: ID!) { node(id: $id) { id } }",
        "{ a: __typename } { b: __typename }",
    ],
)
async def test_a_request_that_is_refused_as_a_whole_has_no_data(api: Api, query: str) -> None:
    """Status 400 for those who know graphql-response+json, and 200 for others; never a data key."""
    for media, status in ((GRAPHQL_JSON, 400), ("application/json", 200 if query else 400)):
        async with api.send({"query": query}, headers={"Accept": media}) as response:
            assert response.status == status
            answer = await response.json(content_type=None)
        assert answer.keys() == {"errors"}
        assert all(error["extensions"]["code"] for error in answer["errors"])


async def test_an_error_in_one_field_leaves_the_others(api: Api) -> None:
    """What was carried out is answered with 200 and data, errors or not."""
    query = '{ server { version } node(id: "nonsense") { id } }'
    async with api.send({"query": query}, headers={"Accept": GRAPHQL_JSON}) as response:
        assert response.status == 200
        answer = await response.json(content_type=None)
    assert answer["data"]["server"]["version"]
    assert answer["data"]["node"] is None
    assert [error["path"] for error in answer["errors"]] == [["node"]]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"query { server { version } }", "not JSON"),
        (b"[]", "JSON object"),
        (b'[{"query": "{ server { version } }"}]', "JSON object"),
        (b'"query"', "JSON object"),
        (b"null", "JSON object"),
        (b"12", "JSON object"),
        (b'{"query": "\xff\xfe"}', "not UTF-8"),
        (b'{"query": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"variables": {"n": ' + b"1" * 5_000 + b"}}", "not JSON"),
        (b'{"variables": {"n": NaN}}', "not JSON"),
        (b"{}", "query"),
        (b'{"query": null}', "query"),
        (b'{"query": 5}', "query"),
        (b'{"query": "{ __typename }", "variables": []}', "variables"),
        (b'{"query": "{ __typename }", "variables": "x"}', "variables"),
        (b'{"query": "{ __typename }", "operationName": 5}', "operationName"),
        (b'{"query": "{ __typename }", "operationName": "\\ud800"}', "operationName"),
        (b'{"query": "{ __typename ' + b" " * 100_000 + b'}"}', "at most 100,000"),
    ],
)
async def test_bodies_that_are_no_requests(api: Api, body: bytes, said: str) -> None:
    """Whatever is not a GraphQL request in JSON is answered with 400, and says what is wrong."""
    async with api.client.post("/graphql", data=body, headers={"Content-Type": "application/json"}) as response:
        status, _, message = await error_of(response)
    assert status == 400
    assert said in message


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/json-evil"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/graphql"},
        {"Content-Type": ""},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        {"Content-Type": "application/json", "Content-Encoding": "br"},
    ],
)
async def test_other_content_is_not_taken(api: Api, headers: dict[str, str]) -> None:
    """Only JSON in UTF-8, as it is: what a page of another origin can send without leave is refused."""
    body = json.dumps(VERSION).encode()
    async with api.client.post("/graphql", data=body, headers=headers) as response:
        assert (await error_of(response))[0] == 415


async def test_compressed_bodies_are_not_unpacked(api: Api) -> None:
    """A small body that would become a large one is refused without a look inside."""
    body = gzip.compress(b'{"query": "' + b" " * 20_000_000 + b'"}')
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    async with api.client.post("/graphql", data=body, headers=headers) as response:
        assert (await error_of(response))[0] == 415


async def test_a_body_that_is_too_large(api: Api) -> None:
    """10 MB are refused, whether they are announced or not."""
    body = json.dumps({"query": "{ server { version } }", "variables": {"x": "y" * 10_000_000}}).encode()

    async def unannounced() -> Any:
        yield body

    for data in (io.BytesIO(body), unannounced()):
        async with api.client.post("/graphql", data=data, headers={"Content-Type": "application/json"}) as response:
            status, _, message = await error_of(response)
        assert status == 413
        assert "1,048,576" in message


async def test_a_body_that_does_not_arrive(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that does not send what it announced is not waited for."""
    monkeypatch.setattr(posts, "BODY_SECONDS", 0.05)
    never = asyncio.Event()

    async def slow() -> Any:
        yield b'{"query": '
        await never.wait()

    async with api.client.post("/graphql", data=slow(), headers={"Content-Type": "application/json"}) as response:
        assert (await error_of(response))[0] == 408
    never.set()


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
async def test_other_methods(api: Api, method: str) -> None:
    """Only POST: a query in an address could be asked by any page."""
    async with api.client.request(method, "/graphql", params=VERSION) as response:
        assert response.status == 405
        assert response.headers["Allow"] == "POST, OPTIONS"


async def test_a_refusal_has_the_form_that_the_client_knows(api: Api) -> None:
    """Who knows graphql-response+json is refused in it."""
    async with api.client.get("/graphql", headers={"Accept": GRAPHQL_JSON}) as response:
        assert (response.status, response.content_type) == (405, GRAPHQL_JSON)
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_an_answer_that_cannot_be_given(api: Api) -> None:
    """Whoever accepts nothing that we have is told what there is."""
    async with api.send(VERSION, headers={"Accept": "text/html"}) as response:
        status, _, message = await error_of(response)
    assert status == 406
    assert GRAPHQL_JSON in message


async def test_a_subscription_needs_a_stream(api: Api) -> None:
    """A subscription that can only be answered in one piece is refused, and the message says what to do."""
    error = await api.error(PROMISED["Watch"], id="x")
    assert error["code"] == "BAD_USER_INPUT"
    assert "text/event-stream" in error["message"]


@pytest.mark.parametrize("name", ["Main", "-", "a" * 64, "a b", "ä", "../x"])
async def test_workspaces_that_are_none(api: Api, name: str) -> None:
    """A bad name of a workspace is refused before anything is read."""
    async with api.send(VERSION, headers={"X-Workspace": name}) as response:
        status, code, message = await error_of(response)
    assert (status, code) == (400, "BAD_USER_INPUT")
    assert "X-Workspace" in message


async def test_workspaces_are_apart(api: Api) -> None:
    """What is stored in one workspace is not there in another."""
    add = 'mutation { addKnowledge(input: {concepts: [{name: "here"}]}) { created { name } } }'
    await api.data(add, headers={"X-Workspace": "one"})
    count = "{ concepts { totalCount } }"
    assert (await api.data(count, headers={"X-Workspace": "one"}))["concepts"]["totalCount"] == 1
    assert (await api.data(count, headers={"X-Workspace": "two"}))["concepts"]["totalCount"] == 0
    assert (await api.data(count))["concepts"]["totalCount"] == 0


async def test_introspection_behind_its_setting(parts: Parts, settings: Settings) -> None:
    """Where introspection is off the schema is not told; `__typename` always is."""
    closed = replace(parts, settings=settings.model_copy(update={"introspection": False}))
    async with serving(closed) as api:
        answer = await api.post("{ __schema { types { name } } }")
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}
        assert await api.data("{ __typename }") == {"__typename": "Query"}
    async with serving(parts) as api:
        assert (await api.data("{ __schema { queryType { name } } }"))["__schema"]


async def test_pages_of_other_origins(parts: Parts, settings: Settings) -> None:
    """Configured origins may read answers and send JSON; others get no leave."""
    friendly = replace(parts, settings=settings.model_copy(update={"cors_origins": ("https://app.example",)}))
    async with serving(friendly) as api:
        for origin, leave in (("https://app.example", "https://app.example"), ("https://evil.example", None)):
            headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
            async with api.client.options("/graphql", headers=headers) as response:
                assert response.status == 204
                assert response.headers.get("Access-Control-Allow-Origin") == leave
                assert ("X-Workspace" in response.headers.get("Access-Control-Allow-Headers", "")) is bool(leave)
            async with api.send(VERSION, headers={"Origin": origin}) as response:
                assert response.headers.get("Access-Control-Allow-Origin") == leave
                assert "Origin" in response.headers["Vary"]
