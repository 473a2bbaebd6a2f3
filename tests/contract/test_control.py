"""Starting explorations and changing their course."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import pytest

from graphstore.errors import (
    ConflictError,
    IdempotencyConflict,
    InvalidError,
    LeaseLost,
    NotFoundError,
    StatusConflict,
)
from graphstore.model import (
    ENDED,
    Budget,
    EventKind,
    Exploration,
    ExplorationFilter,
    ExplorationStatus,
    Failure,
    Lease,
    PageRequest,
    Progress,
    Spend,
    StepFilter,
    StepKind,
    StepState,
)
from graphstore.port import Database, Store
from tests.support.claims import TOKEN, added, begun, draft, known, next_step, outcome, request_key, says
from tests.support.snapshots import records

S = ExplorationStatus
ALL = PageRequest(1_000)


async def now(store: Store, id: str) -> Exploration:
    """The exploration as it is stored."""
    return (await store.explorations.get([id]))[id]


async def told(store: Store, id: str) -> list[tuple[int, EventKind, S | None]]:
    """Its events in short."""
    return [(e.seq, e.kind, e.status) for e in await store.explorations.events(id, 0, 1_000)]


async def test_a_start_stores_the_exploration_its_first_step_and_event_1(store: Store) -> None:
    """All that was asked for comes back; nobody owns it and it is QUEUED."""
    exploration = await store.control.start(
        draft("Photo Synthesis", depth=3, concepts=40, seconds=1.5, tokens=7, cost_usd=0.25)
    )
    assert exploration == await now(store, exploration.id)
    assert (exploration.topic, exploration.status, exploration.reason) == ("Photo Synthesis", S.QUEUED, None)
    assert exploration.options.depth == 3
    assert exploration.budget == Budget(40, 1.5, 7, 0.25)
    assert (exploration.spent, exploration.progress) == (Spend(), Progress(steps_pending=1))
    assert (exploration.root, exploration.lease, exploration.next_seq) == (None, None, 2)
    assert (exploration.started, exploration.finished) == (None, None)
    [event] = await store.explorations.events(exploration.id, 0, 10)
    assert (event.seq, event.kind, event.progress) == (1, EventKind.EXPLORATION_STARTED, exploration.progress)
    [step] = (await store.explorations.frontier(exploration.id, StepKind.EXPAND, 10)).ready
    assert (step.concept, step.depth, step.state, step.attempts) == (None, 0, StepState.PENDING, 0)


async def test_a_start_under_a_lease_is_owned_and_running_at_once(store: Store) -> None:
    """Nobody else can claim it."""
    exploration = await begun(store)
    assert exploration.status is S.RUNNING
    assert exploration.started is not None
    assert exploration.lease is not None
    assert exploration.lease.token == TOKEN
    assert await store.work.claim(exploration.id, "other", 60) is None


async def test_a_start_may_name_a_stored_concept(store: Store, other: Store) -> None:
    """Merges are followed; a concept that is not there, or elsewhere, starts nothing."""
    ids = await added(store, "leaf", "frond")
    await store.curation.merge(ids["leaf"], [ids["frond"]])
    exploration = await store.control.start(draft("leaf", root=ids["frond"]))
    assert exploration.root == ids["leaf"]
    assert (await store.explorations.frontier(exploration.id, StepKind.EXPAND, 1)).ready[0].concept == ids["leaf"]
    for elsewhere, root in ((store, "nowhere"), (other, ids["leaf"])):
        with pytest.raises(NotFoundError):
            await elsewhere.control.start(draft("leaf", root=root))
    assert (await other.explorations.page(ExplorationFilter(), ALL)).items == ()


async def test_a_repeated_start_answers_with_the_first_exploration(store: Store) -> None:
    """As it is by then; the same key with another input starts nothing."""
    key = request_key(mutation="startExploration")
    first = await store.control.start(draft(), idempotency=key)
    await store.control.pause(first.id)
    again = await store.control.start(draft(), idempotency=key)
    assert again == await now(store, first.id)
    assert again.status is S.PAUSED
    with pytest.raises(IdempotencyConflict):
        await store.control.start(draft("other"), idempotency=replace(key, input_hash="h2"))
    assert len((await store.explorations.page(ExplorationFilter(), ALL)).items) == 1


async def test_equal_starts_at_once_start_one_exploration(opener: Callable[[], Awaitable[Database]]) -> None:
    """Whatever the timing, over several processes: all get the same one."""
    stores = [(await opener()).within("main") for _ in range(3)]
    key = request_key(mutation="startExploration")
    started = await asyncio.gather(*(s.control.start(draft(), idempotency=key) for s in stores * 3))
    [stored] = (await stores[0].explorations.page(ExplorationFilter(), ALL)).items
    assert {e.id for e in started} == {stored.value.id}


async def reach(store: Store, status: S) -> Exploration:
    """An exploration in this status, one step of it failed."""
    if status is S.QUEUED:
        return await store.control.start(draft(concepts=5, tokens=10))
    e = await begun(store, concepts=5, tokens=10)
    first = await next_step(store, e.id)
    if status is S.FAILED:
        await store.work.fail(Failure(e.id, TOKEN, first, "no", None))
    else:
        await store.work.commit(outcome(e.id, first, known("photosynthesis", "leaf")))
        await store.work.fail(Failure(e.id, TOKEN, await next_step(store, e.id), "no", None))
    match status:
        case S.PAUSED:
            await store.control.pause(e.id)
        case S.CANCELLED:
            await store.control.cancel(e.id, "enough")
        case S.COMPLETED | S.FAILED:
            await store.work.finish(e.id, TOKEN, None, None)
        case S.BUDGET_REACHED:
            await store.work.finish(e.id, TOKEN, "concepts", "concepts: 5 of 5")
    found = await now(store, e.id)
    assert found.status is status
    return found


Action = Callable[[Store, str], Awaitable[Exploration | None]]
ACTIONS: Mapping[str, tuple[Action, Mapping[S, S | None]]] = {
    "pause": (lambda s, e: s.control.pause(e), {S.QUEUED: S.PAUSED, S.RUNNING: S.PAUSED}),
    "resume": (lambda s, e: s.control.resume(e), {S.PAUSED: S.RUNNING}),
    "cancel": (
        lambda s, e: s.control.cancel(e, "enough"),
        {S.QUEUED: S.CANCELLED, S.RUNNING: S.CANCELLED, S.PAUSED: S.CANCELLED},
    ),
    "extend": (
        lambda s, e: s.control.extend(e, Budget(9, None, 10), None),
        {S.BUDGET_REACHED: S.QUEUED, S.COMPLETED: S.QUEUED},
    ),
    "retry": (
        lambda s, e: s.control.retry_failed(e),
        {S.BUDGET_REACHED: S.QUEUED, S.COMPLETED: S.QUEUED, S.FAILED: S.QUEUED},
    ),
    "delete": (lambda s, e: s.control.delete(e), dict.fromkeys(ENDED)),
}


@pytest.mark.parametrize("status", S)
@pytest.mark.parametrize("action", ACTIONS)
async def test_the_table_of_statuses_holds(store: Store, action: str, status: S) -> None:
    """Each action leads from the statuses it may to the one it should, with one event; from others it is refused
    and changes nothing."""
    act, allowed = ACTIONS[action]
    before = await reach(store, status)
    events = await told(store, before.id)
    if status not in allowed:
        snapshot = await records(store)
        with pytest.raises(StatusConflict) as conflict:
            await act(store, before.id)
        assert conflict.value.status is status
        assert {*conflict.value.allowed} == set(allowed)
        assert await records(store) == snapshot
        return
    answer = await act(store, before.id)
    if (expected := allowed[status]) is None:
        assert await store.explorations.get([before.id]) == {}
        return
    after = await now(store, before.id)
    assert answer == after
    assert after.status is expected
    assert await told(store, before.id) == [*events, (before.next_seq, EventKind.STATUS_CHANGED, expected)]
    assert after.next_seq == before.next_seq + 1
    assert (after.finished is not None) == (expected in ENDED)
    assert after.lease is None or expected not in ENDED


@pytest.mark.parametrize("action", ACTIONS)
async def test_an_exploration_that_is_not_there_cannot_be_steered(store: Store, other: Store, action: str) -> None:
    """Unknown, or of another workspace: not found, and nothing is changed."""
    act, allowed = ACTIONS[action]
    elsewhere = await reach(other, next(iter(allowed)))
    for id in ("nowhere", elsewhere.id):
        with pytest.raises(NotFoundError):
            await act(store, id)
    assert await now(other, elsewhere.id) == elsewhere


async def test_a_pause_lets_running_steps_commit(store: Store) -> None:
    """The owner keeps its lease; resuming goes on with it, or QUEUED when nobody holds it."""
    e = await begun(store)
    step = await next_step(store, e.id)
    paused = await store.control.pause(e.id)
    assert paused.lease is not None
    assert (await store.work.commit(outcome(e.id, step, known("a", "b")))).events
    assert await store.work.claim(e.id, "other", 60) is None
    assert (await store.control.resume(e.id)).status is S.RUNNING
    await store.control.pause(e.id)
    await store.work.release(e.id, TOKEN)
    assert (await store.control.resume(e.id)).status is S.QUEUED


async def test_a_resume_after_the_owners_lease_ran_out_queues(store: Store) -> None:
    """An expired lease holds nothing."""
    e = await store.control.start(draft(), lease=(TOKEN, 0))
    await store.control.pause(e.id)
    assert (await store.control.resume(e.id)).status is S.QUEUED


async def test_a_cancel_keeps_what_was_found_and_refuses_what_comes_later(store: Store) -> None:
    """The reason is told; the lease is gone; a later commit changes nothing."""
    e = await begun(store)
    await store.work.commit(
        outcome(e.id, await next_step(store, e.id), known("a", "b", relations=(says("a", "IS_A", "b"),)))
    )
    step = await next_step(store, e.id)
    cancelled = await store.control.cancel(e.id, "enough")
    assert (cancelled.reason, cancelled.lease) == ("enough", None)
    [*_, event] = await store.explorations.events(e.id, 0, 100)
    assert (event.status, event.reason) == (S.CANCELLED, "enough")
    before = await records(store)
    with pytest.raises(LeaseLost):
        await store.work.commit(outcome(e.id, step, known("b", "c")))
    assert await records(store) == before
    assert (await store.explorations.members([e.id], ALL))[e.id].items
    assert await store.relations.types() == {"IS_A": 1}


async def test_an_extension_opens_what_the_old_depth_had_left(store: Store) -> None:
    """Members at the old depth get their steps, the others keep theirs, and the new bounds are stored."""
    e = await begun(store, depth=1, concepts=3)
    await store.work.commit(outcome(e.id, await next_step(store, e.id), known("a", "b", "c")))
    await store.work.finish(e.id, TOKEN, None, None)
    extended = await store.control.extend(e.id, Budget(10), 2)
    assert (extended.budget, extended.options.depth) == (Budget(10), 2)
    assert (extended.progress.steps_pending, extended.progress.steps_done) == (2, 1)
    assert (extended.finished, extended.reason) == (None, None)
    frontier = (await store.explorations.frontier(e.id, StepKind.EXPAND, 10)).ready
    members = {
        i.value.concept for i in (await store.explorations.members([e.id], ALL))[e.id].items if i.value.depth == 1
    }
    assert {s.concept for s in frontier} == members
    assert {s.depth for s in frontier} == {1}


async def test_an_extension_never_takes_back(store: Store) -> None:
    """A smaller budget or depth, or a bound where there was none, is refused; unbounding is an extension."""
    e = await begun(store, depth=2, concepts=3, seconds=2, cost_usd=1)
    await store.work.finish(e.id, TOKEN, "concepts", None)
    before = await records(store)
    for budget, depth in (
        (Budget(2, 2, None, 1), None),
        (Budget(3, 1, None, 1), None),
        (Budget(3, 2, 5, 1), None),
        (Budget(3, 2, None, 0.5), None),
        (Budget(9, 9, None, 9), 1),
    ):
        with pytest.raises(InvalidError):
            await store.control.extend(e.id, budget, depth)
    assert await records(store) == before
    assert (await store.control.extend(e.id, Budget(), 2)).budget == Budget()


async def test_retrying_makes_failed_steps_pending_again(store: Store) -> None:
    """Their attempts start at 0 and their spend stays; without a failed step there is nothing to retry."""
    e = await begun(store)
    step = await next_step(store, e.id)
    await store.work.reserve(e.id, TOKEN, step, Spend(tokens=5))
    await store.work.fail(Failure(e.id, TOKEN, step, "no luck", None))
    await store.work.finish(e.id, TOKEN, None, "nothing worked")
    retried = await store.control.retry_failed(e.id)
    assert (retried.progress.steps_failed, retried.progress.steps_pending) == (0, 1)
    [again] = (await store.explorations.frontier(e.id, StepKind.EXPAND, 10)).ready
    assert (again.id, again.attempts, again.error, again.spent) == (step, 0, None, Spend(tokens=5))
    claimed = await store.work.claim(e.id, "t2", 60)
    assert claimed is not None
    await store.work.commit(outcome(e.id, step, known("a"), token="t2"))
    await store.work.finish(e.id, "t2", None, None)
    with pytest.raises(ConflictError):
        await store.control.retry_failed(e.id)


async def test_a_deleted_exploration_leaves_only_what_it_found(store: Store) -> None:
    """Steps, members and events go; concepts and relations stay."""
    e = await reach(store, S.COMPLETED)
    kept = await begun(store, "kept")
    await store.control.delete(e.id)
    assert await store.explorations.get([e.id]) == {}
    assert (await store.explorations.members([e.id], ALL))[e.id].items == ()
    assert (await store.explorations.steps([e.id], StepFilter(), ALL))[e.id].items == ()
    for read in (store.explorations.events(e.id, 0, 10), store.explorations.oldest_seq(e.id)):
        with pytest.raises(NotFoundError):
            await read
    assert set(await store.concepts.named(["photosynthesis", "leaf"])) == {"photosynthesis", "leaf"}
    assert set(await store.explorations.get([kept.id])) == {kept.id}
    assert len(await store.explorations.events(kept.id, 0, 10)) == 1


async def test_a_lease_is_stored_to_the_microsecond(store: Store) -> None:
    """It ends as long after the start as was asked."""
    e = await begun(store)
    assert isinstance(e.lease, Lease)
    assert (e.lease.until - e.created).total_seconds() == 3_600
