"""An export of a Neo4j database, which has no snapshots, while others write to it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import TypeVar

import pytest

from graphstore.model import (
    Concept,
    Event,
    Exploration,
    Image,
    Member,
    Merge,
    Record,
    Relation,
    RelationKey,
    Source,
    Step,
    StepKind,
    StepState,
    StoredEvidence,
)
from graphstore.neo4j import open_database
from graphstore.port import Store
from tests.support.claims import (
    TOKEN,
    added,
    asked,
    begun,
    cite,
    illustrated,
    illustration,
    known,
    next_step,
    outcome,
    picture,
    picture_steps,
    says,
)
from tests.support.graphs import check_history
from tests.support.services import Neo4j
from tests.support.snapshots import records

T = TypeVar("T")


@pytest.fixture
async def stores(neo4j: Neo4j) -> AsyncIterator[tuple[Store, Store]]:
    """Two empty workspaces."""
    database = await open_database(neo4j.uri, user=neo4j.user, password=neo4j.password, database=neo4j.database)
    yield database.within("main"), database.within("other")
    await database.close()


async def exported_during_work(store: Store) -> list[Record]:
    """An export in the middle of which relations, an outcome, a merge and a deletion are stored."""
    ids = await added(store, "a", "b", "c", "d", relations=(says("a", "IS_A", "b"), says("b", "IS_A", "c")))
    e = await begun(store)
    await store.work.commit(outcome(e.id, await next_step(store, e.id), known("root", "x", "y")))
    await store.curation.merge(ids["c"], [ids["d"]])
    seen: list[Record] = []
    async with aclosing(store.archive.export()) as export:  # type: ignore[type-var]
        async for record in export:
            seen.append(record)
            if len(seen) == 1:
                await added(store, "a", "later", relations=(says("a", "CAUSES", "later", cite("new", 0.5, "late")),))
                await store.work.commit(outcome(e.id, await next_step(store, e.id), known("x", "later", "z")))
                await store.curation.merge(ids["a"], [ids["b"]])
                await store.curation.unmerge(ids["d"])
                await store.curation.delete_concept(ids["c"])
    return seen


def of(kind: type[T], exported: Sequence[Record]) -> list[T]:
    """The records of a kind."""
    return [record for record in exported if isinstance(record, kind)]


async def test_everything_a_record_refers_to_is_there(stores: tuple[Store, Store]) -> None:
    """Concepts of relations and members, subjects and sources of evidence, and no concept twice."""
    exported = await exported_during_work(stores[0])
    concepts = {c.id for c in of(Concept, exported)}
    relations = {r.key for r in of(Relation, exported)}
    assert "later" not in {c.name for c in of(Concept, exported)}
    assert {end for key in relations for end in (key.source, key.target)} <= concepts
    assert {m.concept for m in of(Member, exported)} <= concepts
    evidence = of(StoredEvidence, exported)
    assert {e.source for e in evidence} <= {s.id for s in of(Source, exported)}
    spoken_of = {e.subject for e in evidence if not isinstance(e.subject, RelationKey) or e.subject[0] != e.subject[2]}
    assert spoken_of <= concepts | relations
    assert not concepts & {m.concept.id for m in of(Merge, exported)}


async def test_pictures_of_meanwhile_are_to_be_made_still(stores: tuple[Store, Store]) -> None:
    """One that a step made is left out with the step's outcome, and so is one of a concept that came too late; one
    that was there, ready or not, is given with all that is known of it."""
    here, there = stores
    e = await illustrated(here, "root", "x")
    one, other = await picture_steps(here, e.id)
    before = (await here.work.illustrate(illustration(e.id, one.id))).image
    [queued] = await asked(here, (await added(here, "a"))["a"])
    exported: list[Record] = []
    async with aclosing(here.archive.export()) as export:  # type: ignore[type-var]
        async for record in export:
            exported.append(record)
            if len(exported) == 1:
                await here.work.illustrate(illustration(e.id, other.id))
                await asked(here, (await added(here, "late"))["late"])
    assert [image.id for image in of(Image, exported)] == [before, queued.id]
    assert of(Image, exported)[0].picture == picture()
    assert {s.id: s.state for s in of(Step, exported) if s.kind is StepKind.PICTURE} == {
        one.id: StepState.DONE,
        other.id: StepState.PENDING,
    }
    assert set(await there.archive.load(exported)) == {None}
    assert [step.id for step in await picture_steps(there, e.id)] == [other.id]


async def test_an_exploration_stands_where_it_stood_at_the_beginning(stores: tuple[Store, Store]) -> None:
    """Its step of meanwhile is to be done still, so that whoever takes it up elsewhere finds what is missing."""
    here, there = stores
    exported = await exported_during_work(here)
    [exploration] = of(Exploration, exported)
    assert exploration.next_seq == 3
    assert [e.seq for e in of(Event, exported)] == [1, 2]
    assert [s.state for s in of(Step, exported)][:3] == [StepState.DONE, StepState.PENDING, StepState.PENDING]
    assert set(await there.archive.load(exported)) == {None}
    taken = await there.work.claim(exploration.id, TOKEN, 60)
    assert taken is not None
    step = await next_step(there, exploration.id)
    await there.work.commit(outcome(exploration.id, step, known("x", "later", "z")))
    await check_history(there, exploration.id)
    members = of(Member, await records(there))
    assert len(members) == 5


@pytest.mark.parametrize("kind", [Concept, Source, Relation])
async def test_no_relation_comes_without_its_evidence(stores: tuple[Store, Store], kind: type[Record]) -> None:
    """One that somebody states meanwhile, with a source of its own, is there with both of them or not at all."""
    here, _ = stores
    await added(here, "a", "b", "c", relations=(says("a", "IS_A", "b"), says("a", "IS_A", "c")))
    exported: list[Record] = []
    async with aclosing(here.archive.export()) as export:  # type: ignore[type-var]
        async for record in export:
            if isinstance(record, kind) and not of(kind, exported):
                await added(here, "b", "c", relations=(says("b", "IS_A", "c", cite("new", 0.5, "late")),))
            exported.append(record)
    proven = {e.subject for e in of(StoredEvidence, exported)}
    assert {r.key for r in of(Relation, exported)} <= proven
    assert {e.source for e in of(StoredEvidence, exported)} <= {s.id for s in of(Source, exported)}


@pytest.mark.parametrize("parted", [False, True])
async def test_evidence_speaks_of_what_was_given(stores: tuple[Store, Store], *, parted: bool) -> None:
    """Of two concepts, too, that are merged, or parted again, after their relations were read: none comes without
    evidence, and none of it is missing."""
    here, there = stores
    ids = await added(here, "a", "b", "c", relations=(says("a", "IS_A", "b"), says("c", "USES", "b")))
    if parted:
        await here.curation.merge(ids["c"], [ids["a"]])
    before = len(of(StoredEvidence, await records(here)))
    exported: list[Record] = []
    async with aclosing(here.archive.export()) as export:  # type: ignore[type-var]
        async for record in export:
            if isinstance(record, Source) and not of(Source, exported):
                await (here.curation.unmerge(ids["a"]) if parted else here.curation.merge(ids["c"], [ids["a"]]))
            exported.append(record)
    evidence = of(StoredEvidence, exported)
    assert len(evidence) == before
    assert {e.subject for e in evidence if isinstance(e.subject, RelationKey)} == {
        r.key for r in of(Relation, exported)
    }
    assert set(await there.archive.load(exported)) == {None}
