"""What is seen of Neo4j from outside: its retries, and the statements in a trace."""

from collections.abc import AsyncIterator

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from graphstore.errors import UnavailableError
from graphstore.neo4j import open_database
from graphstore.observed import observed
from graphstore.port import Database
from telemetry import traces
from tests.support.claims import added, says
from tests.support.figures import Moved
from tests.support.prometheus import free_port
from tests.support.services import Neo4j

SECRET = "hunter2"


async def test_what_is_tried_again_is_counted() -> None:
    """By the driver's name for what went wrong."""
    moved = Moved()
    with pytest.raises(UnavailableError):
        await open_database(f"bolt://127.0.0.1:{free_port()}")
    assert moved.all("db_retries_total") == {("neo4j", "ServiceUnavailable"): 3}


@pytest.fixture
async def database(neo4j: Neo4j) -> AsyncIterator[Database]:
    """A measured database."""
    opened = await open_database(neo4j.uri, user=neo4j.user, password=neo4j.password, database=neo4j.database)
    yield observed(opened)
    await opened.close()


async def test_each_statement_is_a_span_without_its_parameters(database: Database) -> None:
    """Below the call that sends it; what a user wrote is in none of them."""
    exporter, store = InMemorySpanExporter(), database.within("main")
    end = traces.begin(traces.Tracing(endpoint="", service="test", version="0", role="test"), exporter)
    try:
        with traces.span("whole", begins=True):
            await added(store, SECRET, "b", relations=(says(SECRET, "IS_A", "b"),))
            await store.concepts.named([SECRET])
    finally:
        end()
    found = exporter.get_finished_spans()
    calls = {each.context.span_id: each.name for each in found if each.context and each.name != "neo4j statement"}
    statements = [
        (calls[each.parent.span_id], each) for each in found if each.name == "neo4j statement" and each.parent
    ]
    assert {each.kind for _, each in statements} == {SpanKind.CLIENT}
    assert [call for call, _ in statements].count("concepts.named") == 1
    assert [call for call, _ in statements].count("curation.add") > 3
    texts = [str((each.attributes or {})["db.query.text"]) for _, each in statements]
    assert "COMMIT" in texts
    assert SECRET not in str([each.to_json() for each in found])
