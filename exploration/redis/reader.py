"""The reader: the one pub/sub connection of a process, however many listen.

It is subscribed to those channels alone to which somebody listens: what others watch costs this process nothing. Each
time that a subscription begins, whoever listens is told that messages may have been missed.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from exploration.redis.cancellation import cancellable
from exploration.redis.server import FAILURES, Server
from exploration.tasks import cancel

_log = structlog.get_logger(__name__)

Heard: TypeAlias = Callable[[str | None], None]
"""Called with a message, or with None when messages may have been missed."""

QUIET = 1.5
"""Seconds of silence after which the server is asked for a sign of life, and after as many more given up."""
PAUSE_FIRST, PAUSE_LAST = 0.05, 1.0
"""Seconds before connecting again: at first, and at most."""


class Reader:
    """Hears messages and hands them on."""

    def __init__(self, redis: Redis, server: Server) -> None:
        """`redis`: a client for this connection alone."""
        self._redis = redis
        self._server = server
        self._listeners: defaultdict[str, list[Heard]] = defaultdict(list)
        self._changed = asyncio.Event()
        self._pause = PAUSE_FIRST

    @contextmanager
    def listen(self, channel: str, heard: Heard) -> Iterator[None]:
        """Call `heard` while the context is open."""
        self._listeners[channel].append(heard)
        self._changed.set()
        try:
            yield
        finally:
            self._listeners[channel].remove(heard)
            if not self._listeners[channel]:
                del self._listeners[channel]
                self._changed.set()

    async def run(self) -> None:
        """Read until cancelled, over one connection after another. The first is made when somebody listens."""
        while True:
            await self._changed.wait()
            await self._server.here()
            try:
                with cancellable():
                    await self._session()
            except FAILURES as error:
                self._server.failed(error)
            except Exception:  # the edge: whatever a listener raises must not leave all others without news
                _log.exception("listener_failed")
            await asyncio.sleep(self._pause)
            self._pause = min(self._pause * 2, PAUSE_LAST)
            self._changed.set()

    async def _session(self) -> None:
        """One connection, until it fails. Raises one of `FAILURES`."""
        async with self._redis.pubsub() as pubsub:
            await pubsub.connect()
            tasks = [asyncio.create_task(self._subscribe(pubsub)), asyncio.create_task(self._read(pubsub))]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await cancel(*tasks)
            done.pop().result()

    async def _subscribe(self, pubsub: PubSub) -> None:
        """Keep the subscriptions what the listeners make them."""
        subscribed: set[str] = set()
        while True:
            self._changed.clear()
            wanted = set(self._listeners)
            with cancellable():
                if begun := wanted - subscribed:
                    await pubsub.subscribe(*begun)
                if ended := subscribed - wanted:
                    await pubsub.unsubscribe(*ended)
            subscribed = wanted
            await self._changed.wait()

    async def _read(self, pubsub: PubSub) -> None:
        """Hand on what comes. A link that is silent although it was asked is dead."""
        asked = False
        while True:
            message = await pubsub.get_message(timeout=QUIET)
            if message is not None:
                asked = False
                self._hand_on(message)
            elif asked:
                raise TimeoutError
            else:
                asked = True
                with cancellable():
                    await pubsub.ping()

    def _hand_on(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind not in {"message", "subscribe"}:
            return
        self._pause = PAUSE_FIRST
        text = message["data"].decode(errors="replace") if kind == "message" else None
        for heard in tuple(self._listeners.get(message["channel"].decode(errors="replace"), ())):
            heard(text)
