"""Changing the graph: identity, evidence, corrections, deletions."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from graphstore.errors import (
    ConflictError,
    IdempotencyConflict,
    InvalidError,
    NotFoundError,
    VersionConflict,
)
from graphstore.model import (
    ConceptFilter,
    ConceptPatch,
    Direction,
    Knowledge,
    PageRequest,
    RelationClaim,
    RelationKey,
)
from graphstore.port import Database, Store
from tests.support.claims import added, begun, cite, claim, draft, known, next_step, outcome, request_key, says, stored
from tests.support.snapshots import records

ALL = PageRequest(1_000)


async def relation_keys(store: Store, id: str) -> set[RelationKey]:
    """The keys of a concept's relations."""
    page = (await store.relations.of([id], Direction.BOTH, None, ALL))[id]
    return {item.value.relation.key for item in page.items}


async def test_added_concepts_are_stored_as_claimed(store: Store) -> None:
    """Every word of a claim comes back; the id is new, the version 1, the times are the commit's."""
    words = {
        "kind": "Organ",
        "domain": "biology",
        "summary": "Flat.",
        "aliases": ("frond", "blade"),
        "external_ids": {"gnd": "1"},
    }
    recorded = await store.curation.add(known(claim("The  Leaf ", **words)))
    id = recorded.concepts["The  Leaf "]
    concept = await stored(store, id)
    assert recorded.created == {id}
    assert (concept.name, concept.key, concept.sense, concept.kind) == ("The Leaf", "the leaf", "organ", "Organ")
    assert (concept.domain, concept.summary, concept.aliases) == ("biology", "Flat.", ("frond", "blade"))
    assert (concept.external_ids, concept.version, concept.degree) == ({"gnd": "1"}, 1, 0)
    assert concept.created == concept.updated
    assert concept.created.utcoffset() is not None


async def test_a_name_that_is_known_is_the_same_concept(store: Store) -> None:
    """Case, spacing and Unicode form make no difference; new words fill gaps, and never replace what is there."""
    ids = await added(store, claim("Straße", kind="way", summary="A way."))
    again = await store.curation.add(
        known(claim("STRASSE", kind="Way", summary="Another.", domain="traffic", aliases=("road",)))
    )
    assert again.concepts["STRASSE"] == ids["Straße"]
    assert again.created == frozenset()
    concept = await stored(store, ids["Straße"])
    assert (concept.name, concept.summary, concept.domain, concept.version) == ("Straße", "A way.", "traffic", 1)
    assert concept.aliases == ("road",)


async def test_kinds_and_external_ids_tell_concepts_apart(store: Store) -> None:
    """One name under two kinds is two concepts; so is one with another external id of the same scheme."""
    ids = await added(
        store,
        claim("bank", ref="money", kind="company", external_ids={"wikidata": "Q1"}),
        claim("bank", ref="river", kind="landform"),
        claim("bank", ref="another", kind="company", sense="x:2", external_ids={"wikidata": "Q2"}),
    )
    assert len(set(ids.values())) == 3


async def test_external_ids_tell_namesakes_of_one_kind_apart(store: Store) -> None:
    """Whether they come together or not. Each is found again by its id; the name alone still means the first."""
    first, second, third = (
        claim("bank", ref=id, kind="company", external_ids={"wikidata": id}) for id in ("Q1", "Q2", "Q3")
    )
    ids = {**await added(store, first), **await added(store, second, third)}
    assert len(set(ids.values())) == 3
    again = await added(store, third, claim("bank", ref="any", kind="company"), second)
    assert again == {"Q2": ids["Q2"], "Q3": ids["Q3"], "any": ids["Q1"]}


async def test_aliases_and_external_ids_lead_to_a_known_concept(store: Store) -> None:
    """An external id decides whatever the name is; an alias does where no name matches."""
    ids = await added(store, claim("water", aliases=("H2O",), external_ids={"wikidata": "Q283"}))
    again = await added(store, claim("h2o"), claim("Wasser", ref="german", external_ids={"wikidata": "Q283"}))
    assert set(again.values()) == {ids["water"]}
    assert (await stored(store, ids["water"])).aliases == ("H2O", "Wasser")


async def test_claims_of_one_addition_are_resolved_among_each_other(store: Store) -> None:
    """The same concept claimed twice is stored once, with the words of both."""
    recorded = await store.curation.add(
        known(claim("leaf", ref="1", summary="Flat."), claim("Leaf", ref="2", domain="biology"))
    )
    assert recorded.concepts["1"] == recorded.concepts["2"]
    assert len(recorded.created) == 1
    concept = await stored(store, recorded.concepts["1"])
    assert (concept.summary, concept.domain) == ("Flat.", "biology")


async def test_a_claim_by_id_speaks_of_that_concept_whatever_its_name(store: Store) -> None:
    """It may be related and cited; an unknown id is left out with its relations."""
    ids = await added(store, claim("leaf", summary="Flat."), "plant")
    before = await stored(store, ids["leaf"])
    bare = replace(claim("leaf", ref="l", summary="Other."), id=ids["leaf"], evidence=())
    lost = replace(claim("lost", ref="lost"), id="nowhere")
    recorded = await store.curation.add(
        known(bare, "plant", lost, relations=(says("l", "PART_OF", "plant"), says("lost", "IS_A", "l")))
    )
    assert dict(recorded.concepts) == {"l": ids["leaf"], "plant": ids["plant"]}
    assert recorded.relations == (RelationKey(ids["leaf"], "PART_OF", ids["plant"]),)
    assert await stored(store, ids["leaf"]) == replace(before, degree=1)


async def test_confidence_and_support_follow_the_evidence(store: Store) -> None:
    """Origins are independent, sources of one origin are not; the same words again add nothing."""
    ids = await added(
        store, claim("a", cite("x", 0.5), cite("y", 0.4)), "b", relations=(says("a", "USES", "b", cite("x", 0.5)),)
    )
    key = RelationKey(ids["a"], "USES", ids["b"])
    for _ in range(2):
        await added(
            store, claim("a", cite("z", 0.5, "book")), "b", relations=(says("a", "USES", "b", cite("z", 0.5, "book")),)
        )
    concept, relation = await stored(store, ids["a"]), (await store.relations.get([key]))[key].relation
    assert (concept.confidence, concept.support) == (0.75, 2)
    assert (relation.confidence, relation.support, relation.version) == (0.75, 2, 1)
    assert await store.relations.count_evidence([ids["a"], key]) == {ids["a"]: 3, key: 2}


async def test_contradicting_relations_are_flagged_until_one_goes(store: Store) -> None:
    """Whichever came first, both carry the flag; when one is deleted the other loses it."""
    ids = await added(store, "a", "b", relations=(says("a", "CAUSES", "b"),))
    await added(store, "a", "b", relations=(says("a", "PREVENTS", "b"), says("a", "IS_A", "b")))
    causes, prevents, is_a = [RelationKey(ids["a"], t, ids["b"]) for t in ("CAUSES", "PREVENTS", "IS_A")]
    edges = await store.relations.get([causes, prevents, is_a])
    assert [edges[k].relation.contradicted for k in (causes, prevents, is_a)] == [True, True, False]
    await store.curation.delete_relation(causes)
    assert not (await store.relations.get([prevents]))[prevents].relation.contradicted


async def test_malformed_claims_are_dropped_or_refused(store: Store) -> None:
    """Self-loops, unknown refs and unattested new relations are dropped; a malformed type refuses all."""
    claims = ("a", "b")
    loops = (says("a", "IS_A", "a"), says("a", "IS_A", "nowhere"), RelationClaim("a", "IS_A", "b"))
    assert (await store.curation.add(known(*claims, relations=loops))).relations == ()
    for type in ("is_a", "", "IS A", "_A", "1A", "A" * 65, "IS_A\n", "Ä"):
        with pytest.raises(InvalidError):
            await store.curation.add(known("c", *claims, relations=(says("a", type, "b"),)))
    assert await store.concepts.named(["c"]) == {}
    assert await store.relations.types() == {}


async def test_relation_types_are_limited(store: Store) -> None:
    """A workspace holds at most 1,000 types; the addition that would exceed them changes nothing."""
    await added(store, "a", "b", relations=tuple(says("a", f"T{i}", "b") for i in range(1_000)))
    with pytest.raises(InvalidError):
        await store.curation.add(known("c", "a", "b", relations=(says("a", "T1000", "b"),)))
    assert await store.concepts.named(["c"]) == {}
    await added(store, "c", "a", relations=(says("c", "T999", "a"),))


async def test_a_repeated_request_answers_with_the_first_result(store: Store, other: Store) -> None:
    """The key is one principal's, mutation's and workspace's; with another input it is refused."""
    first = await store.curation.add(known("a", "b", relations=(says("a", "IS_A", "b"),)), request_key())
    before = await records(store)
    assert await store.curation.add(known("a", "b"), request_key()) == first
    assert await records(store) == before
    with pytest.raises(IdempotencyConflict):
        await store.curation.add(known("c"), request_key(input_hash="h2"))
    assert (await store.curation.add(known("c"), request_key("k2"))).created
    assert (await store.curation.add(known("d"), replace(request_key(), principal="bob"))).created
    assert (await store.curation.add(known("e"), request_key(mutation="other"))).created
    assert (await other.curation.add(known("a"), request_key())).created


async def test_a_failed_request_may_be_repeated_under_its_key(store: Store) -> None:
    """Nothing of a refused addition stays, not even its key."""
    with pytest.raises(InvalidError):
        await store.curation.add(known("a", "b", relations=(says("a", "bad", "b"),)), request_key())
    assert (await store.curation.add(known("a"), request_key(input_hash="h2"))).created


async def test_two_that_create_one_concept_at_once_end_with_one(opener: Callable[[], Awaitable[Database]]) -> None:
    """Whatever the timing, several processes adding the same knowledge store each thing once."""
    stores = [(await opener()).within("main") for _ in range(3)]
    names = [f"concept {i}" for i in range(10)]
    relations = tuple(says(names[0], "RELATED_TO", n) for n in names[1:])
    added_by_each = await asyncio.gather(
        *(store.curation.add(known(*names, relations=relations)) for store in stores for _ in range(3))
    )
    assert len({tuple(sorted(r.concepts.items())) for r in added_by_each}) == 1
    assert sum(len(r.created) for r in added_by_each) == len(names)
    for store in stores:
        assert await store.concepts.count(ConceptFilter()) == len(names)
        assert await store.relations.types() == {"RELATED_TO": 9}


PATCHED = ConceptPatch("Blade", "New.", "Organ", "botany", ("leaf", "Frond"), {"gnd": "2"})


async def test_a_person_may_change_every_word(store: Store) -> None:
    """The version rises, the person is cited, look-ups follow the new words, and the rest stays."""
    ids = await added(store, claim("leaf", aliases=("old",), external_ids={"gnd": "1"}))
    changed = await store.curation.update_concept(ids["leaf"], PATCHED, 1, cite("I know", 1.0, "ann"))
    assert changed == await stored(store, ids["leaf"])
    assert (changed.name, changed.summary, changed.kind, changed.sense) == ("Blade", "New.", "Organ", "organ")
    assert (changed.domain, changed.aliases, changed.external_ids) == ("botany", ("leaf", "Frond"), {"gnd": "2"})
    assert (changed.version, changed.support, changed.confidence) == (2, 2, 1.0)
    assert set(await store.concepts.named(["blade", "leaf", "frond", "old"])) == {"blade", "leaf", "frond"}
    assert set(await store.concepts.by_external_id([("gnd", "1"), ("gnd", "2")])) == {("gnd", "2")}
    untouched = await store.curation.update_concept(ids["leaf"], ConceptPatch(), 2, cite("again", 1.0, "ann"))
    assert replace(untouched, version=2, updated=changed.updated) == changed


async def test_changes_that_do_not_fit_are_refused(store: Store, other: Store) -> None:
    """A missing concept, an old version, a taken name or external id: nothing is changed."""
    ids = await added(store, claim("leaf", kind="organ"), claim("root", kind="organ", external_ids={"gnd": "1"}))
    before = await records(store)
    person = cite("I know", 1.0, "ann")
    with pytest.raises(NotFoundError):
        await store.curation.update_concept("nowhere", ConceptPatch(), 1, person)
    with pytest.raises(NotFoundError):
        await other.curation.update_concept(ids["leaf"], ConceptPatch(), 1, person)
    with pytest.raises(VersionConflict) as conflict:
        await store.curation.update_concept(ids["leaf"], ConceptPatch(name="x"), 3, person)
    assert (conflict.value.expected, conflict.value.actual) == (3, 1)
    for patch in (ConceptPatch(name="ROOT"), ConceptPatch(external_ids={"gnd": "1"})):
        with pytest.raises(ConflictError):
            await store.curation.update_concept(ids["leaf"], patch, 1, person)
    assert await records(store) == before


async def test_a_deleted_concept_takes_its_relations_along_and_is_remembered(store: Store) -> None:
    """Its relations, evidence, memberships go; explorations leave it alone until a person brings it back."""
    ids = await added(
        store, claim("leaf", external_ids={"gnd": "1"}), "plant", relations=(says("leaf", "PART_OF", "plant"),)
    )
    exploration = await begun(store, "plant")
    step = await next_step(store, exploration.id)
    await store.work.commit(outcome(exploration.id, step, known("plant", "leaf")))
    await store.curation.delete_concept(ids["leaf"])
    assert await store.concepts.get([ids["leaf"]]) == {}
    assert await store.concepts.named(["leaf"]) == {}
    assert await store.concepts.by_external_id([("gnd", "1")]) == {}
    assert (await stored(store, ids["plant"])).degree == 0
    assert await store.relations.types() == {}
    assert await store.relations.count_evidence([ids["leaf"], RelationKey(ids["leaf"], "PART_OF", ids["plant"])]) == {
        ids["leaf"]: 0,
        RelationKey(ids["leaf"], "PART_OF", ids["plant"]): 0,
    }
    now = (await store.explorations.get([exploration.id]))[exploration.id]
    assert (now.progress.concepts_found, now.progress.steps_pending, now.spent.concepts) == (1, 0, 1)
    with pytest.raises(NotFoundError):
        await store.curation.delete_concept(ids["leaf"])


async def test_explorations_respect_tombstones_and_additions_lift_them(store: Store) -> None:
    """By name and sense, and by external id."""
    ids = await added(store, "plant", claim("leaf", kind="organ", external_ids={"gnd": "1"}))
    await store.curation.delete_concept(ids["leaf"])
    exploration = await begun(store, "plant")
    found = known(
        "plant",
        claim("Leaf", kind="organ"),
        claim("frond", external_ids={"gnd": "1"}),
        claim("leaf", ref="paper", kind="sheet"),
    )
    recorded = await store.work.commit(outcome(exploration.id, await next_step(store, exploration.id), found))
    assert set(recorded.concepts) == {"plant", "paper"}
    again = await store.curation.add(known(claim("leaf", kind="organ")))
    assert again.created
    assert again.concepts["leaf"] != ids["leaf"]
    later = await store.control.start(draft("leaf", depth=1), lease=("t2", 60))
    step = await next_step(store, later.id)
    found = known(claim("leaf", kind="organ"))
    recorded = await store.work.commit(outcome(later.id, step, found, token="t2"))
    assert recorded.concepts == again.concepts


async def test_a_relation_takes_another_type_with_its_evidence(store: Store) -> None:
    """The version rises; where that type exists, the two become one with the evidence of both."""
    ids = await added(
        store,
        "a",
        "b",
        relations=(says("a", "USES", "b", cite("x", 0.5)), says("a", "NEEDS", "b", cite("y", 0.5, "book"))),
    )
    uses, needs, wants = [RelationKey(ids["a"], t, ids["b"]) for t in ("USES", "NEEDS", "WANTS")]
    person = cite("I know", 0.5, "ann")
    relation = await store.curation.retype_relation(uses, "WANTS", 1, person)
    assert (relation.key, relation.version, relation.support, relation.confidence) == (wants, 2, 2, 0.75)
    assert set(await store.relations.get([uses, needs, wants])) == {needs, wants}
    joined = await store.curation.retype_relation(wants, "NEEDS", 2, person)
    assert (joined.key, joined.support) == (needs, 3)
    assert await store.relations.types() == {"NEEDS": 1}
    quotes = {i.value.quote for i in (await store.relations.evidence([needs], ALL))[needs].items}
    assert quotes == {"x", "y", "I know"}


async def test_retyping_that_does_not_fit_is_refused(store: Store, other: Store) -> None:
    """A missing relation, an old version or a malformed type: nothing is changed."""
    ids = await added(store, "a", "b", relations=(says("a", "USES", "b"),))
    key = RelationKey(ids["a"], "USES", ids["b"])
    before = await records(store)
    with pytest.raises(NotFoundError):
        await store.curation.retype_relation(key._replace(type="NEEDS"), "WANTS", 1, cite())
    with pytest.raises(NotFoundError):
        await other.curation.retype_relation(key, "WANTS", 1, cite())
    with pytest.raises(VersionConflict):
        await store.curation.retype_relation(key, "WANTS", 2, cite())
    with pytest.raises(InvalidError):
        await store.curation.retype_relation(key, "wants", 1, cite())
    assert await records(store) == before


async def test_a_deleted_relation_is_gone_with_its_evidence(store: Store, other: Store) -> None:
    """Only it; again it is not found."""
    ids = await added(store, "a", "b", relations=(says("a", "USES", "b"), says("b", "USES", "a")))
    key = RelationKey(ids["a"], "USES", ids["b"])
    with pytest.raises(NotFoundError):
        await other.curation.delete_relation(key)
    await store.curation.delete_relation(key)
    assert await relation_keys(store, ids["a"]) == {RelationKey(ids["b"], "USES", ids["a"])}
    assert await store.relations.count_evidence([key]) == {key: 0}
    with pytest.raises(NotFoundError):
        await store.curation.delete_relation(key)


async def test_a_deleted_source_takes_its_evidence_and_what_nothing_else_attests(store: Store, other: Store) -> None:
    """Relations that stand on it alone go, others are weaker; concepts stay, however weak."""
    book = cite("b", 0.5, "book")
    ids = await added(
        store, claim("a", book), claim("b", cite("x", 0.5), book),
        relations=(says("a", "USES", "b", book), says("a", "NEEDS", "b", book, cite("y", 0.5))),
    )  # fmt: skip
    page = (await store.relations.evidence([ids["a"]], ALL))[ids["a"]]
    source = page.items[0].value.source.id
    with pytest.raises(NotFoundError):
        await other.curation.delete_source(source)
    await store.curation.delete_source(source)
    a, b = await stored(store, ids["a"]), await stored(store, ids["b"])
    assert ((a.confidence, a.support), (b.confidence, b.support)) == ((0.0, 0), (0.5, 1))
    needs = RelationKey(ids["a"], "NEEDS", ids["b"])
    assert await relation_keys(store, ids["a"]) == {needs}
    assert (await store.relations.get([needs]))[needs].relation.support == 1
    assert await store.relations.sources([source]) == {}
    with pytest.raises(NotFoundError):
        await store.curation.delete_source(source)


async def test_an_empty_addition_changes_nothing(store: Store) -> None:
    """No claims, no rows."""
    recorded = await store.curation.add(Knowledge())
    assert (dict(recorded.concepts), recorded.relations) == ({}, ())
    assert await records(store) == []
