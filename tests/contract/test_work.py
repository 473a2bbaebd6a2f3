"""What the owner of an exploration does: leases, reservations, commits, failures, the end."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from graphstore.errors import BudgetExceeded, ConflictError, InvalidError, LeaseLost
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
    StepState,
)
from graphstore.port import Database, Store
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


async def test_a_claim_takes_what_nobody_holds(store: Store) -> None:
    """QUEUED becomes RUNNING with its event; RUNNING whose lease ran out is taken over without one."""
    queued = await store.control.start(draft())
    claimed = await store.work.claim(queued.id, "first", 0)
    assert claimed == await now(store, queued.id)
    assert claimed is not None
    assert (claimed.status, claimed.next_seq) == (S.RUNNING, 3)
    assert claimed.started is not None
    taken = await store.work.claim(queued.id, "second", 60)
    assert taken is not None
    assert taken.lease is not None
    assert (taken.lease.token, taken.next_seq, taken.started) == ("second", 3, claimed.started)
    assert await store.work.claim(queued.id, "third", 60) is None
    assert await store.work.claim(queued.id, "second", 60) is None


@pytest.mark.parametrize("status", [S.PAUSED, S.CANCELLED, S.BUDGET_REACHED])
async def test_a_claim_of_what_does_not_run_takes_nothing(store: Store, other: Store, status: S) -> None:
    """Paused, ended, unknown, in another workspace: None, and nothing changes."""
    e = await begun(store)
    match status:
        case S.PAUSED:
            await store.control.pause(e.id)
            await store.work.release(e.id, TOKEN)
        case S.CANCELLED:
            await store.control.cancel(e.id, "enough")
        case _:
            await store.work.finish(e.id, TOKEN, "concepts", None)
    before = await records(store)
    assert await store.work.claim(e.id, "t", 60) is None
    assert await store.work.claim("nowhere", "t", 60) is None
    queued = await store.control.start(draft())
    assert await other.work.claim(queued.id, "t", 60) is None
    await store.control.cancel(queued.id, "")
    await store.control.delete(queued.id)
    assert await records(store) == before


async def test_only_one_of_many_claims_wins(opener: Callable[[], Awaitable[Database]]) -> None:
    """Whatever the timing, over several processes."""
    stores = [(await opener()).within("main") for _ in range(3)]
    e = await stores[0].control.start(draft())
    claims = await asyncio.gather(*(s.work.claim(e.id, f"{i}-{n}", 60) for n in range(4) for i, s in enumerate(stores)))
    [winner] = [c for c in claims if c is not None]
    assert winner == await now(stores[0], e.id)


async def test_a_renewed_lease_lasts_from_now_and_books_the_time(store: Store) -> None:
    """The answer tells how it stands; a released one is free at once, and releasing never raises."""
    e = await begun(store)
    renewed = await store.work.renew(e.id, TOKEN, 7_200, worked=1.5)
    renewed = await store.work.renew(e.id, TOKEN, 7_200, worked=0.25)
    assert renewed == await now(store, e.id)
    assert renewed.spent.seconds == 1.75
    assert e.lease is not None
    assert renewed.lease is not None
    assert (renewed.lease.until - e.lease.until).total_seconds() >= 3_600
    await store.work.release(e.id, "somebody else's")
    assert await store.work.claim(e.id, "t2", 60) is None
    await store.work.release(e.id, TOKEN)
    await store.work.release(e.id, TOKEN)
    await store.work.release("nowhere", TOKEN)
    assert await store.work.claim(e.id, "t2", 60) is not None


Deed = Callable[[Store, str, str, str], Awaitable[object]]
DEEDS: dict[str, Deed] = {
    "renew": lambda s, e, step, t: s.work.renew(e, t, 60),
    "reserve": lambda s, e, step, t: s.work.reserve(e, t, step, Spend(tokens=1)),
    "commit": lambda s, e, step, t: s.work.commit(outcome(e, step, known("zombie"), token=t)),
    "fail": lambda s, e, step, t: s.work.fail(Failure(e, t, step, "no", None)),
    "finish": lambda s, e, step, t: s.work.finish(e, t, "concepts", None),
}


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("why", ["taken over", "released", "cancelled", "finished", "unknown", "elsewhere", "wrong"])
async def test_without_the_lease_nothing_is_done(store: Store, other: Store, deed: str, why: str) -> None:
    """An owner whose lease is lost, for whatever reason, is refused and changes nothing."""
    e = await store.control.start(draft(), lease=("zombie", 0))
    step = await next_step(store, e.id)
    id, where, token = e.id, store, "zombie"
    match why:
        case "taken over":
            assert await store.work.claim(e.id, "heir", 60)
        case "released":
            await store.work.release(e.id, "zombie")
        case "cancelled":
            await store.control.cancel(e.id, "enough")
        case "finished":
            await store.work.finish(e.id, "zombie", "concepts", None)
        case "unknown":
            id = "nowhere"
        case "elsewhere":
            where = other
        case "wrong":
            token = "guess"
    before = await records(store)
    with pytest.raises(LeaseLost):
        await DEEDS[deed](where, id, step, token)
    assert await records(store) == before
    assert await records(other) == []


async def test_a_commit_records_all_that_a_step_found(store: Store) -> None:
    """Knowledge, members, frontier, spend and event are one; the root is known from then on."""
    [met] = (await added(store, "leaf")).values()
    e = await begun(store)
    step = await next_step(store, e.id)
    found = known("plant", "leaf", "root", relations=(says("leaf", "PART_OF", "plant"), says("root", "PART_OF", "plant")))
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
    frontier = (await store.explorations.frontier(e.id, 10)).ready
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
        await store.work.commit(outcome(e.id, await next_step(store, e.id), known(name, f"{name}1", "b", "c")))
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
    level = (await store.explorations.frontier(e.id, 10)).ready
    assert [s.depth for s in level] == [1, 1]
    await store.work.commit(outcome(e.id, level[0].id, known("left", "leaf", "top")))
    assert [s.id for s in (await store.explorations.frontier(e.id, 10)).ready] == [level[1].id]
    await store.work.commit(outcome(e.id, level[1].id, known("right", "leaf", "rind")))
    assert (await store.explorations.frontier(e.id, 10)).ready == ()
    names = await store.concepts.get([m.concept for m in await members(store, e.id)])
    depths = {names[m.concept].name: m.depth for m in await members(store, e.id)}
    assert depths == {"top": 0, "left": 1, "right": 1, "leaf": 2, "rind": 2}
    assert (await store.work.finish(e.id, TOKEN, None, None)).status is S.COMPLETED


async def test_members_come_nearer_when_an_earlier_level_is_retried(store: Store) -> None:
    """A step that failed and succeeds later may show a shorter way; what that opens is expanded."""
    e = await begun(store, depth=3)
    await store.work.commit(outcome(e.id, await next_step(store, e.id), known("top", "left", "right")))
    left, right = (await store.explorations.frontier(e.id, 10)).ready
    await store.work.fail(Failure(e.id, TOKEN, right.id, "no", None))
    await store.work.commit(outcome(e.id, left.id, known("left", "mid")))
    await store.work.commit(outcome(e.id, await next_step(store, e.id), known("mid", "far")))
    await store.work.finish(e.id, TOKEN, None, None)
    await store.control.retry_failed(e.id)
    await store.work.claim(e.id, "t2", 60)
    await store.work.commit(outcome(e.id, right.id, known("right", "far"), token="t2"))
    far = next(m for m in await members(store, e.id) if m.depth == 2 and m.seq == 5)
    [step] = (await store.explorations.frontier(e.id, 10)).ready
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
    e = await begun(store, concepts=3)
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


async def test_a_reservation_counts_as_spent_until_it_is_settled(store: Store) -> None:
    """What the attempt really used takes its place."""
    e = await begun(store, tokens=100, cost_usd=1.0)
    step = await next_step(store, e.id)
    await store.work.reserve(e.id, TOKEN, step, Spend(tokens=60, cost_usd=0.6))
    assert (await now(store, e.id)).spent == Spend(tokens=60, cost_usd=0.6)
    booked = await step_of(store, step)
    assert (booked.attempts, booked.reserved, booked.spent) == (1, Spend(tokens=60, cost_usd=0.6), Spend(tokens=60, cost_usd=0.6))
    await store.work.commit(outcome(e.id, step, known("a"), Spend(tokens=10, cost_usd=0.1, seconds=2)))
    assert (await now(store, e.id)).spent == Spend(1, 2, 10, 0.1)
    settled = await step_of(store, step)
    assert (settled.reserved, settled.spent) == (None, Spend(0, 2, 10, 0.1))


@pytest.mark.parametrize(("worst", "budget"), [(Spend(tokens=41), "tokens"), (Spend(cost_usd=0.41), "costUsd")])
async def test_a_reservation_that_does_not_fit_books_nothing(store: Store, worst: Spend, budget: str) -> None:
    """Up to the budget it fits, beyond it never; the error names the budget."""
    e = await begun(store, tokens=100, cost_usd=1.0)
    step = await next_step(store, e.id)
    await store.work.reserve(e.id, TOKEN, step, Spend(tokens=60, cost_usd=0.6))
    before = await records(store)
    with pytest.raises(BudgetExceeded) as exceeded:
        await store.work.reserve(e.id, TOKEN, step, worst)
    assert exceeded.value.budget == budget
    assert await records(store) == before
    await store.work.reserve(e.id, TOKEN, step, Spend(tokens=40, cost_usd=0.4))
    assert (await now(store, e.id)).spent == Spend(tokens=100, cost_usd=1.0)


async def test_a_crashed_attempt_keeps_its_reservation(store: Store) -> None:
    """The next attempt books its own; only that one is settled."""
    e = await begun(store, tokens=100)
    step = await next_step(store, e.id)
    await store.work.reserve(e.id, TOKEN, step, Spend(tokens=30))
    await store.work.reserve(e.id, TOKEN, step, Spend(tokens=40))
    assert (await now(store, e.id)).spent.tokens == 70
    await store.work.commit(outcome(e.id, step, known("a"), Spend(tokens=5)))
    assert (await now(store, e.id)).spent.tokens == 35
    assert ((await step_of(store, step)).attempts, (await step_of(store, step)).spent.tokens) == (2, 35)


async def test_a_failure_with_unknown_spend_keeps_its_reservation(store: Store) -> None:
    """A known one settles it."""
    e = await begun(store, tokens=100)
    step = await next_step(store, e.id)
    await store.work.reserve(e.id, TOKEN, step, Spend(tokens=30))
    await store.work.fail(Failure(e.id, TOKEN, step, "timed out", 0))
    assert (await now(store, e.id)).spent.tokens == 30
    await store.work.reserve(e.id, TOKEN, step, Spend(tokens=30))
    await store.work.fail(Failure(e.id, TOKEN, step, "refused", 0, Spend(tokens=1)))
    assert (await now(store, e.id)).spent.tokens == 31
    assert (await step_of(store, step)).attempts == 2


async def test_a_failure_that_may_be_retried_waits_its_time(store: Store) -> None:
    """The step stays pending; it is not ready before its time, and the event tells that it will be retried."""
    e = await begun(store)
    step = await next_step(store, e.id)
    event = await store.work.fail(Failure(e.id, TOKEN, step, "busy", 3_600))
    assert (event.kind, event.step, event.error, event.will_retry) == (EventKind.STEP_FAILED, step, "busy", True)
    frontier = await store.explorations.frontier(e.id, 10)
    assert frontier.ready == ()
    assert frontier.wait is not None
    assert 3_500 < frontier.wait <= 3_600
    waiting = await step_of(store, step)
    assert (waiting.state, waiting.error, waiting.attempts) == (StepState.PENDING, "busy", 1)
    await store.work.fail(Failure(e.id, TOKEN, step, "busy", 0))
    assert [s.id for s in (await store.explorations.frontier(e.id, 10)).ready] == [step]


async def test_a_failure_without_a_retry_is_the_end_of_the_step(store: Store) -> None:
    """It is counted and told; it can neither fail nor be reserved again."""
    e = await begun(store)
    step = await next_step(store, e.id)
    event = await store.work.fail(Failure(e.id, TOKEN, step, "unknown topic", None))
    after = await now(store, e.id)
    assert (after.progress.steps_failed, after.progress.steps_pending) == (1, 0)
    assert (event.will_retry, event.progress) == (False, after.progress)
    failed = await step_of(store, step)
    assert (failed.state, failed.error) == (StepState.FAILED, "unknown topic")
    assert failed.finished is not None
    with pytest.raises(LeaseLost):
        await store.work.fail(Failure(e.id, TOKEN, step, "again", None))
    with pytest.raises(LeaseLost):
        await store.work.reserve(e.id, TOKEN, step, Spend(tokens=1))


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


@pytest.mark.parametrize(
    ("fails", "budget", "status", "reason"),
    [
        (False, None, S.COMPLETED, None),
        (True, None, S.FAILED, "why"),
        (False, "concepts", S.BUDGET_REACHED, "concepts: 3 of 3"),
        (True, "seconds", S.BUDGET_REACHED, None),
    ],
)
async def test_the_end_is_told_and_gives_up_the_lease(
    store: Store, *, fails: bool, budget: str | None, status: S, reason: str | None
) -> None:
    """BUDGET_REACHED where one is named, else FAILED where no step was done, else COMPLETED."""
    e = await begun(store, depth=1)
    step = await next_step(store, e.id)
    if fails:
        await store.work.fail(Failure(e.id, TOKEN, step, "no", None))
    else:
        await store.work.commit(outcome(e.id, step, known("a", "b")))
    ended = await store.work.finish(e.id, TOKEN, budget, reason, worked=2.5)
    assert ended == await now(store, e.id)
    assert (ended.status, ended.lease, ended.spent.seconds) == (status, None, 2.5)
    assert ended.reason == (reason or budget)
    assert ended.finished is not None
    [*_, event] = await store.explorations.events(e.id, 0, 10)
    assert (event.kind, event.status, event.reason) == (EventKind.STATUS_CHANGED, status, ended.reason)


async def test_pending_steps_keep_it_from_completing(store: Store) -> None:
    """Unless a budget is named."""
    e = await begun(store)
    with pytest.raises(ConflictError):
        await store.work.finish(e.id, TOKEN, None, None)
    assert (await store.work.finish(e.id, TOKEN, "seconds", None)).status is S.BUDGET_REACHED


async def test_an_exploration_from_a_stored_concept_expands_that_one(store: Store) -> None:
    """The root is met, not created, whatever its name."""
    [leaf] = (await added(store, claim("leaf", kind="organ"))).values()
    e = await store.control.start(draft("some leaf", root=leaf), lease=(TOKEN, 60))
    root = replace(claim("leaf", ref="r"), id=leaf, evidence=())
    recorded = await store.work.commit(outcome(e.id, await next_step(store, e.id), known(root, "plant")))
    assert recorded.concepts["r"] == leaf
    [first, second] = sorted(await members(store, e.id), key=lambda m: m.depth)
    assert (first.concept, first.created, second.created) == (leaf, False, True)
