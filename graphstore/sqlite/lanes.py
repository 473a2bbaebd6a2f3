"""Threads that own a connection each: requests wait for their turn on a lane, never for a lock."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TypeVar

from graphstore.errors import TimeLimitError, UnavailableError
from graphstore.sqlite.failures import translated

T = TypeVar("T")

_CHECK_EVERY = 20_000
"""Virtual machine steps between two looks at the clock, about a millisecond."""


class Lane:
    """One thread and its connection. Work runs in the order in which it came."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], path: Path, name: str) -> None:
        self.connect = connect
        self._path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"sqlite-{name}")
        self._connection: sqlite3.Connection | None = None
        self._jobs: set[Future[Any]] = set()

    @property
    def jobs(self) -> int:
        """How many are under way: the first of them runs, the others wait."""
        return len(self._jobs)

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What the work returns. It runs to its end even if the caller goes away."""
        return await self.call(lambda: work(self._opened()))

    async def call(self, work: Callable[[], T]) -> T:
        """The same for work that has a connection of its own."""

        def guarded() -> T:
            with translated(self._path):
                return work()

        try:
            job = self._thread.submit(guarded)
        except RuntimeError as error:
            raise UnavailableError(f"{self._path} is closed") from error
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)
        return await asyncio.wrap_future(job)

    async def close(self) -> None:
        """Let what was begun or waits come to its end, then close the connection."""

        def finish() -> None:
            self._thread.shutdown(wait=True)
            if self._connection is not None:
                self._connection.close()

        await asyncio.get_running_loop().run_in_executor(None, finish)

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self.connect()
        return self._connection


class Read(Protocol):
    """Run a read at one moment of the store, within the time limit."""

    async def __call__(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What the work returned."""
        ...


class ReadLane(Lane):
    """A lane for reading."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], path: Path, name: str, time_limit: float) -> None:
        super().__init__(connect, path, name)
        self.time_limit = time_limit

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What the work returned; all its statements see one moment. Raises `TimeLimitError`."""
        return await self.run(lambda connection: self._at_one_moment(connection, work))

    def _at_one_moment(self, connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
        connection.execute("BEGIN")
        try:
            return within_time(connection, self.time_limit, work)
        finally:
            connection.execute("ROLLBACK")


def within_time(connection: sqlite3.Connection, seconds: float, work: Callable[[sqlite3.Connection], T]) -> T:
    """Stop the work's statements when their time is up. Raises `TimeLimitError`."""
    deadline = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > deadline, _CHECK_EVERY)
    try:
        return work(connection)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            raise TimeLimitError(seconds) from error
        raise
    finally:
        connection.set_progress_handler(None, 0)
