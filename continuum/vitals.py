"""What Prometheus is told: `GET /metrics`, and the gauges for which somebody must be asked first."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from math import inf
from typing import TypeVar

import structlog
from aiohttp import hdrs, web
from prometheus_async.aio.web import server_stats
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from continuum.assembly import Parts
from continuum.health import Health
from continuum.lag import Lag
from continuum.version import VERSION
from exploration.dispatch.port import EXPLORATION, IMAGES
from exploration.tasks import cancel
from graphstore.port import Database
from telemetry.metrics import graph, store, system, work

_log = structlog.get_logger(__name__)

T = TypeVar("T")

FRESH = 4.0
"""Seconds for which answers stand: several who scrape do not ask several times."""


class Vitals:
    """`GET /metrics`, from the first moment on.

    Before it is answered, the store and the other dependencies are asked, all at once and within the time limit; so
    nobody is asked when nobody scrapes. What one of them does not tell is missing rather than old.
    """

    def __init__(self, health: Health, *, time_limit: float = 2.0) -> None:
        self._health = health
        self._time_limit = time_limit
        self._lag = Lag()
        self._parts: Parts | None = None
        self._one_at_a_time = asyncio.Lock()
        self._asked_at = -inf

    def add_to(self, app: web.Application) -> None:
        """Add the route, and watch the event loop for as long as the application runs."""
        system.APPLICATION.info({"name": "continuum", "version": VERSION})
        app.router.add_get("/metrics", self._metrics)
        app.cleanup_ctx.append(self._watched)

    def begin(self, parts: Parts) -> None:
        """From now on there is somebody to ask."""
        self._parts = parts
        self._asked_at = -inf

    async def _watched(self, _app: web.Application) -> AsyncIterator[None]:
        watching = asyncio.create_task(self._lag.watch(), name="event loop lag")
        yield
        await cancel(watching)

    async def _metrics(self, request: web.Request) -> web.Response:
        async with self._one_at_a_time:
            if asyncio.get_running_loop().time() - self._asked_at >= FRESH:
                await self._ask()
                self._asked_at = asyncio.get_running_loop().time()
        self._look()
        answer = await server_stats(request)
        if answer.content_type == "text/plain":  # the library's header names a version that nobody asked for
            answer.headers[hdrs.CONTENT_TYPE] = CONTENT_TYPE_PLAIN_0_0_4
        return answer

    def _look(self) -> None:
        """What this process knows by itself."""
        system.LOOP_LAG.set(self._lag.worst())
        system.DRAINING.set(self._health.draining)
        if self._parts is not None:
            database = self._parts.database
            found = database.connections
            store.CONNECTIONS_ACTIVE.labels(database.adapter).set(found.active)
            store.POOL_SIZE.labels(database.adapter).set(found.most)
            store.WAITING.labels(database.adapter).set(found.waiting)

    async def _ask(self) -> None:
        questions = [self._dependencies()]
        if self._parts is not None:
            database = self._parts.database
            questions += [self._graph(database), self._queues(database)]
            questions += [self._memory(name) for name in self._parts.memories]
        await asyncio.gather(*questions)

    async def _dependencies(self) -> None:
        for name, found in (await self._health.checks()).items():
            store.UP.labels(name).set(found["status"] == "up")

    async def _graph(self, database: Database) -> None:
        status = await self._told(database.operations.status)
        for gauge in (graph.NODES, graph.EDGES, store.SCHEMA_VERSION):
            gauge.clear()
        if status is not None:
            graph.NODES.labels(database.adapter).set(status.concepts)
            graph.EDGES.labels(database.adapter).set(status.relations)
            store.SCHEMA_VERSION.labels(database.adapter).set(status.schema_version)

    async def _queues(self, database: Database) -> None:
        waiting = await self._told(database.operations.waiting)
        for gauge in (work.QUEUE_DEPTH, work.QUEUE_AGE):
            gauge.clear()
        if waiting is not None:
            for queue, found in zip((EXPLORATION, IMAGES), waiting, strict=True):
                work.QUEUE_DEPTH.labels(queue).set(found.count)
                work.QUEUE_AGE.labels(queue).set(found.oldest_seconds)

    async def _memory(self, name: str) -> None:
        assert self._parts is not None  # noqa: S101 - else nobody is asked
        memory = await self._told(self._parts.memories[name])
        if memory is None:
            for gauge in (store.MEMORY_USED, store.MEMORY_MAX):
                gauge.remove(name)
        else:
            store.MEMORY_USED.labels(name).set(memory.used)
            store.MEMORY_MAX.labels(name).set(memory.most)

    async def _told(self, question: Callable[[], Awaitable[T]]) -> T | None:
        """The answer; None where there is none in time. What is wrong is told by `/ready`."""
        try:
            async with asyncio.timeout(self._time_limit):
                return await question()
        except Exception as error:  # the edge: a scrape is answered whatever goes wrong
            _log.debug("not_told", error=type(error).__name__)
            return None
