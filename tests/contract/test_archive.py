"""A whole workspace out and in again."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphstore.errors import InvalidError
from graphstore.ids import new_id
from graphstore.model import (
    Concept,
    ConceptFilter,
    ConceptId,
    Direction,
    Event,
    Exploration,
    ExplorationFilter,
    ExplorationStatus,
    Failure,
    IdempotentResult,
    Image,
    ImageStatus,
    Member,
    PageRequest,
    Progress,
    Record,
    Relation,
    RelationKey,
    Source,
    Spend,
    Step,
    StoredEvidence,
    Tombstone,
    name_key,
)
from graphstore.port import Database, Store
from tests.support.claims import (
    TOKEN,
    added,
    asked,
    begun,
    cite,
    claim,
    draft,
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

S = ExplorationStatus
ALL = PageRequest(1_000)


async def filled(store: Store) -> None:
    """A record of every kind, with everything that can be in it."""
    relations = (says("a", "IS_A", "b"), says("b", "CAUSES", "c", cite("x", 0.3), cite("y", 1 / 3, "book")))
    words = {"aliases": ("Ä", 'comma, \x1f "quote"'), "external_ids": {"wikidata": "Q1"}, "summary": "«Ω»\n𝄞"}
    ids = await added(
        store, claim("a", kind="thing", domain="d", **words), "b", "c", "gone", "merged", relations=relations
    )
    await store.curation.add(known("d"), request_key())
    done = await begun(store, "done", depth=1)
    await store.work.commit(
        outcome(done.id, await next_step(store, done.id), known("a", "merged"), Spend(0, 0.1, 2, 0.3))
    )
    await store.work.finish(done.id, TOKEN, None, "all is said")
    await store.curation.merge(ids["a"], [ids["merged"]])
    await store.curation.delete_concept(ids["gone"])
    running = await begun(store, "running", tokens=9)
    step = await next_step(store, running.id)
    await store.work.fail(Failure(running.id, TOKEN, step, "busy", 3_600))
    await store.work.reserve(running.id, TOKEN, step, Spend(tokens=3))
    await store.control.pause((await store.control.start(draft("paused"))).id)
    await _with_images(store, ids["a"], ids["b"])


async def _with_images(store: Store, a: ConceptId, b: ConceptId) -> None:
    """Images in every status, one that an exploration has made, and a step that keeps what could not be used."""
    for status in ImageStatus:
        await image_in(store, a, status)
    [merged] = (await added(store, "painted")).values()
    await asked(store, merged)
    await store.curation.merge(a, [merged])
    await store.image_jobs.request([wanted(b, 2, prompt="Ω\n«", seed=2**40, quality="high")], request_key("k9"))
    shown = await illustrated(store, "b", "seen", concepts=5, pictures=9)
    step = (await picture_steps(store, shown.id))[0]
    await store.work.illustrate(illustration(shown.id, step.id, picture("b", 0.07)))
    [other] = await picture_steps(store, shown.id)
    await store.work.fail(Failure(shown.id, TOKEN, other.id, "garbled", None, answer='{"half": '))


async def loaded(store: Store, records: Sequence[Record]) -> list[str | None]:
    """Load in small batches; the refusals."""
    refusals: list[str | None] = []
    for start in range(0, len(records), 7):
        refusals += await store.archive.load(records[start : start + 7])
    return refusals


def moved(record: Record) -> Record:
    """A record as it is after a move to another store: nobody owns anything there."""
    if isinstance(record, Exploration):
        running = record.status is S.RUNNING
        return replace(record, lease=None, status=S.QUEUED if running else record.status)
    if isinstance(record, Image):
        generating = record.status is ImageStatus.GENERATING
        return replace(record, lease=None, status=ImageStatus.QUEUED if generating else record.status)
    return replace(record, reserved=None) if isinstance(record, Step) else record


async def test_export_load_export_is_equal(store: Store, other: Store) -> None:
    """Every kind of record comes back as it was, but for leases and reservations, which die with a move."""
    await filled(store)
    exported = await records(store)
    assert {type(r).__name__ for r in exported} == {
        *("Concept", "Relation", "Source", "StoredEvidence", "Tombstone", "Merge", "Exploration", "Step", "Member"),
        *("Event", "IdempotentResult", "Image"),
    }
    assert {r.status for r in exported if isinstance(r, Image)} == set(ImageStatus)
    assert await loaded(other, exported) == [None] * len(exported)
    expected = [moved(record) for record in exported]
    assert await records(other) == expected
    assert await loaded(other, exported) == [None] * len(exported)
    assert await records(other) == expected
    assert await records(store) == exported


async def test_concepts_come_before_relations_before_evidence(store: Store) -> None:
    """So that a reader can check each record when it comes."""
    await filled(store)
    kinds = [type(record) for record in await records(store)]
    order = [kinds.index(kind) for kind in (Concept, Image, Relation, Source, StoredEvidence)]
    assert order == sorted(order)
    assert len([k for i, k in enumerate(kinds) if i == 0 or kinds[i - 1] is not k]) == len(set(kinds))


async def test_explorations_come_after_what_belongs_to_them(store: Store) -> None:
    """A server may take up a loaded exploration at once: by then all its steps, members and events are there."""
    await filled(store)
    kinds = [type(record) for record in await records(store)]
    assert kinds.index(Exploration) > max(n for n, kind in enumerate(kinds) if kind in (Step, Member, Event))


async def test_a_load_in_any_order_is_the_same(store: Store, other: Store) -> None:
    """Degrees and look-ups are right at the end, whatever came first."""
    await filled(store)
    exported = await records(store)
    assert await loaded(other, exported[::-1]) == [None] * len(exported)
    assert await records(other) == [moved(record) for record in exported]
    assert set(await other.concepts.named(["a", "ä", "merged"])) == {"a", "ä", "merged"}
    assert set(await other.concepts.by_external_id([("wikidata", "Q1")])) == {("wikidata", "Q1")}
    assert await other.relations.types() == await store.relations.types()
    assert await other.concepts.count(ConceptFilter()) == await store.concepts.count(ConceptFilter())
    assert await other.concepts.count_hits("quote", ConceptFilter()) == 1


async def test_what_merged_concepts_said_of_each_other_goes_along(store: Store, other: Store) -> None:
    """Parted after a move, they have their relation again, which the merge had left no place for."""
    ids = await added(store, "a", "b", relations=(says("a", "IS_A", "b"),))
    key = RelationKey(ids["a"], "IS_A", ids["b"])
    before = (await store.relations.get([key]))[key].relation
    await store.curation.merge(ids["a"], [ids["b"]])
    await loaded(other, await records(store))
    assert await other.relations.types() == {}
    await other.curation.unmerge(ids["b"])
    again = (await other.relations.get([key]))[key].relation
    assert (again.confidence, again.support) == (before.confidence, before.support)


async def test_what_is_half_loaded_can_be_read(store: Store, other: Store) -> None:
    """Relations without their ends and evidence without its source wait unseen."""
    ids = await added(store, "a", "b", relations=(says("a", "IS_A", "b"),))
    key = RelationKey(ids["a"], "IS_A", ids["b"])
    early = [r for r in await records(store) if not isinstance(r, Source) and getattr(r, "name", "") != "b"]
    await other.archive.load(early)
    assert (await other.relations.of([ids["a"]], Direction.BOTH, None, ALL))[ids["a"]].items == ()
    assert await other.relations.get([key]) == {}
    assert (await other.relations.evidence([ids["a"]], ALL))[ids["a"]].items == ()
    assert (await other.relations.neighbours([ids["a"]], Direction.BOTH, None, ALL))[ids["a"]].items == ()


async def test_loaded_explorations_wait_for_an_owner(store: Store, other: Store, database: Database) -> None:
    """What had not ended is QUEUED without lease, a pause is kept, and the work goes on from there."""
    await filled(store)
    await loaded(other, await records(store))
    page = await other.explorations.page(ExplorationFilter(), ALL)
    by_topic = {item.value.topic: item.value for item in page.items}
    assert {t: e.status for t, e in by_topic.items()} == {
        "done": S.COMPLETED,
        "running": S.QUEUED,
        "paused": S.PAUSED,
        "photosynthesis": S.QUEUED,
    }
    assert not [e for e in by_topic.values() if e.lease]
    running = by_topic["running"].id
    assert await database.operations.unowned(10) == [("other", running), ("other", by_topic["photosynthesis"].id)]
    claimed = await other.work.claim(running, "heir", 60)
    assert claimed is not None
    assert [e.seq for e in await other.explorations.events(running, 0, 10)] == [1, 2, 3]


async def test_loaded_images_wait_for_a_maker(store: Store, other: Store, database: Database) -> None:
    """What was being made is QUEUED again, nobody holds it, and its attempts are counted on."""
    [leaf] = (await added(store, "leaf")).values()
    for status in ImageStatus:
        await image_in(store, leaf, status)
    await loaded(other, await records(store))
    page = (await other.images.of([leaf], ALL))[leaf]
    images = {image.status: image for image in (item.value for item in page.items) if image.attempts}
    assert set(images) == {ImageStatus.QUEUED, ImageStatus.READY, ImageStatus.FAILED}
    waiting = images[ImageStatus.QUEUED]
    assert len([ref for ref in await database.operations.unowned_images(10) if ref[0] == "other"]) == 2
    [claimed] = await other.image_jobs.claim(waiting.job, "heir", 60)
    assert (claimed.attempts, claimed.version) == (2, waiting.version + 1)


async def test_counts_are_true_after_an_older_file_and_an_incomplete_one(store: Store, other: Store) -> None:
    """An exploration that went on since the export keeps to its budget and its numbers; one of which steps are
    missing comes to its end."""
    id = (await begun(store, concepts=9)).id
    await store.work.commit(outcome(id, await next_step(store, id), known("root", "a", "b")))
    older = await records(store)
    await store.work.commit(outcome(id, await next_step(store, id), known("a", "c", "d")))
    await loaded(store, older)
    now = (await store.explorations.get([id]))[id]
    assert (now.progress.concepts_found, now.spent.concepts) == (5, 5)
    assert now.next_seq - 1 == (await store.explorations.events(id, 0, 10))[-1].seq == 3
    await loaded(other, [r for r in older if not isinstance(r, Step)])
    assert (await other.explorations.get([id]))[id].progress == Progress(concepts_found=3)


async def test_a_record_that_does_not_fit_is_refused_and_the_rest_goes_on(store: Store) -> None:
    """A name in a sense, or a source's key, that another id has: told, record by record."""
    ids = await added(store, claim("leaf", kind="organ"))
    [concept] = [r for r in await records(store) if isinstance(r, Concept)]
    [source] = [r for r in await records(store) if isinstance(r, Source)]
    batch: list[Record] = [
        replace(concept, id=new_id()),
        replace(concept, id=new_id(), sense="x:1"),
        replace(source, id=new_id()),
        replace(source, id=new_id(), key="book:1"),
        replace(concept, summary="Renewed."),
    ]
    refusals = await store.archive.load(batch)
    assert [refusal is None for refusal in refusals] == [False, True, False, True, True]
    assert "leaf" in str(refusals[0])
    assert "atlas:entry" in str(refusals[2])
    assert (await store.concepts.get([ids["leaf"]]))[ids["leaf"]].summary == "Renewed."
    assert await store.concepts.count(ConceptFilter()) == 2


async def test_a_load_replaces_what_has_the_same_id(store: Store) -> None:
    """Look-ups follow."""
    ids = await added(store, claim("leaf", aliases=("frond",), external_ids={"gnd": "1"}))
    [concept] = [r for r in await records(store) if isinstance(r, Concept)]
    changed = replace(concept, name="Blade", key="blade", aliases=("Spreite",), external_ids={"gnd": "2"}, degree=99)
    assert await store.archive.load([changed]) == [None]
    assert await store.concepts.get([ids["leaf"]]) == {ids["leaf"]: replace(changed, degree=0)}
    assert set(await store.concepts.named(["leaf", "frond", "blade", "spreite"])) == {"blade", "spreite"}
    assert set(await store.concepts.by_external_id([("gnd", "1"), ("gnd", "2")])) == {("gnd", "2")}
    assert await store.concepts.count_hits("frond", ConceptFilter()) == 0
    assert await store.concepts.count_hits("spreite", ConceptFilter()) == 1


async def test_as_much_as_an_import_writes_at_once(store: Store) -> None:
    """So many records as a batch has at most are loaded by one call, and read by their ids by one call; and a batch
    takes less time than others would wait for their turn."""
    limits = store.archive.batch
    assert limits.rows >= 100
    assert 0 < limits.seconds <= 1
    await added(store, claim("leaf", aliases=("frond",), external_ids={"gnd": "1"}))
    [leaf] = [r for r in await records(store) if isinstance(r, Concept)]
    many = [replace(leaf, id=new_id(), sense=f"gnd:{i}", external_ids={"gnd": str(i)}) for i in range(limits.rows)]
    assert await store.archive.load(many) == [None] * limits.rows
    assert (await store.concepts.get([c.id for c in many])).keys() == {c.id for c in many}
    assert len(await store.concepts.by_external_id([("gnd", str(i)) for i in range(limits.rows)])) == limits.rows


async def test_the_export_is_of_one_moment(store: Store) -> None:
    """What is written while it runs is not in it, and is not kept waiting by it."""
    await added(store, *(f"concept {i:03}" for i in range(120)))
    seen: list[Record] = []
    async with aclosing(store.archive.export()) as export:  # type: ignore[type-var]
        async for record in export:
            if not seen:
                await added(store, "later")
                await store.curation.delete_concept((await store.concepts.named(["concept 119"]))["concept 119"][0].id)
            seen.append(record)
    names = {r.name for r in seen if isinstance(r, Concept)}
    assert names == {f"concept {i:03}" for i in range(120)}
    assert not [r for r in seen if isinstance(r, Tombstone)]
    assert "later" in {r.name for r in await records(store) if isinstance(r, Concept)}


async def test_an_export_may_be_left_early(store: Store) -> None:
    """The store goes on, and can be closed."""
    await added(store, *(f"concept {i}" for i in range(50)))
    for _ in range(3):
        async with aclosing(store.archive.export()) as export:  # type: ignore[type-var]
            assert isinstance(await anext(export), Concept)
    assert len(await records(store)) == 101


async def test_a_loaded_idempotency_key_lives_for_a_day(store: Store) -> None:
    """Less than 24 hours old it answers; older, it is as if it had never been."""
    now = datetime.now(UTC)
    result = '{"concepts":{"a":"1"},"created":["1"],"relations":[]}'
    key = request_key()
    young = IdempotentResult(key.principal, key.mutation, key.key, key.input_hash, result, now - timedelta(hours=23.9))
    old = replace(young, key="old", created=now - timedelta(hours=24.1))
    await store.archive.load([young, old])
    assert (await store.curation.add(known("b"), key)).concepts == {"a": "1"}
    assert (await store.curation.add(known("b"), replace(key, key="old", input_hash="h2"))).created


async def test_workspaces_hold_the_same_records_apart(store: Store, other: Store) -> None:
    """The same ids in two workspaces are two things: what is done to one leaves the other alone."""
    await filled(store)
    exported = await records(store)
    await loaded(other, exported)
    for concept in [r for r in exported if isinstance(r, Concept)]:
        await store.curation.delete_concept(concept.id)
    for exploration in [r for r in exported if isinstance(r, Exploration)]:
        if exploration.status is not S.COMPLETED:
            await store.control.cancel(exploration.id, "enough")
        await store.control.delete(exploration.id)
    assert await records(other) == [moved(record) for record in exported]


_texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
_names = _texts.filter(name_key)
_times = st.datetimes(datetime(1970, 1, 2), datetime(9999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_concepts = st.builds(
    lambda name, **rest: Concept(id=new_id(), name=name, key=name_key(name), sense=new_id(), degree=0, **rest),
    _names,
    kind=_texts,
    domain=_texts,
    summary=_texts,
    aliases=st.lists(_names, max_size=3).map(tuple),
    external_ids=st.dictionaries(_names, _names, max_size=2),
    confidence=st.floats(0, 1),
    support=st.integers(0, 2**53),
    version=st.integers(1, 2**53),
    created=_times,
    updated=_times,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(concept=_concepts)
async def test_any_concept_comes_back_as_it_was(store: Store, concept: Concept) -> None:
    """Every character, float and time. Examples differ in id and share the store."""
    assert await store.archive.load([concept]) == [None]
    assert await store.concepts.get([concept.id]) == {concept.id: concept}
    found = await store.concepts.named([concept.key, *map(name_key, concept.aliases)])
    assert all(concept in senses for senses in found.values())
    assert concept.key in found


async def test_text_that_is_no_text_is_refused(store: Store) -> None:
    """Lone surrogates cannot be stored: an error of the caller's, and nothing is changed."""
    for words in ({"summary": "a\ud800b"}, {"aliases": ("\ud800",)}, {"external_ids": {"\udfff": "1"}}):
        with pytest.raises(InvalidError):
            await store.curation.add(known("fine", claim("x", **words)))
    asked = draft()
    with pytest.raises(InvalidError):
        await store.control.start(replace(asked, options=replace(asked.options, instructions="\ud800")))
    assert await records(store) == []
