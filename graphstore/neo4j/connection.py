"""One Neo4j database, and the two ways to use it: a read is one round trip, a write is a transaction."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import neo4j
import stamina
from neo4j import AsyncDriver, AsyncTransaction, Query

from graphstore.errors import TimeLimitError
from graphstore.neo4j.failures import passes_by_itself, raced, translated
from graphstore.rows.graph import is_text

T = TypeVar("T")

WRITE_TIME_LIMIT = 10.0
"""Seconds after which the server ends a transaction, so that a frozen client holds no lock for longer."""
_GRACE = 1.0
"""Seconds more that a client waits: the server's own word is better than silence."""
_READ_ATTEMPTS = 4
_WRITE_ATTEMPTS = 10


class Connection:
    """A pool of connections to one database."""

    def __init__(self, driver: AsyncDriver, database: str, location: str, read_time_limit: float) -> None:
        self._driver = driver
        self._database = database
        self.location = location
        self.read_time_limit = read_time_limit

    async def read(self, statement: str, parameters: Mapping[str, Any]) -> Any:
        """The one value that the statement returns; in one round trip, when nothing goes wrong.

        It may be sent again after a failure that passes by itself. Raises `TimeLimitError`, `UnavailableError`.
        """
        async with self._limited(self.read_time_limit):
            async for attempt in _attempts(passes_by_itself, _READ_ATTEMPTS, self.read_time_limit):
                with attempt:
                    return await self._read(statement, parameters)
        raise AssertionError("an attempt returns or raises")

    async def _read(self, statement: str, parameters: Mapping[str, Any]) -> Any:
        try:
            return await self._read_once(statement, parameters)
        except UnicodeEncodeError:
            return await self._read_once(statement, storable(parameters))

    async def _read_once(self, statement: str, parameters: Mapping[str, Any]) -> Any:
        query = Query(statement, timeout=self.read_time_limit)  # type: ignore[arg-type]  # composed of literals
        async with self._driver.session(database=self._database, default_access_mode=neo4j.READ_ACCESS) as session:
            result = await session.run(query, dict(parameters))
            return (await result.single(strict=True))[0]

    async def write(self, work: Callable[[AsyncTransaction], Awaitable[T]]) -> T:
        """What the work returned, once its transaction is committed. It may be run again from its start: after a
        failure that passes by itself, and when another transaction was first to store the same thing."""
        async with self._limited(WRITE_TIME_LIMIT):
            async for attempt in _attempts(raced, _WRITE_ATTEMPTS, WRITE_TIME_LIMIT):
                with attempt:
                    return await self._write_once(work)
        raise AssertionError("an attempt returns or raises")

    async def _write_once(self, work: Callable[[AsyncTransaction], Awaitable[T]]) -> T:
        async with (
            self._driver.session(database=self._database) as session,
            await session.begin_transaction(timeout=WRITE_TIME_LIMIT) as transaction,
        ):
            result = await work(transaction)
            await transaction.commit()
            return result

    async def execute(self, statement: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Run a statement in a transaction of its own: one that changes the schema, or commits in parts."""
        with translated(self.location):
            async with self._driver.session(database=self._database) as session:
                result = await session.run(statement, dict(parameters or {}))  # type: ignore[arg-type]
                await result.consume()

    async def server(self) -> str:
        """Name and version of the server, `Neo4j/5.26.0` for example."""
        async with self._limited(self.read_time_limit):
            return (await self._driver.get_server_info()).agent

    async def close(self) -> None:
        """Close all connections."""
        await self._driver.close()

    @asynccontextmanager
    async def _limited(self, seconds: float) -> AsyncIterator[None]:
        """Failures in the store's own words, silence among them."""
        with translated(self.location, seconds):
            try:
                async with asyncio.timeout(seconds + _GRACE):
                    yield
            except TimeoutError as silent:
                raise TimeLimitError(seconds) from silent


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
