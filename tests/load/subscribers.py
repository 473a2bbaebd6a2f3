"""Users who follow explorations over a WebSocket. Importing this patches the process: only tests.load.attack does."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, NoReturn

from locust import User, between, task
from websocket import (
    WebSocket,
    WebSocketConnectionClosedException,
    WebSocketException,
    WebSocketTimeoutException,
    create_connection,
)

from tests.load.following import Followed
from tests.load.operations import CONNECT, FIRST, QUERIES, START, WATCH, Answer, in_words, started
from tests.load.profiles import PATIENCE_SECONDS
from tests.load.recorder import Recorder
from tests.load.users import Stage

PROTOCOL = "graphql-transport-ws"
STAY_SECONDS = 10.0
"""On one connection; an exploration that has not ended then is followed further on another one."""
LOOK_SECONDS = 0.5
"""How often a subscriber that hears nothing looks at the clock."""


class RefusedError(Exception):
    """The server said something else than it should; the message says what, in words of a small choice."""


class Connection:
    """A conversation by graphql-transport-ws. All of it raises `RefusedError` and `WebSocketException`."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket

    def begin(self) -> None:
        """Come to speak."""
        self._send({"type": "connection_init"})
        self._expect("connection_ack")

    def start(self, topic: str) -> str:
        """Start an exploration; its global id."""
        self._subscribe("start", QUERIES[START], {"topic": topic})
        answer = Answer.of(START, self._expect("next")["payload"])
        if answer.problem:
            raise RefusedError(answer.problem)
        self._expect("complete")
        return started(answer.value)

    def watch(self, followed: Followed) -> None:
        """Subscribe to what comes after the last event that was seen."""
        self._subscribe("watch", WATCH, {"id": followed.exploration, "after": followed.last})

    def next_event(self, seconds: float) -> dict[str, Any] | None:
        """The next one, {} at the end of them, or None when none came in this time."""
        self._socket.settimeout(seconds)
        try:
            message = self._receive()
        except WebSocketTimeoutException:
            return None
        finally:
            self._socket.settimeout(PATIENCE_SECONDS)
        if message["type"] == "complete":
            return {}
        if message["type"] != "next" or message["payload"].get("errors"):
            _refuse(message)
        event: dict[str, Any] = message["payload"]["data"]["explorationEvents"]
        return event

    def _subscribe(self, id: str, query: str, variables: dict[str, Any]) -> None:
        self._send({"id": id, "type": "subscribe", "payload": {"query": query, "variables": variables}})

    def _expect(self, type: str) -> dict[str, Any]:
        message = self._receive()
        if message["type"] != type:
            _refuse(message)
        return message

    def _send(self, message: dict[str, Any]) -> None:
        self._socket.send(json.dumps(message))

    def _receive(self) -> dict[str, Any]:
        """The next message that is not about the connection itself."""
        while True:
            text = self._socket.recv()
            if not text:  # what the library makes of a close frame
                raise WebSocketConnectionClosedException("closed by the server")
            message: dict[str, Any] = json.loads(text)
            if message["type"] != "ping":
                return message
            self._send({"type": "pong"})


@contextmanager
def connected(server: str) -> Iterator[Connection]:
    """A conversation that has begun, on a connection of its own."""
    address = server.replace("http", "ws", 1) + "/graphql"
    socket = create_connection(address, PATIENCE_SECONDS, subprotocols=[PROTOCOL])
    try:
        connection = Connection(socket)
        connection.begin()
        yield connection
    finally:
        socket.close(timeout=1)


def _refuse(message: dict[str, Any]) -> NoReturn:
    payload = message.get("payload")
    errors = payload.get("errors") if isinstance(payload, dict) else payload
    raise RefusedError(in_words(errors) if errors else f"a message of type {message['type']}")


class Subscriber(User):
    """One who starts explorations and watches them, each on as many connections as that takes."""

    wait_time = between(1, 3)
    stage: ClassVar[Stage]
    recorder: ClassVar[Recorder]
    _followed: Followed | None = None

    @task
    def follow(self) -> None:
        """One connection, which fails with whatever goes wrong on it."""
        if self.recorder.closed:
            return
        began, connecting = time.perf_counter(), True
        try:
            with connected(self.stage.next_server()) as connection:
                connecting = False
                self.recorder.of_subscriber(CONNECT, _since(began))
                self._watch(connection)
        except RefusedError as error:
            self._followed = None
            self.recorder.of_subscriber(CONNECT, _since(began) if connecting else None, str(error))
        except (OSError, WebSocketException) as error:
            self.recorder.of_subscriber(CONNECT, _since(began) if connecting else None, type(error).__name__)

    def _watch(self, connection: Connection) -> None:
        followed = self._begun(connection)
        began = time.perf_counter()
        connection.watch(followed)
        while time.perf_counter() - began < STAY_SECONDS and not self.recorder.closed:
            event = connection.next_event(LOOK_SECONDS)
            if event == {}:
                self._end(followed)
                return
            if event:
                self._take(followed, event, began)

    def _begun(self, connection: Connection) -> Followed:
        """The exploration that was not seen to its end, or a new one."""
        if self._followed:
            self.recorder.tally.resumed += 1
            return self._followed
        self._followed = Followed(connection.start(self.stage.topic()))
        self.stage.explorations.append(self._followed.exploration)
        return self._followed

    def _take(self, followed: Followed, event: dict[str, Any], began: float) -> None:
        if not followed.last:
            self.recorder.of_subscriber(FIRST, _since(began))
        self.recorder.tally.events += 1
        if problem := followed.take(event):
            self.recorder.tally.gaps += 1
            self.recorder.of_subscriber(CONNECT, None, problem)

    def _end(self, followed: Followed) -> None:
        if not followed.ended:
            raise RefusedError("the stream ended before the exploration")
        self.recorder.tally.ended += 1
        self._followed = None


def _since(began: float) -> float:
    return 1e3 * (time.perf_counter() - began)
