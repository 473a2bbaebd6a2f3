"""What a commit stores: knowledge, members, frontier, events, within the budget of concepts."""

from dataclasses import replace

import pytest

from graphstore.errors import ConflictError, InvalidError
from graphstore.model import (
    Budget,
    EventKind,
    Exploration,
    ExplorationStatus,
    Failure,
    Member,
    PageRequest,
    RelationKey,
    Spend,
    Step,
    StepKind,
    StepState,
)
from graphstore.port import Store
from tests.support.claims import TOKEN, added, begun, claim, draft, known, next_step, outcome, says
from tests.support.snapshots import records

S = ExplorationStatus
ALL = PageRequest(1_000)


async def now(store: Store, id: str) -> Exploration:
    """The exploration as it is stored."""
    return (await store.explorations.get([id]))[id]


async def step_of(store: Store, id: str) -> Step:
    """The step as it is stored."""
    return (await store.explorations.steps_by_id([id]))[id]


async def members(store: Store, id: str) -> list[Member]:
    """All members, in the order in which they were found."""
    return [item.value for item in (await store.explorations.members([id], ALL))[id].items]


async def test_a_commit_records_all_that_a_step_found(store: Store) -> None:
    """Knowledge, members, frontier, spend and event are one; the root is known from then on."""
    [met] = (await added(store, "leaf")).values()
    e = await begun(store)
    step = await next_step(store, e.id)
    found = known(
        "plant", "leaf", "root", relations=(says("leaf", "PART_OF", "plant"), says("root", "PART_OF", "plant"))
    )
    recorded = await store.work.commit(outcome(e.id, step, found, Spend(seconds=0.5, tokens=3, cost_usd=0.01)))
    plant, leaf, root = (recorded.concepts[n] for n in ("plant", "leaf", "root"))
    assert leaf == met
    assert recorded.complete
    assert recorded.created == {plant, root}
    assert set(recorded.relations) == {RelationKey(leaf, "PART_OF", plant), RelationKey(root, "PART_OF", plant)}
    after = await now(store, e.id)
    assert after.root == plant
    assert after.spent == Spend(3, 0.5, 3, 0.01)
    p = after.progress
    assert (p.concepts_found, p.steps_done, p.steps_pending, p.steps_failed) == (3, 1, 2, 0)
    [event] = recorded.events
    assert (event.seq, event.kind, event.step, event.progress) == (2, EventKind.GRAPH_GREW, step, p)
    assert (set(event.concepts), set(event.created)) == ({plant, leaf, root}, {plant, root})
    assert event.relations == recorded.relations
    assert await store.explorations.events(e.id, 1, 10) == (event,)
    assert {(m.concept, m.depth, m.created, m.seq) for m in await members(store, e.id)} == {
        (plant, 0, True, 2),
        (leaf, 1, False, 2),
        (root, 1, True, 2),
    }
    done = await step_of(store, step)
    assert (done.state, done.concept, done.spent.tokens) == (StepState.DONE, plant, 3)
    assert done.finished is not None
    frontier = (await store.explorations.frontier(e.id, StepKind.EXPAND, 10)).ready
    assert [s.concept for s in frontier] == [leaf, root]


async def test_a_replayed_commit_changes_nothing_and_answers_with_what_was_stored(store: Store) -> None:
    """Even when the repetition found something else."""
    e = await begun(store)
    step = await next_step(store, e.id)
    first = await store.work.commit(outcome(e.id, step, known("plant", "leaf"), Spend(tokens=3)))
    before = await records(store)
    again = await store.work.commit(outcome(e.id, step, known("plant", "flower"), Spend(tokens=9)))
    assert again.events == first.events
    assert await records(store) == before


async def test_events_are_numbered_1_to_n(store: Store) -> None:
    """Every event takes the next number, in one order for all, and reading after a number misses none."""
    e = await begun(store)
    for name in ("a", "b", "c"):
        await store.work.commit(outcome(e.id, await next_step(store, e.id), known(name, "b", "c", "d", f"{name}1")))
    await store.work.fail(Failure(e.id, TOKEN, await next_step(store, e.id), "no", 0))
    await store.control.pause(e.id)
    await store.control.resume(e.id)
    await store.control.cancel(e.id, "enough")
    events = await store.explorations.events(e.id, 0, 1_000)
    assert [event.seq for event in events] == list(range(1, (await now(store, e.id)).next_seq))
    for after in range(len(events) + 1):
        assert await store.explorations.events(e.id, after, 2) == events[after : after + 2]
    grown = [id for event in events for id in event.concepts]
    assert len(grown) == len(set(grown))
    assert set(grown) == {m.concept for m in await members(store, e.id)}


async def test_concepts_at_the_full_depth_are_not_expanded(store: Store) -> None:
    """A member's depth is the fewest steps to it; a level is done before the next appears."""
    e = await begun(store, depth=2)
    await store.work.commit(outcome(e.id, await next_step(store, e.id), known("top", "left", "right")))
    level = (await store.explorations.frontier(e.id, StepKind.EXPAND, 10)).ready
    assert [s.depth for s in level] == [1, 1]
    await store.work.commit(outcome(e.id, level[0].id, known("left", "leaf", "top")))
    assert [s.id for s in (await store.explorations.frontier(e.id, StepKind.EXPAND, 10)).ready] == [level[1].id]
    await store.work.commit(outcome(e.id, level[1].id, known("right", "leaf", "rind")))
    assert (await store.explorations.frontier(e.id, StepKind.EXPAND, 10)).ready == ()
    names = await store.concepts.get([m.concept for m in await members(store, e.id)])
    depths = {names[m.concept].name: m.depth for m in await members(store, e.id)}
    assert depths == {"top": 0, "left": 1, "right": 1, "leaf": 2, "rind": 2}
    assert (await store.work.finish(e.id, TOKEN, None, None)).status is S.COMPLETED


async def test_members_come_nearer_when_an_earlier_level_is_retried(store: Store) -> None:
    """A step that failed and succeeds later may show a shorter way; what that opens is expanded."""
    e = await begun(store, depth=3)
    await store.work.commit(outcome(e.id, await next_step(store, e.id), known("top", "left", "right")))
    left, right = (await store.explorations.frontier(e.id, StepKind.EXPAND, 10)).ready
    await store.work.fail(Failure(e.id, TOKEN, right.id, "no", None))
    await store.work.commit(outcome(e.id, left.id, known("left", "mid")))
    await store.work.commit(outcome(e.id, await next_step(store, e.id), known("mid", "far")))
    await store.work.finish(e.id, TOKEN, None, None)
    await store.control.retry_failed(e.id)
    await store.work.claim(e.id, "t2", 60)
    await store.work.commit(outcome(e.id, right.id, known("right", "far"), token="t2"))
    far = next(m for m in await members(store, e.id) if m.depth == 2 and m.seq == 5)
    [step] = (await store.explorations.frontier(e.id, StepKind.EXPAND, 10)).ready
    assert (step.concept, step.depth) == (far.concept, 2)
    assert (await now(store, e.id)).progress.steps_pending == 1


async def test_the_budget_of_concepts_cuts_off_what_is_too_much(store: Store) -> None:
    """The most important come in; the step stays pending, and goes on after an extension."""
    e = await begun(store, concepts=3)
    step = await next_step(store, e.id)
    found = known("a", "b", "c", "d", "e", relations=(says("a", "IS_A", "b"), says("a", "IS_A", "e")))
    recorded = await store.work.commit(outcome(e.id, step, found))
    assert not recorded.complete
    assert set(recorded.concepts) == {"a", "b", "c"}
    assert [k.target for k in recorded.relations] == [recorded.concepts["b"]]
    assert set(await store.concepts.named(["c", "d", "e"])) == {"c"}
    assert (await step_of(store, step)).state is StepState.PENDING
    again = await store.work.commit(outcome(e.id, step, found))
    assert (again.complete, again.events) == (False, ())
    assert len(await members(store, e.id)) == (await now(store, e.id)).spent.concepts == 3
    await store.work.finish(e.id, TOKEN, "concepts", None)
    await store.control.extend(e.id, Budget(10), None)
    await store.work.claim(e.id, "t2", 60)
    rest = await store.work.commit(outcome(e.id, step, found, token="t2"))
    assert rest.complete
    assert len(rest.created) == 2
    assert len(await members(store, e.id)) == 5


async def test_a_full_budget_lets_in_what_is_a_member_already(store: Store) -> None:
    """Relations between members are no new concepts."""
    e = await begun(store, concepts=2)
    await store.work.commit(outcome(e.id, await next_step(store, e.id), known("a", "b")))
    found = known("b", "a", relations=(says("b", "USES", "a"),))
    recorded = await store.work.commit(outcome(e.id, await next_step(store, e.id), found))
    assert recorded.complete
    assert len(recorded.relations) == 1


async def test_a_budget_that_is_more_than_full_lets_nothing_in(store: Store) -> None:
    """An unmerge may bring in more members than were allowed; no further one comes in then."""
    ids = await added(store, "b", "c")
    e = await begun(store, depth=3, concepts=3)
    step = await next_step(store, e.id)
    await store.work.commit(outcome(e.id, step, known("a", "b", "c")))
    await store.curation.merge(ids["b"], [ids["c"]])
    step = await next_step(store, e.id)
    await store.work.commit(outcome(e.id, step, known("b", "d")))
    await store.curation.unmerge(ids["c"])
    assert (await now(store, e.id)).progress.concepts_found == 4
    step = await next_step(store, e.id)
    recorded = await store.work.commit(outcome(e.id, step, known("d", "e", "f", "g")))
    assert not recorded.complete
    assert recorded.created == frozenset()


async def test_a_step_of_a_deleted_concept_ends_quietly(store: Store) -> None:
    """Its commit finds no step and changes nothing."""
    e = await begun(store)
    recorded = await store.work.commit(outcome(e.id, await next_step(store, e.id), known("a", "b")))
    step = await next_step(store, e.id)
    await store.curation.delete_concept(recorded.concepts["b"])
    before = await records(store)
    assert (await store.work.commit(outcome(e.id, step, known("b", "c")))).concepts == {}
    assert await records(store) == before


async def test_a_refused_commit_changes_nothing(store: Store) -> None:
    """Bad knowledge, or a root that was deleted meanwhile: the step is as before."""
    e = await begun(store)
    step = await next_step(store, e.id)
    [gone] = (await added(store, "gone")).values()
    await store.curation.delete_concept(gone)
    before = await records(store)
    with pytest.raises(InvalidError):
        await store.work.commit(outcome(e.id, step, known("a", "b", relations=(says("a", "bad type", "b"),))))
    with pytest.raises(ConflictError):
        await store.work.commit(outcome(e.id, step, known("gone", "b")))
    assert await records(store) == before


async def test_an_exploration_from_a_stored_concept_expands_that_one(store: Store) -> None:
    """The root is met, not created, whatever its name."""
    [leaf] = (await added(store, claim("leaf", kind="organ"))).values()
    e = await store.control.start(draft("some leaf", root=leaf), lease=(TOKEN, 60))
    root = replace(claim("leaf", ref="r"), id=leaf, evidence=())
    recorded = await store.work.commit(outcome(e.id, await next_step(store, e.id), known(root, "plant")))
    assert recorded.concepts["r"] == leaf
    [first, second] = sorted(await members(store, e.id), key=lambda m: m.depth)
    assert (first.concept, first.created, second.created) == (leaf, False, True)
