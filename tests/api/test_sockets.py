"""WebSockets: the protocol is kept, whatever a client sends, and however it leaves."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError
from aiohttp.test_utils import TestClient
from strawberry.http.exceptions import WebSocketDisconnected
from structlog.testing import capture_logs

import schema
from continuum import view
from continuum.assembly import Parts, assembled
from continuum.settings import Settings
from resolvers.context import Caller
from tests.api.conftest import serving
from tests.support.api import PROMISED, PROTOCOL, Api
from tests.support.exploring import TREE, Scripted, until
from tests.support.figures import Moved

INIT: dict[str, Any] = {"type": "connection_init"}
VERSION = "{ server { version } }"
ADD = 'mutation { addKnowledge(input: {concepts: [{name: "somewhere"}]}) { concepts { id } } }'


@asynccontextmanager
async def connected(api: Api, **options: Any) -> AsyncIterator[ClientWebSocketResponse]:
    """A WebSocket on which nothing has been said."""
    async with api.client.ws_connect("/graphql", protocols=[PROTOCOL], **options) as connection:
        yield connection


async def closed(connection: ClientWebSocketResponse) -> tuple[int | None, str]:
    """With which code and reason the server closes the socket."""
    message = await connection.receive(timeout=5)
    assert message.type is WSMsgType.CLOSE, message
    return message.data, message.extra or ""


@pytest.fixture
async def parts(settings: Settings) -> AsyncIterator[Parts]:
    """All parts, over a source that never answers: explorations do not end by themselves."""
    source = Scripted(TREE, gate=asyncio.Event())
    asking = settings.model_copy(update={"knowledge_sources": ("scripted",)})
    async with assembled(asking, sources={"scripted": lambda _store: source}) as parts:
        yield parts


async def endless(api: Api) -> str:
    """The id of an exploration that does not end by itself."""
    id: str = (await api.data(PROMISED["Start"], topic="a"))["startExploration"]["exploration"]["id"]
    return id


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("garbage", "valid JSON"),
        ("", "valid JSON"),
        ("[" * 100_000, "valid JSON"),
        ("[]", '"type"'),
        ("[1, 2]", '"type"'),
        ("null", '"type"'),
        ('"connection_init"', '"type"'),
        ("{}", '"type"'),
        ('{"type": 5}', '"type"'),
        ('{"type": "connection_ack"}', "Unknown message type"),
        ('{"type": "\\ud800"}', "Unknown message type"),
        ('{"type": "subscribe"}', '"id"'),
        ('{"type": "subscribe", "id": 5}', '"id"'),
        ('{"type": "subscribe", "id": "\\ud800"}', '"id"'),
        ('{"type": "complete", "id": []}', '"id"'),
        ('{"type": "connection_init", "payload": []}', "payload"),
        ('{"type": "connection_init", "payload": {"workspace": "Not one"}}', "workspace"),
        ('{"type": "connection_init", "payload": {"workspace": 5}}', "workspace"),
    ],
)
async def test_messages_that_are_none_close_the_socket_and_say_why(api: Api, message: str, reason: str) -> None:
    """A socket is never dropped: it is closed with 4400 and a reason."""
    async with connected(api) as connection:
        await connection.send_str(message)
        code, said = await closed(connection)
    assert code == 4400
    assert reason in said


async def test_a_reason_that_is_too_long_is_cut_between_letters(api: Api) -> None:
    """Half a letter is no UTF-8, and a browser that is told of it drops the socket instead of handing the code on."""
    async with connected(api) as connection:
        await connection.send_json({"type": "€" * 200})
        code, reason = await closed(connection)
    assert (code, reason.count("€") > 20) == (4400, True)


async def test_binary_messages_close_the_socket(api: Api) -> None:
    """The protocol is made of text."""
    async with connected(api) as connection:
        await connection.send_bytes(b'{"type": "connection_init"}')
        assert (await closed(connection))[0] == 4400


async def test_messages_that_are_too_large_close_the_socket(api: Api) -> None:
    """A message is bounded as a body is."""
    async with connected(api) as connection:
        await connection.send_str(" " * 2_000_000)
        assert (await closed(connection))[0] == 1009


async def test_the_protocols_own_rules(api: Api) -> None:
    """Nothing before the beginning, which comes once; each id once at a time; no other protocol."""
    async with connected(api) as connection:
        await connection.send_json({"type": "subscribe", "id": "1", "payload": {"query": VERSION}})
        assert (await closed(connection))[0] == 4401
    async with connected(api) as connection:
        await connection.send_json(INIT)
        await connection.send_json(INIT)
        assert await connection.receive_json() == {"type": "connection_ack"}
        assert (await closed(connection))[0] == 4429
    async with api.socket() as socket:
        subscribe = {"type": "subscribe", "id": "1", "payload": {"query": PROMISED["Watch"]}}
        subscribe["payload"]["variables"] = {"id": await endless(api)}  # type: ignore[index]
        await socket.connection.send_json(subscribe)
        await socket.connection.receive_json()
        await socket.connection.send_json(subscribe)
        code: int | None = None
        while code is None:
            message = await socket.connection.receive(timeout=5)
            code = message.data if message.type is WSMsgType.CLOSE else None
        assert code == 4409
    async with api.client.ws_connect("/graphql", protocols=["graphql-ws"]) as connection:
        assert (await closed(connection))[0] == 4406


async def test_a_client_that_says_nothing_is_not_waited_for(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket on which nothing begins is closed."""
    monkeypatch.setattr(view, "INIT_SECONDS", 0.05)
    async with serving(parts) as api, connected(api) as connection:
        assert (await closed(connection))[0] == 4408


async def test_pings_are_answered(api: Api) -> None:
    """A client may ask whether we are there."""
    async with connected(api) as connection:
        await connection.send_json({"type": "ping"})
        assert await connection.receive_json() == {"type": "pong"}


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (None, "BAD_USER_INPUT"),
        ([], "BAD_USER_INPUT"),
        ({}, "BAD_USER_INPUT"),
        ({"query": 5}, "BAD_USER_INPUT"),
        ({"query": VERSION, "variables": []}, "BAD_USER_INPUT"),
        ({"query": '{ concept(name: "\ud800") { id } }'}, "BAD_USER_INPUT"),
        ({"query": VERSION, "operationName": "Other"}, "BAD_USER_INPUT"),
        ({"query": "query A { __typename } query B { __typename }"}, "BAD_USER_INPUT"),
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nonsense }"}, "GRAPHQL_VALIDATION_FAILED"),
        (
            {"query": "{ concepts(first: 100) { edges { node { related(first: 100) { edges { cursor } } } } } }"},
            "TOO_COMPLEX",
        ),
    ],
)
async def test_requests_that_are_refused_leave_the_socket_open(api: Api, payload: object, code: str) -> None:
    """A bad request is answered by an error under its id; the next one is carried out."""
    async with api.socket() as socket:
        await socket.connection.send_json({"type": "subscribe", "id": "bad", "payload": payload})
        answer = await socket.connection.receive_json()
        assert (answer["type"], answer["id"]) == ("error", "bad")
        assert answer["payload"][0]["extensions"]["code"] == code
        assert (await socket.data(VERSION))["server"]["version"]


async def test_a_socket_carries_so_many_operations(parts: Parts, settings: Settings) -> None:
    """One more is refused by a coded error; after a completion there is room again."""
    few = replace(parts, settings=settings.model_copy(update={"max_subscriptions": 2}))
    async with serving(few) as api, api.socket() as socket:
        id = await endless(api)
        first = await socket.begin(PROMISED["Watch"], id=id)
        second = await socket.begin(PROMISED["Watch"], id=id)
        third = await socket.begin(VERSION)
        answers = [await socket.connection.receive_json() for _ in range(5)]
        assert {answer["id"] for answer in answers if answer["type"] == "next"} == {first, second}
        [refused] = [answer for answer in answers if answer["type"] == "error"]
        assert (refused["id"], refused["payload"][0]["extensions"]["code"]) == (third, "TOO_COMPLEX")
        await socket.connection.send_json({"type": "complete", "id": first})
        assert (await socket.data(VERSION))["server"]["version"]


async def test_each_operation_reads_anew(api: Api) -> None:
    """What was read for one operation on a socket is not told again in the next one."""
    async with api.socket() as socket:
        concept = (await api.data(ADD))["addKnowledge"]["concepts"][0]
        query = "query ($id: ID!) { concept(id: $id) { version summary } }"
        before = (await socket.data(query, id=concept["id"]))["concept"]
        update = """mutation ($id: ID!) { updateConcept(input: {id: $id, expectedVersion: 1, summary: "here"}) {
          concept { version } } }"""
        await api.data(update, id=concept["id"])
        assert (await socket.data(query, id=concept["id"]))["concept"] == {"version": 2, "summary": "here"} != before


async def test_a_socket_has_a_workspace(api: Api) -> None:
    """The workspace of the connection's beginning holds for all its operations."""
    async with api.socket(workspace="other") as socket:
        await socket.data(ADD)
        assert (await socket.data("{ concepts { totalCount } }"))["concepts"]["totalCount"] == 1
    assert (await api.data("{ concepts { totalCount } }"))["concepts"]["totalCount"] == 0


async def test_pages_of_other_origins_open_no_socket(parts: Parts, settings: Settings) -> None:
    """A socket is opened from our own pages, from configured origins, and by programs that are no browsers."""
    friendly = replace(parts, settings=settings.model_copy(update={"cors_origins": ("https://app.example",)}))
    async with serving(friendly) as api:
        own = f"http://{api.client.host}:{api.client.port}"
        for origin in (own, "https://app.example", None):
            async with connected(api, origin=origin) as connection:
                await connection.send_json(INIT)
                assert await connection.receive_json() == {"type": "connection_ack"}
        with pytest.raises(WSServerHandshakeError, match="403"):
            async with connected(api, origin="https://evil.example"):
                pass


async def test_a_client_that_leaves_is_not_watched_for(
    api: Api, parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    """A client that is gone in the middle of its stream leaves no watcher behind, and nothing in the log."""
    id = await endless(api)
    with capture_logs() as logs:
        for _ in range(5):
            async with api.socket() as socket:
                await socket.begin(PROMISED["Watch"], id=id)
                await socket.connection.receive_json()
                client = socket.connection._response.connection
                assert client is not None
                assert client.transport is not None
                client.transport.abort()

        async def nobody_watches() -> bool:
            return not parts.watch._tails

        await until(nobody_watches)
    assert not [record for record in caplog.records if record.levelname in {"ERROR", "WARNING"}]
    assert not [entry for entry in logs if entry["log_level"] in {"error", "warning"}]


async def test_a_client_that_leaves_before_its_socket_is_open_is_no_failure(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    """It is counted as it would have been, and nobody reads of an error."""
    client = cast("TestClient[Any, Any]", api.client)
    handshake = "\r\n".join(
        (
            *("GET /graphql HTTP/1.1", "Host: here", "Upgrade: websocket", "Connection: Upgrade"),
            *("Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""),
        )
    )
    moved = Moved()
    for _ in range(20):
        _, writer = await asyncio.open_connection(client.host, client.port)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.write(handshake.encode())
        writer.close()  # at once: what the server sends meets a reset

    async def counted() -> bool:
        return moved("http_requests_total", "GET", "/graphql", "101") == 20

    await until(counted, 5)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_result_for_a_client_that_has_left_is_no_failure(
    parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    """A result that finds the socket gone ends its operation without a word in the log; other failures are logged."""
    for failure, words in ((WebSocketDisconnected(), []), (OSError("broken"), ["socket_operation_failed"])):
        with capture_logs() as logs:
            operation = await _answered_into(parts, failure)
            with pytest.raises(type(failure)):
                await operation
        assert [entry["event"] for entry in logs] == words
    assert not caplog.records


async def test_a_server_that_stops_says_so(parts: Parts) -> None:
    """All sockets are closed with 1012, subscriptions end, and new sockets are closed at once."""
    async with serving(parts) as api:
        id = await endless(api)
        async with api.socket() as socket, api.socket() as idle:
            await socket.begin(PROMISED["Watch"], id=id)
            await socket.connection.receive_json()
            endpoint = next(e for e in api.client.app.on_shutdown if "GraphQLEndpoint" in repr(e)).__self__
            closing = asyncio.create_task(endpoint.close_sockets())
            codes = []
            for connection in (socket.connection, idle.connection):
                async for _ in connection:
                    pass
                codes.append(connection.close_code)
            await closing
            assert codes == [1012, 1012]
            async with connected(api) as late:
                assert (await closed(late))[0] == 1012
        assert not parts.watch._tails


async def _answered_into(parts: Parts, failure: Exception) -> "asyncio.Task[None]":
    """The task of an operation of which no result can be sent."""

    class Gone:
        async def send_json(self, _message: object) -> None:
            raise failure

    gone: Any = Gone()
    caller = Caller(view.services_of(parts), "anonymous", "main")
    built, unused = schema.build(), cast("Any", None)
    conversation = view._Conversation(unused, gone, caller, None, built, timedelta(seconds=1), 10)
    conversation.connection_acknowledged = True
    await conversation.handle_subscribe({"type": "subscribe", "id": "1", "payload": {"query": VERSION}})
    task = conversation.operations["1"].task
    assert task is not None
    return task
