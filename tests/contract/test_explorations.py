"""Reading explorations, their steps, members and events."""

from collections.abc import Sequence
from functools import partial

import pytest

from graphstore.errors import InvalidError, NotFoundError
from graphstore.model import (
    Exploration,
    ExplorationFilter,
    ExplorationStatus,
    Failure,
    Member,
    Page,
    PageRequest,
    Step,
    StepFilter,
    StepKind,
    StepState,
)
from graphstore.port import Store
from tests.support.claims import TOKEN, added, begun, draft, known, next_step, outcome
from tests.support.pages import all_of, check_pages

S = ExplorationStatus
ANY = ExplorationFilter()
ALL = PageRequest(1_000)


@pytest.fixture
async def grown(store: Store, other: Store) -> Exploration:
    """An exploration with steps in every state; another workspace has one of the same topic."""
    await begun(other)
    e = await begun(store)
    await store.work.commit(outcome(e.id, await next_step(store, e.id), known("plant", "a", "b", "c", "d")))
    await store.work.commit(outcome(e.id, await next_step(store, e.id), known("a", "a1", "a2")))
    await store.work.fail(Failure(e.id, TOKEN, await next_step(store, e.id), "no", None))
    return (await store.explorations.get([e.id]))[e.id]


async def test_get_leaves_out_what_is_not_there(store: Store, other: Store, grown: Exploration) -> None:
    """Unknown ids and those of another workspace are missing from the answer."""
    assert await store.explorations.get([grown.id, "nowhere", "\0", "\ud800"]) == {grown.id: grown}
    assert await other.explorations.get([grown.id]) == {}
    assert await store.explorations.get([]) == {}


async def test_explorations_are_paged_newest_first(store: Store, grown: Exploration) -> None:
    """Pages are windows of one list, which filters narrow and counts count."""
    made = [grown, *[await store.control.start(draft(f"topic {i}")) for i in range(4)]]
    await store.control.pause(made[1].id)
    await store.control.cancel(made[2].id, "enough")
    listed = await check_pages(lambda request: store.explorations.page(ANY, request))
    assert [e.id for e in listed] == [e.id for e in reversed(made)]
    for filter, expected in (
        (ExplorationFilter((S.QUEUED,)), [made[4], made[3]]),
        (ExplorationFilter((S.CANCELLED, S.PAUSED)), [made[2], made[1]]),
        (ExplorationFilter(()), []),
        (ExplorationFilter(topic="TOPIC  3"), [made[4]]),
        (ExplorationFilter((S.QUEUED,), "topic 1"), []),
    ):
        found = await all_of(partial(store.explorations.page, filter))
        assert [item.value.id for item in found] == [e.id for e in expected]
        assert await store.explorations.count(filter) == len(expected)
    assert await store.explorations.count(ANY) == 5
    await check_pages(lambda request: store.explorations.page(ExplorationFilter((S.QUEUED,)), request))


async def test_members_come_in_the_order_in_which_they_were_found(store: Store, grown: Exploration) -> None:
    """By the event that told of them; pages are windows of one list; many explorations are read at once."""

    async def fetch(request: PageRequest) -> Page[Member]:
        return (await store.explorations.members([grown.id], request))[grown.id]

    found = await check_pages(fetch)
    assert len(found) == grown.progress.concepts_found == 7
    assert [m.seq for m in found] == sorted(m.seq for m in found)
    assert {m.seq for m in found} == {2, 3}
    empty = await store.control.start(draft())
    both = await store.explorations.members([empty.id, grown.id, "nowhere"], PageRequest(2))
    assert [len(both[id].items) for id in (empty.id, grown.id, "nowhere")] == [0, 2, 0]


async def test_steps_come_in_the_order_in_which_they_were_made(store: Store, grown: Exploration) -> None:
    """Under a filter of states too; pages are windows of one list."""

    async def states(filter: StepFilter) -> Sequence[StepState]:
        async def fetch(request: PageRequest) -> Page[Step]:
            return (await store.explorations.steps([grown.id], filter, request))[grown.id]

        return [step.state for step in await check_pages(fetch)]

    done, failed, pending = StepState.DONE, StepState.FAILED, StepState.PENDING
    assert await states(StepFilter()) == [done, done, failed, pending, pending]
    assert await states(StepFilter((done,))) == [done, done]
    assert await states(StepFilter((failed, pending))) == [failed, pending, pending]
    nothing = await store.explorations.steps([grown.id], StepFilter(()), ALL)
    assert nothing[grown.id].items == ()


async def test_steps_are_read_by_id(store: Store, other: Store, grown: Exploration) -> None:
    """In this workspace only."""
    page = (await store.explorations.steps([grown.id], StepFilter(), ALL))[grown.id]
    steps = {item.value.id: item.value for item in page.items}
    assert await store.explorations.steps_by_id([*steps, "nowhere"]) == steps
    assert await other.explorations.steps_by_id(list(steps)) == {}


async def test_the_frontier_is_the_least_depth_by_priority(store: Store, grown: Exploration) -> None:
    """Best first, then by concept id; nothing is waiting; an exploration without steps has an empty one."""
    page = (await store.explorations.steps([grown.id], StepFilter((StepState.PENDING,)), ALL))[grown.id]
    pending = sorted((item.value for item in page.items), key=lambda s: (-s.priority, s.concept))
    frontier = await store.explorations.frontier(grown.id, StepKind.EXPAND, 10)
    assert list(frontier.ready) == pending
    assert frontier.wait is None
    assert (await store.explorations.frontier(grown.id, StepKind.EXPAND, 1)).ready == tuple(pending[:1])
    empty = await store.explorations.frontier("nowhere", StepKind.EXPAND, 10)
    assert (empty.ready, empty.wait) == ((), None)
    with pytest.raises(InvalidError):
        await store.explorations.frontier(grown.id, StepKind.EXPAND, 0)


async def test_a_waiting_step_keeps_the_next_depth_back(store: Store) -> None:
    """Only when all steps of one depth have ended does the next appear."""
    e = await begun(store, depth=3)
    await store.work.commit(outcome(e.id, await next_step(store, e.id), known("top", "a", "b")))
    first, second = (await store.explorations.frontier(e.id, StepKind.EXPAND, 10)).ready
    await store.work.fail(Failure(e.id, TOKEN, first.id, "busy", 1_000))
    await store.work.fail(Failure(e.id, TOKEN, second.id, "busy", 2_000))
    frontier = await store.explorations.frontier(e.id, StepKind.EXPAND, 10)
    assert frontier.ready == ()
    assert frontier.wait is not None
    assert 900 < frontier.wait <= 1_000
    await store.work.commit(outcome(e.id, second.id, known("b", "b1")))
    assert (await store.explorations.frontier(e.id, StepKind.EXPAND, 10)).ready == ()


async def test_events_are_read_after_a_number(store: Store, other: Store, grown: Exploration) -> None:
    """In order, at most so many; unknown explorations are not found."""
    events = await store.explorations.events(grown.id, 0, 100)
    assert [e.seq for e in events] == [1, 2, 3, 4]
    assert await store.explorations.events(grown.id, 2, 1) == events[2:3]
    assert await store.explorations.events(grown.id, 4, 100) == ()
    assert await store.explorations.events(grown.id, -5, 100) == events
    assert await store.explorations.oldest_seq(grown.id) == 1
    with pytest.raises(InvalidError):
        await store.explorations.events(grown.id, 0, 0)
    for where, id in ((store, "nowhere"), (other, grown.id)):
        with pytest.raises(NotFoundError):
            await where.explorations.events(id, 0, 10)
        with pytest.raises(NotFoundError):
            await where.explorations.oldest_seq(id)


async def test_another_workspaces_explorations_are_not_there(store: Store, other: Store, grown: Exploration) -> None:
    """No read of a workspace shows anything of another one."""
    assert await other.explorations.count(ANY) == 1
    assert grown.id not in {i.value.id for i in (await other.explorations.page(ANY, ALL)).items}
    assert (await other.explorations.members([grown.id], ALL))[grown.id] == Page()
    assert (await other.explorations.steps([grown.id], StepFilter(), ALL))[grown.id] == Page()
    assert (await other.explorations.frontier(grown.id, StepKind.EXPAND, 10)).ready == ()
    await added(other, "unrelated")
    assert await store.explorations.count(ANY) == 1
