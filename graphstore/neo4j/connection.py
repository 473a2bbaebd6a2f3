"""One Neo4j database, and the two ways to use it: a read is one round trip, a write is a transaction."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any, TypeAlias, TypeVar

import neo4j
import stamina
import structlog
from neo4j import AsyncDriver, AsyncTransaction, Query
from opentelemetry.trace import Span, SpanKind

from graphstore.errors import StoreError, UnavailableError
from graphstore.neo4j.failures import Race, passes_by_itself, translated
from graphstore.rows.graph import is_text
from telemetry.metrics.store import RETRIES
from telemetry.traces import span

_log = structlog.get_logger(__name__)

T = TypeVar("T")
Read: TypeAlias = Callable[..., Awaitable[Any]]
"""`read(statement, **parameters)`: the one value that it returns in a workspace, by itself or in a transaction."""

WRITE_TIME_LIMIT = 10.0
"""Seconds after which the server ends a transaction, so that a frozen client holds no lock for longer."""
SCHEMA_TIME_LIMIT = 600.0
"""Seconds for one change of the schema, which may have to read all that is stored."""
STATEMENT = "neo4j statement"
"""The name of a statement's span."""
_GRACE = 1.0
"""Seconds more that a client waits: the server's own word is better than silence."""
_READ_ATTEMPTS = 4
_WRITE_ATTEMPTS = 10
_SCHEMA_ATTEMPTS = 100


class Connection:
    """A pool of connections to one database."""

    def __init__(self, driver: AsyncDriver, database: str, location: str, read_time_limit: float) -> None:
        self._driver = driver
        self.database = database
        self.location = location
        self.read_time_limit = read_time_limit
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    @property
    def calls(self) -> int:
        """How many are under way, each of which uses one connection."""
        return len(self._running)

    async def read(self, statement: str, parameters: Mapping[str, Any], time_limit: float | None = None) -> Any:
        """The one value that the statement returns; in one round trip, when nothing goes wrong.

        It may be sent again after a failure that passes by itself. `time_limit` is in seconds, for what may take
        longer than others. Raises `TimeLimitError`, `UnavailableError`.
        """
        seconds = time_limit or self.read_time_limit
        return await self._finished(
            lambda: self._read(statement, parameters, seconds), passes_by_itself, _READ_ATTEMPTS, seconds
        )

    async def _read(self, statement: str, parameters: Mapping[str, Any], seconds: float) -> Any:
        try:
            return await self._read_once(statement, parameters, seconds)
        except UnicodeEncodeError:
            return await self._read_once(statement, storable(parameters), seconds)

    async def _read_once(self, statement: str, parameters: Mapping[str, Any], seconds: float) -> Any:
        query = Query(statement, timeout=seconds)
        async with self._driver.session(database=self.database, default_access_mode=neo4j.READ_ACCESS) as session:
            with statement_span(statement):
                result = await session.run(query, dict(parameters))
                return (await result.single(strict=True))[0]

    async def write(self, work: Callable[[AsyncTransaction], Awaitable[T]]) -> T:
        """What the work returned, once its transaction is committed. It may be run again from its start: after a
        failure that passes by itself, and when another transaction was first to store the same thing."""
        return await self._finished(lambda: self._write_once(work), Race(), _WRITE_ATTEMPTS, WRITE_TIME_LIMIT)

    async def _write_once(self, work: Callable[[AsyncTransaction], Awaitable[T]]) -> T:
        async with (
            self._driver.session(database=self.database) as session,
            await session.begin_transaction(timeout=WRITE_TIME_LIMIT) as transaction,
        ):
            result = await work(transaction)
            with statement_span("COMMIT"):
                await transaction.commit()
            return result

    async def execute(self, statement: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Run a statement in a transaction of its own: one that changes the schema.

        It may be sent again when others change the schema at the same time: run twice it must do what it does once.
        """
        await self._finished(
            lambda: self._execute_once(statement, parameters or {}), Race(), _SCHEMA_ATTEMPTS, SCHEMA_TIME_LIMIT
        )

    async def _execute_once(self, statement: str, parameters: Mapping[str, Any]) -> None:
        query = Query(statement, timeout=SCHEMA_TIME_LIMIT)
        async with self._driver.session(database=self.database) as session:
            await (await session.run(query, dict(parameters))).consume()

    async def server(self) -> str:
        """Name and version of the server, `Neo4j/5.26.0` for example."""
        return await self._finished(self._server, passes_by_itself, _READ_ATTEMPTS, self.read_time_limit)

    async def _server(self) -> str:
        return (await self._driver.get_server_info()).agent

    async def close(self) -> None:
        """Let what was begun finish, and close all connections; what comes later is refused."""
        self._closed = True
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._driver.close()

    async def _finished(
        self, once: Callable[[], Awaitable[T]], on: Callable[[Exception], bool], attempts: int, seconds: float
    ) -> T:
        """In a task of its own, which goes on to its end when the caller goes away: a connection that is left in the
        middle of something is lost to the pool."""
        if self._closed:
            raise UnavailableError(f"the connection to Neo4j at {self.location} is closed")
        task = asyncio.ensure_future(self._tried(once, on, attempts, seconds))
        self._running.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: asyncio.Future[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:  # else nobody may have asked for it
            # The server's own words may have stored ones in them.
            _log.debug("neo4j_failed", error=str(error) if isinstance(error, StoreError) else type(error).__name__)

    async def _tried(
        self, once: Callable[[], Awaitable[T]], on: Callable[[Exception], bool], attempts: int, seconds: float
    ) -> T:
        async with self._limited(seconds):
            async for attempt in _attempts(on, attempts, seconds):
                with attempt:
                    return await once()
        raise AssertionError("an attempt returns or raises")

    @asynccontextmanager
    async def _limited(self, seconds: float) -> AsyncIterator[None]:
        """Failures in the store's own words, silence among them."""
        with translated(self.location, seconds):
            try:
                async with asyncio.timeout(seconds + _GRACE):
                    yield
            except TimeoutError as silent:
                raise UnavailableError(f"Neo4j at {self.location} was silent for {seconds + _GRACE:g} s") from silent


def statement_span(statement: str) -> AbstractContextManager[Span]:
    """A span around one statement. Its text is one of ours; what users wrote are parameters, which nobody is told."""
    return span(STATEMENT, {"db.system.name": "neo4j", "db.query.text": statement}, SpanKind.CLIENT)


def log_retry(details: stamina.instrumentation.RetryDetails) -> None:
    """In place of stamina's own hook, which logs arguments, and warns of what is a matter of course."""
    reason = type(details.caused_by).__name__
    RETRIES.labels("neo4j", reason).inc()
    _log.info("neo4j_retry", attempt=details.retry_num, error=reason)


def _attempts(on: Callable[[Exception], bool], attempts: int, seconds: float) -> Any:
    return stamina.retry_context(
        on=on, attempts=attempts, timeout=seconds, wait_initial=0.02, wait_max=0.5, wait_jitter=0.05
    )


def storable(value: Any) -> Any:
    """The same parameters, with null for each text that could never be stored, so that it is matched by nothing."""
    if isinstance(value, str):
        return value if is_text(value) else None
    if isinstance(value, Mapping):
        return {name: storable(each) for name, each in value.items()}
    return [storable(each) for each in value] if isinstance(value, list | tuple) else value
