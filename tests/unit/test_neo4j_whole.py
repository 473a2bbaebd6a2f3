"""What is read of nodes and relationships while another transaction deletes them.

Neo4j gives null then for what it had not read yet. Here it is taken away before: what comes to the reader is the same.
"""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path

import neo4j as driver
import pytest

from graphstore import neo4j, sqlite
from graphstore.model import (
    Concept,
    ConceptFilter,
    ConceptOrder,
    Direction,
    Event,
    Exploration,
    ExplorationFilter,
    IdempotentResult,
    Image,
    ImageStatus,
    Member,
    Merge,
    PageRequest,
    Record,
    Relation,
    RelationKey,
    Source,
    Step,
    StepFilter,
    StepKind,
    StoredEvidence,
    Tombstone,
)
from graphstore.neo4j.database import Neo4jDatabase
from graphstore.rows import explorations, graph, images
from tests.support.claims import added, begun, claim, image_in, known, next_step, outcome, request_key, says
from tests.support.services import Neo4j
from tests.support.snapshots import records

ALL = PageRequest(100)
WORKSPACE = "main"


@pytest.fixture
async def database(neo4j: Neo4j) -> AsyncIterator[Neo4jDatabase]:
    """An empty database."""
    opened = await open_at(neo4j)
    yield opened
    await opened.close()


async def open_at(server: Neo4j) -> Neo4jDatabase:
    """The database of the tests."""
    return await neo4j.open_database(server.uri, user=server.user, password=server.password, database=server.database)


async def filled(database: Neo4jDatabase) -> list[str]:
    """A record of every kind; the ids of concepts, explorations and images."""
    store = database.within(WORKSPACE)
    words = {"aliases": ("leaflet",), "external_ids": {"wikidata": "Q1"}}
    ids = await added(
        store, claim("leaf", **words), "leaves", "gone", "tree", relations=(says("leaf", "PART_OF", "tree"),)
    )
    await store.curation.add(known("moss"), request_key())
    await store.curation.delete_concept(ids["gone"])
    await store.curation.merge(ids["tree"], list((await added(store, "trees")).values()))
    image = await image_in(store, ids["leaf"], ImageStatus.READY)
    explored = await begun(store, "leaf", depth=1)
    await store.work.commit(outcome(explored.id, await next_step(store, explored.id), known("root", "leaf")))
    running = await begun(store, "tree")
    return [*ids.values(), explored.id, running.id, image.id]


def take_away(server: Neo4j, where: str, field: str) -> None:
    """A property of all that this matches."""
    with driver.GraphDatabase.driver(server.uri, auth=server.auth, telemetry_disabled=True) as opened:
        statement = driver.Query(f"MATCH {where} SET n.{field} = null RETURN count(n)")  # type: ignore[arg-type]
        with opened.session(database=server.database) as session:
            assert session.run(statement).single(strict=True).value() > 0


async def read_all(database: Neo4jDatabase, ids: list[str]) -> list[object]:
    """The answers of everything that reads records in a workspace."""
    store = database.within(WORKSPACE)
    concepts, relations, runs = store.concepts, store.relations, store.explorations
    keys = [RelationKey(a, "PART_OF", b) for a in ids for b in ids]
    return [
        await concepts.get(ids),
        await concepts.named(["leaf", "leaflet", "tree", "trees"]),
        await concepts.by_external_id([("wikidata", "Q1")]),
        *[await concepts.page(ConceptFilter(), order, ALL) for order in ConceptOrder],
        await concepts.search("leaf", ConceptFilter(), ALL),
        await concepts.similar(ids, 5),
        await relations.get(keys),
        await relations.of(ids, Direction.BOTH, None, ALL),
        await relations.neighbours(ids, Direction.BOTH, None, ALL),
        await relations.links(ids, None, 100),
        await relations.types(),
        await relations.evidence([*ids, *keys], ALL),
        await relations.source_kinds([*ids, *keys]),
        await runs.get(ids),
        await runs.page(ExplorationFilter(), ALL),
        await runs.members(ids, ALL),
        steps := await runs.steps(ids, StepFilter(), ALL),
        await runs.steps_by_id([item.value.id for page in steps.values() for item in page.items]),
        *[await runs.frontier(id, kind, 100) for id in ids for kind in StepKind],
        *[await runs.events(id, 0, 100) for id in await runs.get(ids)],
        await store.images.get(ids),
        await store.images.of(ids, ALL),
    ]


@pytest.mark.services
@pytest.mark.xdist_group("services")
@pytest.mark.parametrize(
    ("where", "field", "kind"),
    [
        ("(n:Concept)", "updated", Concept),
        ("(n:Concept)", "summary", Concept),
        ("()-[n]->()", "updated", Relation),
        ("(n:Source)", "created", Source),
        ("(n:Evidence)", "created", StoredEvidence),
        ("(n:Evidence)", "quote", StoredEvidence),
        ("(n:Tombstone)", "created", Tombstone),
        ("(n:Merge)", "body", Merge),
        ("(n:Exploration)", "progress", Exploration),
        ("(n:Step)", "spent", Step),
        ("(n:Member)", "depth", Member),
        ("(n:Event)", "body", Event),
        ("(n:IdempotentResult)", "result", IdempotentResult),
        ("(n:Image)", "options", Image),
    ],
)
async def test_what_goes_while_it_is_read_is_left_out(
    database: Neo4jDatabase, neo4j: Neo4j, where: str, field: str, kind: type[Record]
) -> None:
    """Of every read and of an export, with the place in an order that it had; nothing fails."""
    ids = await filled(database)
    before = await records(database.within(WORKSPACE))
    assert kind in {type(record) for record in before}
    take_away(neo4j, where, field)
    shown = repr(await read_all(database, ids))
    assert f"{kind.__name__}(" not in shown
    left = await records(database.within(WORKSPACE))
    assert kind not in {type(record) for record in left}


@pytest.mark.parametrize(
    ("table", "columns", "maybe"),
    [
        ("concept", graph.CONCEPT, ()),
        ("relation", graph.RELATION, ()),
        ("source", graph.SOURCE, graph.MAYBE_OF_SOURCE),
        ("evidence", graph.EVIDENCE, graph.MAYBE_OF_EVIDENCE),
        ("tombstone", graph.TOMBSTONE, ()),
        ("merge", ("body",), ()),
        ("exploration", explorations.EXPLORATION, explorations.MAYBE_OF_EXPLORATION),
        ("step", explorations.STEP, explorations.MAYBE_OF_STEP),
        ("member", explorations.MEMBER, ()),
        ("event", explorations.EVENT, explorations.MAYBE_OF_EVENT),
        ("idempotent_result", explorations.IDEMPOTENT_RESULT, ()),
        ("image", images.IMAGE, images.MAYBE_OF_IMAGE),
    ],
)
async def test_what_may_be_null_is_what_the_other_store_lets_be_null(
    tmp_path: Path, table: str, columns: Sequence[str], maybe: Sequence[str]
) -> None:
    """Else a record that has nothing there would never be shown."""
    path = tmp_path / "graph.db"
    await (await sqlite.open_database(path)).close()
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(f"SELECT name, \"notnull\" FROM pragma_table_info('{table}')").fetchall()
    nullable = {name for name, not_null in rows if not not_null}
    assert set(maybe) == nullable.intersection(columns)
