"""The endpoint `/graphql`: GraphQL over POST (see `continuum.posts`) and over WebSockets, by graphql-transport-ws."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from http import HTTPStatus
from typing import Any, cast
from weakref import WeakSet

import orjson
import structlog
from aiohttp import ClientConnectionResetError, WSCloseCode, hdrs, web
from graphql import GraphQLError
from strawberry.aiohttp.views import AiohttpWebSocketAdapter, GraphQLView
from strawberry.http.exceptions import NonJsonMessageReceived, WebSocketDisconnected
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
    SubscribeMessagePayload,
)

import schema
from continuum.access.principal import ANONYMOUS, WorkspaceNameError, checked_workspace
from continuum.assembly import Parts
from continuum.middleware import add_cors
from continuum.payload import PayloadError, checked, is_text, parsed
from continuum.posts import Posts, Refused, error_response
from continuum.settings import Settings
from continuum.version import VERSION
from resolvers.context import Caller, Services
from schema import Code
from schema.tally import turned_away
from telemetry.metrics.graphql import WEBSOCKETS, Reason
from telemetry.traces import going_on

_log = structlog.get_logger(__name__)

PATH = "/graphql"
WORKSPACE_HEADER = "X-Workspace"
INIT_SECONDS = 10.0
"""How long a client may take to begin the conversation on its socket."""
PING_SECONDS = 25.0
"""How often a socket is asked whether its client is still there."""
CLOSING_SECONDS = 2.0
"""How long a client may take to agree that its socket is closed."""
RETRY = {"Retry-After": "1"}
LONGEST_REASON = 120
"""Bytes of a close reason; a close frame holds 123."""


class GraphQLEndpoint:
    """Everything at `/graphql`. It answers that it is not there yet until it is given parts to work with."""

    def __init__(self, settings: Settings) -> None:
        self._services: Services | None = None
        built = schema.build(
            introspection=settings.introspection,
            time_limit=settings.request_timeout_seconds,
            known=frozenset(settings.known_operations),
        )
        self._posts = Posts(built, settings.max_body_bytes)
        self._sockets = _Sockets(
            built, settings.max_body_bytes, settings.max_subscriptions, allowed_origins=settings.cors_origins
        )
        self._origins = settings.cors_origins

    def add_to(self, app: web.Application) -> None:
        """Add the route; close what is open when the application ends."""
        app.router.add_route("*", PATH, self._handle)
        add_cors(app, self._origins)
        app.on_shutdown.append(self._on_shutdown)
        app.on_cleanup.append(self._on_cleanup)

    def begin(self, parts: Parts) -> None:
        """From now on answer requests."""
        self._services = services_of(parts)

    async def close_sockets(self) -> None:
        """End all subscriptions, telling clients to come back (close code 1012); new ones are told the same."""
        self._posts.end_streams()
        await self._sockets.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._answer(request)
        except Refused as refused:
            is_early = refused.status is HTTPStatus.SERVICE_UNAVAILABLE
            turned_away(Reason.UNAVAILABLE if is_early else Reason.REQUEST, refused.code)
            return error_response(request, refused)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self._sockets.is_websocket_request(request):
            with suppress(ClientConnectionResetError):  # a client that left before its socket was open is no failure
                return await self._sockets.run(request, context=self._caller(request))
            return web.Response()
        if request.method == hdrs.METH_OPTIONS:
            return web.Response(status=HTTPStatus.NO_CONTENT, headers={"Allow": "POST, OPTIONS"})
        if request.method != hdrs.METH_POST:
            message = "Send a POST request, or open a WebSocket."
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, message, Allow="POST, OPTIONS")
        return await self._posts.answer(request, self._caller(request))

    def _caller(self, request: web.Request) -> Caller:
        if self._services is None:
            message = "The server waits for its store; ask again in a moment."
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, message, Code.SERVICE_UNAVAILABLE, {}, **RETRY)
        try:
            workspace = checked_workspace(request.headers.get(WORKSPACE_HEADER))
        except WorkspaceNameError as error:
            raise Refused(
                HTTPStatus.BAD_REQUEST,
                f"{WORKSPACE_HEADER}: {error}",
                Code.BAD_USER_INPUT,
                {"argument": WORKSPACE_HEADER},
            ) from None
        return Caller(self._services, ANONYMOUS.name, workspace)

    async def _on_shutdown(self, _app: web.Application) -> None:
        await self.close_sockets()

    async def _on_cleanup(self, _app: web.Application) -> None:
        if self._services is not None:
            await self._services.writes.finished()


def services_of(parts: Parts) -> Services:
    """What resolvers work with."""
    return Services(
        database=parts.database,
        explorer=parts.explorer,
        watch=parts.watch,
        studio=parts.studio,
        image_watch=parts.image_watch,
        activity=parts.activity,
        version=VERSION,
        walk_seconds=parts.settings.query_timeout_seconds,
    )


class _Adapter(AiohttpWebSocketAdapter):
    """Strawberry's adapter, with close reasons that fit into a frame."""

    async def close(self, code: int, reason: str) -> None:
        """Close the socket and say why."""
        fitting = reason.encode(errors="replace")[:LONGEST_REASON].decode(errors="ignore")  # not half a letter
        await self.ws.close(code=code, message=fitting.encode())


class _Conversation(BaseGraphQLTransportWSHandler[Caller, None]):
    """Strawberry's side of the protocol, made to survive whatever a client sends."""

    async def handle(self) -> None:
        """From the handshake to the end of the socket."""
        with WEBSOCKETS.track_inprogress():
            await super().handle()

    async def handle_message(self, message: Any) -> None:
        """Messages that are none close the socket and say why."""
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            await self.handle_invalid_message('A message is a JSON object with a "type".')
        elif message["type"] in {"subscribe", "complete"} and not _is_id(message.get("id")):
            await self.handle_invalid_message(f'A {message["type"]} message has an "id", which is a string.')
        else:
            await super().handle_message(cast("Message", message))

    async def handle_connection_init(self, message: Any) -> None:
        """The payload may name a workspace."""
        payload = {} if message.get("payload") is None else message["payload"]
        name = payload.get("workspace", self.context.workspace) if isinstance(payload, dict) else None
        try:
            self.context.workspace = checked_workspace(name if isinstance(name, str | None) else "?")
        except WorkspaceNameError as error:
            await self.handle_invalid_message(f"workspace: {error}")
            return
        await super().handle_connection_init(ConnectionInitMessage(type="connection_init", payload=payload))

    async def handle_subscribe(self, message: Any) -> None:
        """A request that is none, or one too many, is answered by an error under its id."""
        most = self.max_subscriptions_per_connection
        try:
            payload = checked(message.get("payload"))
        except PayloadError as error:
            await self._refuse(message["id"], Reason.REQUEST, str(error), Code.BAD_USER_INPUT, error.details)
            return
        if most is not None and len(self.operations) >= most and message["id"] not in self.operations:
            text = f"This socket carries {most} operations already; complete one, or open another socket."
            await self._refuse(message["id"], Reason.TOO_MANY_SUBSCRIPTIONS, text, Code.TOO_COMPLEX)
            return
        request = SubscribeMessagePayload(
            query=payload.query, variables=payload.variables, operationName=payload.operation_name
        )
        with going_on(payload.trace):  # the task that carries it out begins here
            await super().handle_subscribe(SubscribeMessage(id=message["id"], type="subscribe", payload=request))

    async def handle_task_exception(self, error: Exception) -> None:
        """A client that leaves is no failure of ours."""
        if not isinstance(error, WebSocketDisconnected):
            _log.error("socket_operation_failed", exc_info=error)

    async def _refuse(
        self, id: str, reason: Reason, message: str, code: Code, details: Mapping[str, str] | None = None
    ) -> None:
        if not self.connection_acknowledged:
            await self.websocket.close(code=4401, reason="Unauthorized")
            return
        turned_away(reason, code)
        error = GraphQLError(message, extensions={"code": code, **(details or {})})
        await self.send_message({"id": id, "type": "error", "payload": [error.formatted]})


class _Sockets(GraphQLView[Caller, None]):
    """All WebSockets of this process."""

    websocket_adapter_class = _Adapter
    graphql_transport_ws_handler_class = _Conversation

    def __init__(self, built: schema.Schema, max_message_bytes: int, max_operations: int, **options: Any) -> None:
        super().__init__(
            built,
            graphql_ide=None,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            connection_init_wait_timeout=timedelta(seconds=INIT_SECONDS),
            max_subscriptions_per_connection=max_operations,
            **options,
        )
        self._max_message_bytes = max_message_bytes
        self._open: WeakSet[web.WebSocketResponse] = WeakSet()
        self._closing = False

    async def create_websocket_response(self, request: web.Request, subprotocol: str | None) -> web.WebSocketResponse:
        """Open a socket; it is closed at once when the server is about to stop."""
        socket = web.WebSocketResponse(
            protocols=[subprotocol] if subprotocol else [],
            timeout=CLOSING_SECONDS,
            heartbeat=PING_SECONDS,
            max_msg_size=self._max_message_bytes,
        )
        await socket.prepare(request)
        self._open.add(socket)
        if self._closing:
            await _restart(socket)
        return socket

    async def close(self) -> None:
        """Close all sockets: the service restarts."""
        self._closing = True
        await asyncio.gather(*map(_restart, tuple(self._open)))

    def decode_json(self, data: str | bytes) -> object:
        """JSON of any shape."""
        try:
            return parsed(data)
        except PayloadError:
            raise NonJsonMessageReceived from None

    def encode_json(self, data: object) -> str:
        """Text, for text frames."""
        return orjson.dumps(data).decode()


async def _restart(socket: web.WebSocketResponse) -> None:
    await socket.close(code=WSCloseCode.SERVICE_RESTART, message=b"the service restarts")


def _is_id(value: object) -> bool:
    return isinstance(value, str) and is_text(value)
