"""A store of which every call is measured and traced, whatever the adapter.

The port tells what is measured: each of its methods that waits, under its own name. What it takes is made once for each
kind of store; a request makes one small object for the store, and one for each role that it uses.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from inspect import iscoroutinefunction
from typing import Any, cast

from graphstore import port
from graphstore.errors import BudgetExceeded, ConflictError, InvalidError, LeaseLost, NotFoundError
from graphstore.port import Database, Store
from telemetry.metrics import store as metrics
from telemetry.traces import span

ROLES: Mapping[str, type] = {
    "concepts": port.Concepts,
    "relations": port.Relations,
    "curation": port.Curation,
    "explorations": port.Explorations,
    "control": port.Control,
    "work": port.Work,
    "images": port.Images,
    "image_jobs": port.ImageJobs,
    "archive": port.Archive,
}
"""By their names in `Store`. An export is not measured: it goes at the pace of whoever reads it."""
REFUSALS = (NotFoundError, InvalidError, ConflictError, LeaseLost, BudgetExceeded)
"""What a store is meant to say no with: nothing is wrong with it then."""


def observed(database: Database) -> Database:
    """The same store, measured."""
    return cast("Database", _Database(database))


class _Database:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._store, operations = _classes(database.adapter)
        self.operations = operations(database.operations)

    def within(self, workspace: str) -> Store:
        """See `Database.within`."""
        return cast("Store", self._store(self._database.within(workspace)))

    def __getattr__(self, name: str) -> Any:
        """All else, what is the adapter's own included."""
        return getattr(self._database, name)


class _Proxy:
    """Stands for a store or for one of its roles; its subclasses have what is measured. They are small, and what they
    do is little: a request that asks for one concept uses a few of them."""

    __slots__ = ("_real",)

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


@cache
def _classes(system: str) -> tuple[type[_Proxy], type[_Proxy]]:
    """What stands for the stores of this kind, and for their operations."""
    roles = {name: property(_role(name, _class(role, name, system))) for name, role in ROLES.items()}
    return type("_ObservedStore", (_Proxy,), {"__slots__": (), **roles}), _class(port.Operations, "operations", system)


def _role(name: str, stands_for_it: type[_Proxy]) -> Callable[[_Proxy], _Proxy]:
    def role(self: _Proxy) -> _Proxy:
        return stands_for_it(getattr(self._real, name))

    return role


def _class(role: type, table: str, system: str) -> type[_Proxy]:
    waiting = [name for name, each in vars(role).items() if iscoroutinefunction(each)]
    methods = {operation: _measured(operation, table, system) for operation in waiting}
    return type("_Observed", (_Proxy,), {"__slots__": (), **methods})


def _measured(operation: str, table: str, system: str) -> Callable[..., Awaitable[Any]]:
    name, clock = f"{table}.{operation}", time.perf_counter
    attributes = {"db.system.name": system, "db.collection.name": table, "db.operation.name": operation}
    observe, counts = _Duration(operation, table), _Counts(operation, table)

    async def measured(self: _Proxy, *args: Any, **kwargs: Any) -> Any:
        began, status = clock(), "ok"
        try:
            with span(name, attributes) as current:
                try:
                    return await getattr(self._real, operation)(*args, **kwargs)
                except REFUSALS as error:  # raised once the span has ended, of which it is no failure
                    current.set_attribute("error.type", type(error).__name__)
                    status, refusal = "refused", error
        except (asyncio.CancelledError, GeneratorExit):
            status = "cancelled"
            raise
        except BaseException:
            status = "error"
            raise
        finally:
            observe.it(clock() - began)
            counts[status]()
        raise refusal

    measured.__name__ = operation
    return measured


# Series begin when there is something to tell: there are many methods, and a process uses some.


class _Duration:
    """Seconds of one method."""

    def __init__(self, operation: str, table: str) -> None:
        self._labels = (operation, table)
        self.it: Callable[[float], None] = self._first

    def _first(self, seconds: float) -> None:
        self.it = metrics.DURATION.labels(*self._labels).observe
        self.it(seconds)


class _Counts(dict[str, Callable[[], None]]):
    """Calls of one method, by how they ended."""

    def __init__(self, operation: str, table: str) -> None:
        self._labels = (operation, table)

    def __missing__(self, status: str) -> Callable[[], None]:
        count = self[status] = metrics.QUERIES.labels(*self._labels, status).inc
        return count
