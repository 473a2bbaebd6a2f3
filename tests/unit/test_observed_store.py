"""A measured store: what each call leaves in the metrics and in the trace, and that nothing else is different."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from inspect import iscoroutinefunction, isfunction
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from prometheus_client import REGISTRY

from graphstore import observed as module
from graphstore import port, sqlite
from graphstore.errors import NotFoundError, UnavailableError
from graphstore.observed import ROLES, observed
from graphstore.port import Database, Store
from telemetry import traces
from tests.support.claims import added, says
from tests.support.snapshots import records

CALLS, SECONDS = "db_queries_total", "db_query_duration_seconds_count"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A measured database."""
    opened = await sqlite.open_database(tmp_path / "graph.db")
    yield observed(opened)
    await opened.close()


@pytest.fixture
def store(database: Database) -> Store:
    """A workspace of it."""
    return database.within("main")


def value(name: str, **labels: str) -> float:
    """What a series stands at; 0 before it begins."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


@contextmanager
def counted(table: str, operation: str, status: str) -> Iterator[None]:
    """One call, which ends like this, is counted and timed while the context is open."""
    labels = {"table": table, "operation": operation}
    statuses = ("ok", "refused", "error", "cancelled")
    before = {each: value(CALLS, status=each, **labels) for each in statuses}
    timed = value(SECONDS, **labels)
    yield
    after = {each: value(CALLS, status=each, **labels) for each in statuses}
    assert {each: after[each] - before[each] for each in statuses if after[each] != before[each]} == {status: 1}
    assert value(SECONDS, **labels) == timed + 1


async def test_a_call_is_counted_and_timed(database: Database, store: Store) -> None:
    """By its role and its method, those that concern all workspaces too."""
    with counted("concepts", "get", "ok"):
        assert await store.concepts.get(["nowhere"], follow_merges=False) == {}
    with counted("operations", "ping", "ok"):
        await database.operations.ping()
    with counted("archive", "load", "ok"):
        await store.archive.load([])


async def test_a_refusal_is_no_failure(store: Store) -> None:
    """The store says no, as it should; what it raises is passed on as it is."""
    with counted("curation", "delete_concept", "refused"), pytest.raises(NotFoundError) as refused:
        await store.curation.delete_concept("nowhere")
    assert refused.value.id == "nowhere"


async def test_a_store_that_cannot_do_it_has_failed(database: Database, store: Store) -> None:
    """What is unavailable counts as an error."""
    await database.close()
    with counted("concepts", "get", "error"), pytest.raises(UnavailableError):
        await store.concepts.get(["a"])


async def test_a_caller_that_goes_away_is_no_failure_either(store: Store) -> None:
    """The call is cancelled for it, and counts as such."""
    with counted("concepts", "named", "cancelled"):
        call = asyncio.ensure_future(store.concepts.named(["a"]))
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call


@pytest.mark.parametrize("name", [*ROLES, "operations"])
async def test_every_method_that_waits_is_measured(name: str, database: Database, store: Store) -> None:
    """Of each role, and nothing beyond what the port has."""
    role = port.Operations if name == "operations" else ROLES[name]
    proxy = database.operations if name == "operations" else getattr(store, name)
    waiting = {method for method, each in vars(role).items() if iscoroutinefunction(each)}
    assert waiting
    assert {method for method, each in vars(type(proxy)).items() if isfunction(each)} == waiting


def test_every_role_of_the_port_is_measured() -> None:
    """One that is added to the port is not forgotten."""
    assert {name for name, each in vars(Store).items() if isinstance(each, property)} == {*ROLES, "workspace"}


async def test_all_else_is_passed_on(database: Database, store: Store) -> None:
    """Exports, limits and names are those of the store itself."""
    await added(store, "a", "b", relations=(says("a", "IS_A", "b"),))
    assert {record.name for record in await records(store) if hasattr(record, "name")} == {"a", "b"}
    assert (store.workspace, store.archive.batch.rows) == ("main", 500)
    assert (database.adapter, database.connections.most) == ("sqlite", 3)


async def test_what_it_takes_is_made_once(database: Database) -> None:
    """Requests share the classes that stand for the roles, whichever database they ask."""
    again = observed(database)
    assert type(database.within("a").concepts) is type(again.within("b").concepts)
    assert module._classes("sqlite") is module._classes("sqlite")


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """Traces are on; what was recorded."""
    exporter = InMemorySpanExporter()
    end = traces.begin(traces.Tracing(endpoint="", service="test", version="0", role="test"), exporter)
    yield exporter
    end()


async def test_a_call_is_a_span_of_the_trace_that_it_belongs_to(store: Store, spans: InMemorySpanExporter) -> None:
    """Named for role and method; a refusal is told, and is no failure of the span."""
    with traces.span("whole", begins=True):
        await store.concepts.get(["nowhere"])
        with pytest.raises(NotFoundError):
            await store.curation.delete_concept("nowhere")
    read, refused, whole = spans.get_finished_spans()
    assert [read.name, refused.name, whole.name] == ["concepts.get", "curation.delete_concept", "whole"]
    assert parent(read) == parent(refused) == context(whole)
    assert attributes(read) == {
        "db.system.name": "sqlite",
        "db.collection.name": "concepts",
        "db.operation.name": "get",
    }
    assert attributes(refused)["error.type"] == "NotFoundError"
    assert StatusCode.ERROR not in {read.status.status_code, refused.status.status_code}


async def test_a_call_that_fails_is_a_span_that_failed(
    database: Database, store: Store, spans: InMemorySpanExporter
) -> None:
    """By the error's type alone."""
    await database.close()
    with traces.span("whole", begins=True), pytest.raises(UnavailableError):
        await store.concepts.get(["a"])
    failed = spans.get_finished_spans()[0]
    assert (failed.status.status_code, failed.status.description) == (StatusCode.ERROR, "UnavailableError")
    assert not failed.events


def context(span: ReadableSpan) -> int:
    """Its id."""
    assert span.context is not None
    id: int = span.context.span_id
    return id


def parent(span: ReadableSpan) -> int | None:
    """The id of the span around it."""
    return span.parent.span_id if span.parent else None


def attributes(span: ReadableSpan) -> dict[str, Any]:
    """What is told of it."""
    return dict(span.attributes or {})
