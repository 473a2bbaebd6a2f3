"""Making several concepts one, and taking them apart again."""

from dataclasses import replace

import pytest

from graphstore.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
)
from graphstore.model import (
    Concept,
    ConceptFilter,
    ConceptPatch,
    Direction,
    Knowledge,
    PageRequest,
    Progress,
    RelationKey,
    StepKind,
)
from graphstore.port import Store
from tests.support.claims import added, begun, cite, claim, known, next_step, outcome, says, stored
from tests.support.snapshots import content, records

ALL = PageRequest(1_000)


async def relation_keys(store: Store, id: str) -> set[RelationKey]:
    """The keys of a concept's relations."""
    page = (await store.relations.of([id], Direction.BOTH, None, ALL))[id]
    return {item.value.relation.key for item in page.items}


async def test_a_merge_makes_several_concepts_one(store: Store) -> None:
    """Names, external ids, relations, evidence and memberships go over, and the old ids lead to the one."""
    known_as = {"gnd": "9", "wikidata": "Q30"}
    ids = await added(
        store,
        claim("USA", external_ids={"gnd": "1"}),
        claim("United States", kind="country", summary="A country.", aliases=("US",), external_ids=known_as),
        claim("America", kind="land"),
        "city",
        relations=(
            says("USA", "HAS", "city"), says("United States", "HAS", "city", cite("s", 0.8, "book")),
            says("city", "PART_OF", "America"), says("USA", "SAME_AS", "America"),
        ),
    )  # fmt: skip
    usa = await store.curation.merge(ids["USA"], [ids["United States"], ids["America"]])
    assert usa == await stored(store, ids["USA"])
    assert (usa.name, usa.aliases, usa.summary) == ("USA", ("United States", "US", "America"), "A country.")
    assert (usa.external_ids, usa.version > 1) == ({"gnd": "1", "wikidata": "Q30"}, True)
    has, part = RelationKey(usa.id, "HAS", ids["city"]), RelationKey(ids["city"], "PART_OF", usa.id)
    assert await relation_keys(store, usa.id) == {has, part}
    assert (await store.relations.get([has]))[has].relation.support == 2
    assert (usa.degree, (await stored(store, ids["city"])).degree) == (2, 2)
    for name in ("United States", "America"):
        assert (await stored(store, ids[name])) == usa
        assert await store.concepts.get([ids[name]], follow_merges=False) == {}
    assert [c.id for c in (await store.concepts.named(["us"]))["us"]] == [usa.id]
    assert await store.concepts.count(ConceptFilter()) == 2


async def test_merges_that_do_not_fit_are_refused(store: Store, other: Store) -> None:
    """Unknown concepts, ones of another workspace, and a concept into itself: nothing is changed."""
    ids, foreign = await added(store, "a", "b"), await added(other, "c")
    before = await records(store)
    for into, others in (("nowhere", [ids["a"]]), (ids["a"], ["nowhere"]), (ids["a"], [ids["b"], foreign["c"]])):
        with pytest.raises(NotFoundError):
            await store.curation.merge(into, others)
    with pytest.raises(InvalidError):
        await store.curation.merge(ids["a"], [ids["b"], ids["a"]])
    assert await records(store) == before


async def test_an_unmerge_restores_exactly_what_was(store: Store) -> None:
    """Concepts, relations, evidence, contradictions and memberships are as before, versions and times apart."""
    ids = await _two_with_everything(store)
    before = await content(store)
    await store.curation.merge(ids["a"], [ids["b"]])
    assert await content(store) != before
    restored = await store.curation.unmerge(ids["b"])
    assert restored == await stored(store, ids["b"])
    assert restored.id == ids["b"]
    assert await content(store) == before
    with pytest.raises(NotFoundError):
        await store.curation.unmerge(ids["b"])


@pytest.mark.parametrize("undone", ["bc", "cb"])
async def test_several_merges_into_one_are_undone_in_any_order(store: Store, undone: str) -> None:
    """Each unmerge takes out its own concept only."""
    ids = await _two_with_everything(store)
    before = await content(store)
    await store.curation.merge(ids["a"], [ids["b"], ids["c"]])
    for name in undone:
        await store.curation.unmerge(ids[name])
    assert await content(store) == before


@pytest.mark.parametrize("undone", ["ba", "ab"])
async def test_chains_of_merges_are_followed_and_undone_in_any_order(store: Store, undone: str) -> None:
    """With a in b and b in c, both ids lead to c, and come back with what was theirs."""
    ids = await _two_with_everything(store)
    before = await content(store)
    await store.curation.merge(ids["b"], [ids["a"]])
    await store.curation.merge(ids["c"], [ids["b"]])
    found = await store.concepts.get([ids["a"], ids["b"]])
    assert {c.id for c in found.values()} == {ids["c"]}
    for name in undone:
        await store.curation.unmerge(ids[name])
    assert await content(store) == before


async def test_what_was_learned_after_a_merge_stays_where_it_was_said(store: Store) -> None:
    """Evidence that came for the merged concept under its own id or name belongs to the one it went into."""
    ids = await added(store, "a", "b", "c", relations=(says("b", "USES", "c"),))
    await store.curation.merge(ids["a"], [ids["b"]])
    again = await added(store, "b", "c", relations=(says("b", "NEEDS", "c"),))
    assert again["b"] == ids["a"]
    await store.curation.unmerge(ids["b"])
    assert await relation_keys(store, ids["b"]) == {RelationKey(ids["b"], "USES", ids["c"])}
    assert await relation_keys(store, ids["a"]) == {RelationKey(ids["a"], "NEEDS", ids["c"])}


async def test_an_unmerge_into_a_taken_name_is_refused(store: Store, other: Store) -> None:
    """When another concept has its name and sense by now, nothing is changed."""
    ids = await added(store, claim("a"), claim("b", kind="thing"))
    await store.curation.merge(ids["a"], [ids["b"]])
    with pytest.raises(NotFoundError):
        await other.curation.unmerge(ids["b"])
    new = await added(store, claim("b", ref="new", kind="thing", sense="x:1"))
    patch = ConceptPatch(name="other")
    changed = await store.curation.update_concept(new["new"], patch, 1, cite())
    assert changed.sense == "x:1"
    await _take_name(store, "b", "thing")
    before = await records(store)
    with pytest.raises(ConflictError):
        await store.curation.unmerge(ids["b"])
    assert await records(store) == before


async def test_an_unmerge_leaves_no_external_id_with_two_concepts(store: Store) -> None:
    """What the concept left behind has learned by itself is not given back, so the unmerge is refused."""
    ids = await added(store, claim("a", external_ids={"w": "1"}), claim("b", external_ids={"w": "2"}), "c")
    await store.curation.merge(ids["b"], [ids["a"]])
    await added(store, claim("c", external_ids={"w": "1"}))
    await store.curation.merge(ids["c"], [ids["b"]])
    before = await records(store)
    with pytest.raises(ConflictError):
        await store.curation.unmerge(ids["a"])
    assert await records(store) == before


async def test_concepts_that_share_an_external_id_are_parted_again(store: Store) -> None:
    """Where another scheme told them apart before, it does so afterwards."""
    ids = await added(
        store, claim("a", external_ids={"w": "1", "v": "1"}), claim("b", external_ids={"w": "1", "v": "2"})
    )
    before = await content(store)
    await store.curation.merge(ids["a"], [ids["b"]])
    await store.curation.unmerge(ids["b"])
    assert await content(store) == before


async def test_pending_steps_go_along_with_a_merge_and_come_back(store: Store) -> None:
    """Afterwards the exploration goes on with its own members, and its counts are true."""
    exploration = (await begun(store)).id
    await store.work.commit(outcome(exploration, await next_step(store, exploration), known("root", "b")))
    [b] = (await store.concepts.named(["b"]))["b"]
    ids = await added(store, "a")
    before = (await store.explorations.get([exploration]))[exploration].progress
    for merged, concept in ((True, ids["a"]), (False, b.id)):
        await (store.curation.merge(ids["a"], [b.id]) if merged else store.curation.unmerge(b.id))
        [step] = (await store.explorations.frontier(exploration, StepKind.EXPAND, 5)).ready
        assert step.concept == concept
        assert (await store.explorations.get([exploration]))[exploration].progress == before


async def test_a_concept_that_was_expanded_while_merged_may_be_found_again(store: Store) -> None:
    """It joins the exploration that it left by the unmerge; its step is not taken twice."""
    exploration = (await begun(store, depth=3)).id
    await store.work.commit(outcome(exploration, await next_step(store, exploration), known("root", "b", "c")))
    [b], [c] = (await store.concepts.named(["b", "c"])).values()
    ids = await added(store, "a")
    await store.curation.merge(ids["a"], [b.id])
    steps = {s.concept: s.id for s in (await store.explorations.frontier(exploration, StepKind.EXPAND, 5)).ready}
    await store.work.commit(outcome(exploration, steps[ids["a"]], known("a")))
    await store.curation.unmerge(b.id)
    recorded = await store.work.commit(outcome(exploration, steps[c.id], known("c", "a")))
    assert recorded.complete
    assert [m.concepts for m in recorded.events] == [(ids["a"],)]
    assert (await store.explorations.get([exploration]))[exploration].progress == Progress(4, 3, 0, 0)


async def test_a_deleted_concept_forgets_what_had_been_merged_into_it(store: Store) -> None:
    """Their ids lead nowhere any more."""
    ids = await added(store, "a", "b", "c")
    await store.curation.merge(ids["b"], [ids["a"]])
    await store.curation.merge(ids["c"], [ids["b"]])
    await store.curation.delete_concept(ids["c"])
    assert await store.concepts.get(list(ids.values())) == {}
    with pytest.raises(NotFoundError):
        await store.curation.unmerge(ids["a"])


async def _two_with_everything(store: Store) -> dict[str, str]:
    """Three concepts that share neighbours, sources, names and an exploration."""
    relations = (
        says("a", "USES", "x", cite("1", 0.5)), says("b", "USES", "x", cite("2", 0.5, "book")),
        says("b", "USES", "x", cite("1", 0.5)), says("x", "CAUSES", "b"), says("x", "PREVENTS", "a"),
        says("a", "IS_A", "b"), says("b", "IS_A", "c"), says("c", "USES", "y", cite("3", 0.9, "web")),
    )  # fmt: skip
    ids = await added(
        store,
        claim("a", kind="k1", aliases=("shared", "only a"), external_ids={"s": "1"}),
        claim(
            "b",
            cite("b"),
            cite("c", origin="web"),
            kind="k2",
            aliases=("Shared", "only b"),
            external_ids={"s": "2", "t": "3"},
        ),
        claim("c", kind="k3"),
        *("x", "y"),
        relations=relations,
    )
    for topic, members in (("one", "ab"), ("two", "b"), ("three", "xbc")):
        exploration = await begun(store, topic, depth=1)
        claims = [replace(claim(m), id=ids[m]) for m in members]
        step = await next_step(store, exploration.id)
        await store.work.commit(outcome(exploration.id, step, Knowledge(tuple(claims))))
        await store.control.cancel(exploration.id, "enough")
    return dict(ids)


async def _take_name(store: Store, name: str, kind: str) -> Concept:
    made = await added(store, claim("somebody", ref="s", kind=kind))
    patch = ConceptPatch(name=name)
    return await store.curation.update_concept(made["s"], patch, 1, cite("I know", 1.0, "ann"))
