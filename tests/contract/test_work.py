"""What the owner of an exploration does: leases, reservations, failures, the end."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from graphstore.errors import BudgetExceeded, ConflictError, LeaseLost
from graphstore.model import (
    EventKind,
    Exploration,
    ExplorationStatus,
    Failure,
    PageRequest,
    Spend,
    Step,
    StepKind,
    StepState,
)
from graphstore.port import Database, Store
from tests.support.claims import TOKEN, begun, draft, known, next_step, outcome
from tests.support.snapshots import records

S = ExplorationStatus
ALL = PageRequest(1_000)


async def now(store: Store, id: str) -> Exploration:
    """The exploration as it is stored."""
    return (await store.explorations.get([id]))[id]


async def step_of(store: Store, id: str) -> Step:
    """The step as it is stored."""
    return (await store.explorations.steps_by_id([id]))[id]


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
    "renew": lambda s, e, _, t: s.work.renew(e, t, 60),
    "reserve": lambda s, e, step, t: s.work.reserve(e, t, step, Spend(tokens=1)),
    "commit": lambda s, e, step, t: s.work.commit(outcome(e, step, known("zombie"), token=t)),
    "fail": lambda s, e, step, t: s.work.fail(Failure(e, t, step, "no", None)),
    "finish": lambda s, e, _, t: s.work.finish(e, t, "concepts", None),
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


async def test_a_reservation_counts_as_spent_until_it_is_settled(store: Store) -> None:
    """What the attempt really used takes its place."""
    e = await begun(store, tokens=100, cost_usd=1.0)
    step = await next_step(store, e.id)
    await store.work.reserve(e.id, TOKEN, step, Spend(tokens=60, cost_usd=0.6))
    assert (await now(store, e.id)).spent == Spend(tokens=60, cost_usd=0.6)
    booked = await step_of(store, step)
    assert (booked.attempts, booked.reserved, booked.spent) == (
        1,
        Spend(tokens=60, cost_usd=0.6),
        Spend(tokens=60, cost_usd=0.6),
    )
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
    frontier = await store.explorations.frontier(e.id, StepKind.EXPAND, 10)
    assert frontier.ready == ()
    assert frontier.wait is not None
    assert 3_500 < frontier.wait <= 3_600
    waiting = await step_of(store, step)
    assert (waiting.state, waiting.error, waiting.attempts) == (StepState.PENDING, "busy", 1)
    await store.work.fail(Failure(e.id, TOKEN, step, "busy", 0))
    assert [s.id for s in (await store.explorations.frontier(e.id, StepKind.EXPAND, 10)).ready] == [step]


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


async def test_an_answer_that_could_not_be_used_is_kept(store: Store) -> None:
    """Word for word, with the step; the next failure has its own or none, and what comes to something forgets it."""
    e = await begun(store, depth=1)
    step = await next_step(store, e.id)
    assert (await step_of(store, step)).answer is None
    for answer in ('{"half": "Ω\n', None, "nonsense"):
        await store.work.fail(Failure(e.id, TOKEN, step, "garbled", 0, answer=answer))
        assert (await step_of(store, step)).answer == answer
    await store.work.fail(Failure(e.id, TOKEN, step, "garbled", None, answer="the last"))
    failed = await step_of(store, step)
    assert (failed.state, failed.answer) == (StepState.FAILED, "the last")
    await store.work.finish(e.id, TOKEN, None, None)
    await store.control.retry_failed(e.id)
    assert (await step_of(store, step)).answer is None
    await store.work.claim(e.id, TOKEN, 60)
    await store.work.fail(Failure(e.id, TOKEN, step, "garbled", 0, answer="once more"))
    await store.work.commit(outcome(e.id, step, known("a")))
    assert ((await step_of(store, step)).state, (await step_of(store, step)).answer) == (StepState.DONE, None)


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
