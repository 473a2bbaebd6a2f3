"""How SQLite finds rows: by an index, always."""

import re
import sqlite3
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphstore.model import (
    ConceptFilter,
    ConceptOrder,
    ConceptPatch,
    Direction,
    ExplorationFilter,
    Failure,
    ImageStatus,
    PageRequest,
    RelationKey,
    Spend,
    StepFilter,
    StepKind,
)
from graphstore.port import Store
from graphstore.sqlite import SqliteDatabase, open_database
from graphstore.sqlite.connections import open_reader
from tests.support.claims import (
    TOKEN,
    added,
    asked,
    begun,
    cite,
    illustrated,
    illustration,
    image_in,
    known,
    next_step,
    outcome,
    picture,
    picture_steps,
    request_key,
    says,
    wanted,
)
from tests.support.snapshots import records

_NO_TABLES = "hit|hits|home|job|merged|near|unowned"
"""What statements call their own intermediate results."""
_WHOLE = re.compile(
    rf"^SCAN (?!.*VIRTUAL TABLE|\(subquery|CONSTANT ROW|(?:{_NO_TABLES})\b)|^SEARCH .*\(workspace=\?\)$"
)
"""A step that walks a stored table from end to end, or all that a workspace has in it."""

DELIBERATE = {
    "SCAN tally": "a row for each workspace",
    "SCAN relation_type": "a row for each relation type",
    "SCAN exploration USING COVERING INDEX": "the operator's count of all",
    "SCAN exploration USING INDEX exploration_unended": "holds only those that have not ended",
    "SCAN image USING INDEX image_unfinished": "holds only those that are still to be made",
    "SEARCH c USING INDEX concept_": "a page of all concepts, in the order of an index",
    "SEARCH exploration USING": "a page of all explorations, or how many there are",
    "SEARCH relation_type USING PRIMARY KEY": "a row for each relation type",
    "SCAN sqlite_master": "the file's table of contents",
    "SCAN main.concept_text_config": "FTS5 reads its own settings",
}


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    """A database file."""
    database = await open_database(tmp_path / "graph.db")
    yield database
    await database.close()


async def _traced(database: SqliteDatabase) -> list[str]:
    """A list that gets all statements that are run from now on."""
    statements: list[str] = []
    for lane in (database.writer, database.reader, database.slow):
        await lane.run(lambda db: db.set_trace_callback(statements.append))
    return statements


async def _everything(database: SqliteDatabase, store: Store) -> None:
    """Call every method of every port."""
    relations = (says("a", "IS_A", "b"), says("b", "USES", "c", cite(), cite(origin="book")))
    ids = await added(store, "a", "b", "c", "d", relations=relations)
    await store.curation.add(known("a"), request_key())
    a, key = ids["a"], RelationKey(ids["a"], "IS_A", ids["b"])
    e = await begun(store)
    step = await next_step(store, e.id)
    await store.work.reserve(e.id, TOKEN, step, Spend())
    await store.work.commit(outcome(e.id, step, known("a", "b", "d")))
    await store.work.commit(outcome(e.id, step, known("a", "b", "d")))
    await store.work.renew(e.id, TOKEN, 60)
    await _concept_reads(store, a)
    await _relation_reads(store, a, key)
    await _exploration_reads(store, e.id, step)
    await _images(store, a)
    await _operations(database, e.id)
    await _changes(store, dict(ids), e.id)
    await records(store)


async def _concept_reads(store: Store, a: str) -> None:
    one = ConceptFilter()
    await store.concepts.get([a, "nowhere"])
    await store.concepts.named(["a"])
    await store.concepts.by_external_id([("a", "b")])
    await store.concepts.similar([a], 5)
    for filter in (one, ConceptFilter(("k",), ("d",), "a", 0.5)):
        await store.concepts.count(filter)
        await store.concepts.count_hits("about", filter)
        for order in ConceptOrder:
            for backward in (False, True):
                page = await store.concepts.page(one, order, PageRequest(2, backward=backward))
                place = page.items[0].cursor
                await store.concepts.page(filter, order, PageRequest(2, after=place, before=place, backward=backward))
        hits = await store.concepts.search("a", one, PageRequest(2))
        await store.concepts.search("a", filter, PageRequest(2, after=hits.items[0].cursor, backward=True))


async def _relation_reads(store: Store, a: str, key: RelationKey) -> None:
    await store.relations.get([key])
    await store.relations.types()
    await store.relations.count_evidence([a, key])
    await store.relations.source_kinds([a, key])
    for types in (None, ["IS_A"]):
        await store.relations.links([a], types, 10)
        for direction in Direction:
            await store.relations.count([a], direction, types)
            await store.relations.count_neighbours([a], direction, types)
            for backward in (False, True):
                first, near = PageRequest(2, backward=backward), PageRequest(2, after=(-1.0, "x"), backward=backward)
                after = PageRequest(2, after=(-1.0, -1, "T", "s", "t"), backward=backward)
                for request in (first, after):
                    await store.relations.of([a], direction, types, request)
                for request in (first, near):
                    await store.relations.neighbours([a], direction, types, request)
                    found = await store.relations.evidence([a, key], request)
    await store.relations.sources([item.value.source.id for page in found.values() for item in page.items])


async def _exploration_reads(store: Store, id: str, step: str) -> None:
    for filter in (ExplorationFilter(), ExplorationFilter((), "a")):
        await store.explorations.page(filter, PageRequest(1))
        await store.explorations.page(filter, PageRequest(1, after=(1, "x"), backward=True))
        await store.explorations.count(filter)
    for request in (PageRequest(1), PageRequest(1, after=(1, "x"), before=(9, "x"), backward=True)):
        await store.explorations.members([id], request)
        await store.explorations.steps([id], StepFilter(), request)
        await store.explorations.steps([id], StepFilter(()), request)
    await store.explorations.get([id])
    await store.explorations.steps_by_id([step])
    await store.explorations.frontier(id, StepKind.EXPAND, 1)
    await store.explorations.events(id, 0, 1)
    await store.explorations.oldest_seq(id)


async def _images(store: Store, a: str) -> None:
    """In every status, of an exploration too."""
    for status in ImageStatus:
        image = await image_in(store, a, status)
    await store.image_jobs.request([wanted(a)], request_key("k2"))
    [held] = await asked(store, a)
    await store.image_jobs.claim(held.job, "maker", 60)
    await store.image_jobs.renew(held.job, "maker", 60)
    await store.image_jobs.release(held.job, "maker")
    await store.image_jobs.delete(held.id)
    await store.images.get([image.id])
    await store.images.count([a])
    await store.images.shown([picture().digest])
    for backward in (False, True):
        page = (await store.images.of([a], PageRequest(2, backward=backward)))[a]
        place = page.items[0].cursor
        await store.images.of([a], PageRequest(2, after=place, before=place, backward=backward))
    e = await illustrated(store, "a", "b")
    step = (await picture_steps(store, e.id))[0]
    for _ in range(2):
        await store.work.illustrate(illustration(e.id, step.id))


async def _operations(database: SqliteDatabase, id: str) -> None:
    await database.operations.status()
    await database.operations.unowned(5)
    await database.operations.unowned_images(5)
    await database.operations.waiting()
    await database.operations.newest_seqs([("main", id)])
    await database.operations.foreign_changes()
    await database.operations.trim(datetime.now(UTC))


async def _changes(store: Store, ids: dict[str, str], id: str) -> None:
    await store.work.fail(Failure(id, TOKEN, await next_step(store, id), "no", None))
    await store.work.finish(id, TOKEN, "concepts", None)
    await store.control.retry_failed(id)
    await store.work.claim(id, TOKEN, 60)
    await store.work.release(id, TOKEN)
    await store.curation.update_concept(ids["a"], ConceptPatch(name="z", aliases=("y",)), 1, cite())
    await store.curation.merge(ids["a"], [ids["b"]])
    await store.curation.unmerge(ids["b"])
    page = (await store.relations.evidence([ids["c"]], PageRequest(1)))[ids["c"]]
    await store.curation.retype_relation(RelationKey(ids["a"], "IS_A", ids["b"]), "USES", 1, cite())
    await store.curation.delete_relation(RelationKey(ids["a"], "USES", ids["b"]))
    await store.curation.delete_source(page.items[0].value.source.id)
    await store.curation.delete_concept(ids["d"])
    await store.control.cancel(id, "enough")
    await store.control.delete(id)


@pytest.fixture
async def plans(database: SqliteDatabase) -> Mapping[str, set[str]]:
    """All steps of the plans of all that the ports run, reads and writes, with the statements."""
    statements = await _traced(database)
    await _everything(database, database.within("main"))
    assert len(statements) > 400
    explained = open_reader(database.path)
    found: dict[str, set[str]] = {}
    for statement in {s for s in statements if s.lstrip().startswith(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE"))}:
        for line in _plan(explained, statement):
            found.setdefault(line, set()).add(statement)
    explained.close()
    return found


def test_no_statement_walks_a_whole_table(plans: Mapping[str, set[str]]) -> None:
    """Only those named as deliberate look at every row."""
    walks = {line: found for line, found in plans.items() if _WHOLE.match(line)}
    assert {line: found for line, found in walks.items() if not line.startswith(tuple(DELIBERATE))} == {}


SOUGHT = (
    "step_frontier (workspace=? AND exploration=? AND state=? AND kind=? AND depth<?)",
    "event_step (workspace=? AND exploration=? AND step=?)",
    "image_by_age (workspace=? AND concept=? AND (created,id)<(?,?))",
    "image_by_age (workspace=? AND concept=? AND (created,id)>(?,?))",
    "image_job (workspace=? AND job=?)",
    "image_digest (workspace=? AND digest=?)",
)
"""By what rows are found of which there may be many in an exploration, or of a concept."""


def test_rows_are_sought_by_all_that_is_known_of_them(plans: Mapping[str, set[str]]) -> None:
    """Not all of an exploration's steps and events are gone through, nor all of a concept's images."""
    assert [index for index in SOUGHT if not any(line.endswith(index) for line in plans)] == []


def _plan(connection: sqlite3.Connection, statement: str) -> list[str]:
    return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]


def test_the_check_sees_a_walk(tmp_path: Path) -> None:
    """A statement without an index of its own is found by it."""
    connection = sqlite3.connect(tmp_path / "x.db")
    connection.execute("CREATE TABLE thing (workspace, a, b)")
    connection.execute("CREATE INDEX thing_a ON thing (workspace, a)")
    sought = "SELECT * FROM thing WHERE workspace = 'main' AND"
    for statement, walks in (("SELECT * FROM thing", 1), (f"{sought} b = 1", 1), (f"{sought} a = 1", 0)):
        assert len([line for line in _plan(connection, statement) if _WHOLE.match(line)]) == walks
    connection.close()


async def test_a_page_of_relations_for_many_concepts_is_a_fixed_number_of_statements(database: SqliteDatabase) -> None:
    """However many concepts are asked."""
    store = database.within("main")
    ids = await added(
        store, *(f"c{i}" for i in range(40)), relations=tuple(says("c0", "USES", f"c{i}") for i in range(1, 40))
    )
    statements = await _traced(database)
    counts = []
    for names in (["c1"], list(ids)):
        statements.clear()
        await store.relations.of([ids[name] for name in names], Direction.BOTH, None, PageRequest(10))
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 6
