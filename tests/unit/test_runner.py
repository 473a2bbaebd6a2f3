"""The runner: steps, budgets, failures, changes of course, leases."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from continuum.assembly import Parts
from exploration.request import Request
from exploration.watch import Told
from graphstore.errors import NotFoundError, StatusConflict
from graphstore.model import (
    Budget,
    Direction,
    EventKind,
    ExplorationStatus,
    StepFilter,
    StepState,
)
from graphstore.port import Store
from providers.errors import RefusedError, TransientError
from providers.price import Price
from tests.support.exploring import ALL, Scripted, asked, end_of, names, reached, stored, until

Explore = Callable[..., Any]


async def test_an_exploration_finds_everything_within_its_depth(parts: Parts, store: Store, explore: Explore) -> None:
    """Every concept within reach becomes a member, at its least distance from the topic."""
    ended = await end_of(parts, await explore())
    assert ended.status is ExplorationStatus.COMPLETED
    assert await names(store, ended) == {"a": 0, "b": 1, "c": 1, "d": 2, "e": 2, "f": 2, "g": 3}
    assert (ended.progress.steps_done, ended.progress.steps_pending, ended.progress.concepts_found) == (6, 0, 7)


async def test_what_lies_too_deep_is_not_expanded(
    parts: Parts, store: Store, explore: Explore, scripted: Scripted
) -> None:
    """Concepts at the greatest depth are members, and their own neighbours are not asked for."""
    ended = await end_of(parts, await explore(depth=1))
    assert await names(store, ended) == {"a": 0, "b": 1, "c": 1}
    assert scripted.asked == ["a"]


async def test_every_relation_has_evidence(parts: Parts, store: Store, explore: Explore) -> None:
    """Each stored relation can say which source states it, in which words."""
    ended = await end_of(parts, await explore())
    pages = await store.relations.of([ended.root], Direction.OUT, None, ALL)
    edges = [i.value for i in pages[ended.root].items]
    evidence = await store.relations.evidence([e.relation.key for e in edges], ALL)
    quotes = {item.value.quote for page in evidence.values() for item in page.items}
    assert quotes == {"a leads to b.", "a leads to c."}


async def test_events_are_numbered_and_replay_to_the_members(parts: Parts, store: Store, explore: Explore) -> None:
    """Numbers run 1..n, and the concepts of all GraphGrew events are exactly the stored members, each told once."""
    ended = await end_of(parts, await explore())
    events = await store.explorations.events(ended.id, 0, 100)
    assert [e.seq for e in events] == list(range(1, ended.next_seq))
    told = [id for e in events if e.kind is EventKind.GRAPH_GREW for id in e.concepts]
    members = (await store.explorations.members([ended.id], ALL))[ended.id]
    assert sorted(told) == sorted(i.value.concept for i in members.items)


async def test_steps_run_side_by_side_up_to_the_bound(parts: Parts, explore: Explore, scripted: Scripted) -> None:
    """No more steps run at once than the setting allows, and more than one does."""
    scripted.graph = {"a": [f"n{i}" for i in range(12)], **{f"n{i}": [] for i in range(12)}}
    scripted.gate, scripted.gate_spares_topic = asyncio.Event(), True
    exploration = await explore(depth=2)

    async def full() -> bool:
        return scripted.running == parts.settings.steps_at_once

    await until(full)
    scripted.gate.set()
    await end_of(parts, exploration)
    assert scripted.most_at_once == parts.settings.steps_at_once


async def test_the_budget_of_concepts_is_kept_to_the_letter(parts: Parts, store: Store, explore: Explore) -> None:
    """Exactly as many members as allowed, status BUDGET_REACHED, and the reason names the budget."""
    ended = await end_of(parts, await explore(budget=Budget(concepts=4)))
    assert ended.status is ExplorationStatus.BUDGET_REACHED
    assert ended.reason is not None
    assert ended.reason.startswith("concepts")
    assert len(await names(store, ended)) == ended.spent.concepts == 4


async def test_extending_finds_what_the_budget_had_cut_off(parts: Parts, store: Store, explore: Explore) -> None:
    """After an extension the graph is that of an exploration which had the whole budget from the start."""
    cut = await end_of(parts, await explore(budget=Budget(concepts=4)))
    await parts.explorer.extend(store, cut.id, Budget(concepts=100))
    ended = await end_of(parts, cut)
    assert ended.status is ExplorationStatus.COMPLETED
    assert set(await names(store, ended)) == set("abcdefg")


async def test_extending_the_depth_opens_the_rim(parts: Parts, store: Store, explore: Explore) -> None:
    """A completed exploration goes on from the members that its old depth had left alone."""
    shallow = await end_of(parts, await explore(depth=1))
    await parts.explorer.extend(store, shallow.id, Budget(), depth=2)
    ended = await end_of(parts, shallow)
    assert await names(store, ended) == {"a": 0, "b": 1, "c": 1, "d": 2, "e": 2, "f": 2}


async def test_the_budget_of_seconds_ends_a_source_that_hangs(
    parts: Parts, explore: Explore, scripted: Scripted
) -> None:
    """When time is up, running steps are aborted and the exploration says so."""
    scripted.gate = asyncio.Event()
    ended = await end_of(parts, await explore(budget=Budget(seconds=1)))
    assert (ended.status, ended.reason and ended.reason.split(":")[0]) == (ExplorationStatus.BUDGET_REACHED, "seconds")
    assert ended.spent.seconds >= 1


async def test_spend_never_exceeds_the_budget(parts: Parts, explore: Explore, scripted: Scripted) -> None:
    """A call whose worst case does not fit is not made; what calls really used is what is counted."""
    scripted.price_of_answer, scripted.used = Price(100, 0.1), Price(60, 0.05)
    ended = await end_of(parts, await explore(budget=Budget(tokens=250)))
    assert ended.status is ExplorationStatus.BUDGET_REACHED
    assert ended.spent.tokens == 60 * len(scripted.asked)
    assert ended.spent.tokens <= 250
    assert ended.spent.cost_usd == pytest.approx(0.05 * len(scripted.asked))
    assert len(scripted.asked) >= 2


async def test_a_passing_failure_is_tried_again(
    parts: Parts, store: Store, explore: Explore, scripted: Scripted
) -> None:
    """A step that fails for the moment is retried, its failure is told, and the graph is complete in the end."""
    scripted.fail = lambda name, attempt: TransientError("busy") if name == "b" and attempt < 3 else None
    ended = await end_of(parts, await explore())
    assert (ended.status, set(await names(store, ended))) == (ExplorationStatus.COMPLETED, set("abcdefg"))
    failures = [e for e in await store.explorations.events(ended.id, 0, 100) if e.kind is EventKind.STEP_FAILED]
    assert [(e.error, e.will_retry) for e in failures] == [("busy", True)] * 2


async def test_a_lasting_failure_leaves_the_rest(
    parts: Parts, store: Store, explore: Explore, scripted: Scripted
) -> None:
    """A refused step is failed with its reason, the rest goes on, and retrying it later completes the graph."""
    broken = {"b"}
    scripted.fail = lambda name, _: RefusedError("not this one") if name in broken else None
    ended = await end_of(parts, await explore())
    assert (ended.status, ended.progress.steps_failed) == (ExplorationStatus.COMPLETED, 1)
    assert await names(store, ended) == {"a": 0, "b": 1, "c": 1, "e": 2, "f": 2}
    failed = StepFilter(states=(StepState.FAILED,))
    [item] = (await store.explorations.steps([ended.id], failed, ALL))[ended.id].items
    assert item.value.error == "not this one"
    broken.clear()
    await parts.explorer.retry_failed(store, ended.id)
    again = await end_of(parts, ended)
    assert (again.progress.steps_failed, set(await names(store, again))) == (0, set("abcdefg"))


async def test_a_defect_in_one_step_leaves_the_rest(parts: Parts, explore: Explore, scripted: Scripted) -> None:
    """Whatever a step raises, it is failed once, without its words, and the others go on."""
    scripted.fail = lambda name, _: ZeroDivisionError("a secret") if name == "b" else None
    ended = await end_of(parts, await explore())
    assert (ended.status, ended.progress.steps_failed) == (ExplorationStatus.COMPLETED, 1)
    assert scripted.asked.count("b") == 1


async def test_an_exploration_that_can_do_nothing_fails(parts: Parts, explore: Explore, scripted: Scripted) -> None:
    """When the first step fails for good there is nothing left to do, and the reason is the step's."""
    scripted.fail = lambda _name, _attempt: RefusedError("closed on Mondays")
    ended = await end_of(parts, await explore())
    assert (ended.status, ended.reason) == (ExplorationStatus.FAILED, "closed on Mondays")


async def test_pause_begins_no_step_and_resume_goes_on(
    parts: Parts, store: Store, explore: Explore, scripted: Scripted
) -> None:
    """Running steps commit after a pause, no other is begun until it is resumed."""
    scripted.gate = asyncio.Event()
    exploration = await explore()
    await asked(scripted, "a")
    await parts.explorer.pause(store, exploration.id)
    scripted.gate.set()

    async def handed_back() -> bool:
        return (await stored(parts, exploration)).lease is None

    await until(handed_back)
    now = await stored(parts, exploration)
    assert (scripted.asked, now.status, now.progress.steps_done) == (["a"], ExplorationStatus.PAUSED, 1)
    await parts.explorer.resume(store, exploration.id)
    ended = await end_of(parts, exploration)
    assert set(await names(store, ended)) == set("abcdefg")


async def test_cancel_aborts_and_keeps_what_was_found(
    parts: Parts, store: Store, explore: Explore, scripted: Scripted
) -> None:
    """A cancelled exploration stops in mid-call, keeps its members, and takes no further change."""
    scripted.fail = lambda name, _: None if name == "a" else TransientError("later", retry_after=60)
    exploration = await explore()
    await reached(parts, exploration, ExplorationStatus.RUNNING)
    await asked(scripted, "b")
    await parts.explorer.cancel(store, exploration.id, "enough")
    ended = await end_of(parts, exploration)
    assert (ended.status, ended.reason) == (ExplorationStatus.CANCELLED, "enough")
    assert set(await names(store, ended)) >= {"a", "b", "c"}
    with pytest.raises(StatusConflict, match="CANCELLED"):
        await parts.explorer.resume(store, exploration.id)


async def test_one_topic_gives_one_graph_whatever_the_timing(opened: Any, tmp_path: Path) -> None:
    """Explored with one step at a time or with many, in either order, the members and depths are the same."""
    found = []
    for number, at_once in enumerate((1, 8)):
        async with opened(data_dir=tmp_path / str(number), steps_at_once=at_once) as parts:
            store = parts.database.within("main")
            exploration = await parts.explorer.start(store, Request(topic="a", depth=3, budget=Budget()))
            found.append(await names(store, await end_of(parts, exploration)))
    assert found[0] == found[1]


async def test_a_deleted_concept_is_not_found_again(parts: Parts, store: Store, explore: Explore) -> None:
    """Explorations respect the tombstone of a deleted concept."""
    first = await end_of(parts, await explore())
    [e] = (await store.concepts.named(["e"]))["e"]
    await store.curation.delete_concept(e.id)
    assert set(await names(store, first)) == set("abcdfg")
    second = await end_of(parts, await explore())
    assert set(await names(store, second)) == set("abcdfg")


async def test_a_topic_that_was_deleted_says_so(parts: Parts, store: Store, explore: Explore) -> None:
    """Exploring a deleted topic is a failure with a reason, not an empty success."""
    first = await end_of(parts, await explore())
    await store.curation.delete_concept(first.root)
    ended = await end_of(parts, await explore())
    assert ended.status is ExplorationStatus.FAILED
    assert ended.reason is not None
    assert "deleted" in ended.reason


async def test_a_second_exploration_meets_what_is_there(parts: Parts, store: Store, explore: Explore) -> None:
    """What an earlier exploration created, a later one meets: same concepts, none doubled."""
    await end_of(parts, await explore())
    second = await end_of(parts, await explore())
    members = [i.value for i in (await store.explorations.members([second.id], ALL))[second.id].items]
    assert len(members) == 7
    assert not any(m.created for m in members)


async def test_work_that_nobody_holds_is_taken_up(opened: Any, scripted: Scripted) -> None:
    """An exploration whose process is gone is finished by the next one, by itself."""
    scripted.gate = asyncio.Event()
    async with opened() as parts:
        store = parts.database.within("main")
        exploration = await parts.explorer.start(store, Request(topic="a", depth=3, budget=Budget()))
        await reached(parts, exploration, ExplorationStatus.RUNNING)
    scripted.gate = None
    async with opened() as parts:
        assert (await end_of(parts, exploration)).status is ExplorationStatus.COMPLETED


async def test_draining_hands_the_exploration_back(opened: Any, scripted: Scripted) -> None:
    """A drained process lets running steps commit, gives up the lease, and leaves the rest to others."""
    scripted.gate = asyncio.Event()
    async with opened() as parts:
        store = parts.database.within("main")
        exploration = await parts.explorer.start(store, Request(topic="a", depth=3, budget=Budget()))
        await asked(scripted, "a")
        drained = asyncio.create_task(parts.drain())
        await asyncio.sleep(0)
        scripted.gate.set()
        await drained
        now = (await store.explorations.get([exploration.id]))[exploration.id]
        assert (now.status, now.lease, now.progress.steps_done) == (ExplorationStatus.RUNNING, None, 1)


async def test_watching_an_unknown_exploration_says_so(parts: Parts) -> None:
    """There is nothing to watch in another workspace or under an unknown id."""
    with pytest.raises(NotFoundError):
        await anext(parts.watch.events("main", "00000000-0000-7000-8000-000000000000", 0))


async def test_a_watcher_that_comes_late_hears_everything(parts: Parts, explore: Explore) -> None:
    """Watching an ended exploration from any number gives the events after it, then ends."""
    ended = await end_of(parts, await explore())
    for after in range(ended.next_seq):
        told = [t async for t in parts.watch.events("main", ended.id, after)]
        assert [t.event.seq for t in told if isinstance(t, Told)] == list(range(after + 1, ended.next_seq))


async def test_a_source_that_is_no_longer_there_is_a_failure(opened: Any, scripted: Scripted) -> None:
    """An exploration that names a source which this program does not have ends, and its reason says which."""
    scripted.gate = asyncio.Event()
    async with opened() as parts:
        exploration = await parts.explorer.start(parts.database.within("main"), Request(topic="a"))
        await reached(parts, exploration, ExplorationStatus.RUNNING)
    async with opened(source_name="renamed") as parts:
        ended = await end_of(parts, exploration)
    assert ended.status is ExplorationStatus.FAILED
    assert ended.reason is not None
    assert "'scripted'" in ended.reason
