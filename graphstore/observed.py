"""A store of which every call is measured and traced, whatever the adapter."""

import time
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any, cast

from graphstore.port import Database, Store
from telemetry.metrics import store as metrics
from telemetry.traces import span

ROLES = frozenset({"concepts", "relations", "curation", "explorations", "control", "work", "images", "image_jobs"})


def observed(database: Database, system: str) -> Database:
    """The same store; `system` names its kind as OpenTelemetry does: `sqlite` or `neo4j`."""
    return cast("Database", _Database(database, system))


class _Database:
    def __init__(self, database: Database, system: str) -> None:
        self._database = database
        self._system = system
        self.operations = _Role(database.operations, "operations", system)

    def within(self, workspace: str) -> Store:
        """See `Database.within`."""
        return cast("Store", _Store(self._database.within(workspace), self._system))

    async def close(self) -> None:
        """See `Database.close`."""
        await self._database.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


class _Store:
    """Roles are wrapped when they are first used: most requests use one or two."""

    def __init__(self, store: Store, system: str) -> None:
        self._store = store
        self._system = system

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        if name in ROLES:
            found = _Role(found, name, self._system)
            setattr(self, name, found)
        return found


class _Role:
    """One role of the port: each method that waits is measured under its own name."""

    def __init__(self, role: object, table: str, system: str) -> None:
        self._role = role
        self._table = table
        self._system = system

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._role, name)
        if iscoroutinefunction(method):
            method = _measured(method, name, self._table, self._system)
            setattr(self, name, method)
        return method


def _measured(method: Callable[..., Any], operation: str, table: str, system: str) -> Callable[..., Any]:
    duration = metrics.DURATION.labels(operation, table)
    ok, failed = (metrics.QUERIES.labels(operation, table, status) for status in ("ok", "error"))
    name, attributes = f"{table}.{operation}", {"db.system.name": system, "db.operation.name": operation}

    async def measured(*args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        outcome = failed
        try:
            with span(name, attributes):
                result = await method(*args, **kwargs)
            outcome = ok
            return result
        finally:
            duration.observe(time.perf_counter() - began)
            outcome.inc()

    return measured
