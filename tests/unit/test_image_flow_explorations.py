"""Pictures of an exploration: further steps that never change what is found, and never cost more than they may."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from continuum.assembly import Parts
from exploration.errors import InvalidRequest
from exploration.request import PicturesRequest, Request
from exploration.watch import Told
from graphstore.model import (
    Budget,
    Event,
    EventKind,
    Exploration,
    ExplorationStatus,
    Image,
    ImageStatus,
    Step,
    StepFilter,
    StepKind,
    StepState,
)
from graphstore.port import Store
from providers.errors import GarbledError, RefusedError, TransientError
from providers.price import NOTHING, Price
from providers.registry import UnknownNameError
from tests.support.exploring import ALL, Scripted, asked, end_of, names, stored, until
from tests.support.graphs import check_history, graph_by_key
from tests.support.painting import Scribbler, calls

Explore = Callable[..., Any]
WITH = PicturesRequest()
COMPLETED, BUDGET_REACHED = ExplorationStatus.COMPLETED, ExplorationStatus.BUDGET_REACHED


async def images_of(store: Store, exploration: Exploration) -> list[Image]:
    """The images that it made."""
    records = [record async for record in store.archive.export()]
    return [r for r in records if isinstance(r, Image) and r.exploration == exploration.id]


async def steps_of(store: Store, exploration: Exploration, kind: StepKind) -> list[Step]:
    """Its steps of one kind."""
    page = (await store.explorations.steps([exploration.id], StepFilter(), ALL))[exploration.id]
    return [item.value for item in page.items if item.value.kind is kind]


async def failures(store: Store, exploration: Exploration) -> list[Event]:
    """The events that tell of a failed attempt."""
    return [e for e in await store.explorations.events(exploration.id, 0, 1_000) if e.kind is EventKind.STEP_FAILED]


async def test_each_concept_that_is_found_gets_a_picture(
    parts: Parts, store: Store, explore: Explore, scribbler: Scribbler
) -> None:
    """READY images of all members, each told of by an event that comes with it, each made as was asked."""
    ended = await end_of(parts, await explore(pictures=PicturesRequest(size="32x16", style="ink")))
    assert (ended.status, ended.progress.steps_done, ended.progress.steps_pending) == (COMPLETED, 6 + 7, 0)
    members = (await store.explorations.members([ended.id], ALL))[ended.id]
    made = await images_of(store, ended)
    assert sorted(i.concept for i in made) == sorted(item.value.concept for item in members.items)
    assert {(i.status, i.options.provider, i.options.size, i.options.style) for i in made} == {
        (ImageStatus.READY, "scribbler", "32x16", "ink")
    }
    assert all(i.prompt and "Style: ink." in i.prompt and i.concept_version == 1 for i in made)
    assert len(scribbler.asked) == 7
    await check_history(store, ended.id)
    told = [t async for t in parts.watch.events("main", ended.id, 0) if isinstance(t, Told)]
    shown = {id: image for t in told for id, image in t.images.items()}
    assert {image.id: image for image in made} == shown
    for image in made:
        assert image.picture is not None
        assert await parts.pictures.size("main", image.picture.digest) == image.picture.bytes


async def test_pictures_never_change_what_is_found(opened: Any, tmp_path: Path, scribbler: Scribbler) -> None:
    """Without them, with them, and with slow and failing ones, the graph is the same by key."""
    graphs = []
    for number, pictures in enumerate((None, WITH, WITH)):
        if number == 2:
            scribbler.gate = asyncio.Event()
            scribbler.fail = lambda _request, attempt: GarbledError("half") if attempt % 2 else None
        async with opened(data_dir=tmp_path / str(number)) as parts:
            store = parts.database.within("main")
            request = Request(topic="a", depth=3, budget=Budget(), pictures=pictures)
            exploration = await parts.explorer.start(store, request)
            if scribbler.gate:
                await _all_found(parts, exploration)
                scribbler.gate.set()
            ended = await end_of(parts, exploration)
            assert ended.status is COMPLETED
            await check_history(store, ended.id)
            graphs.append({**await graph_by_key(store), "images": None})
    assert graphs[0] == graphs[1] == graphs[2]


async def _all_found(parts: Parts, exploration: Exploration) -> None:
    """Wait until everything is found, though no picture is."""

    async def found() -> bool:
        progress = (await stored(parts, exploration)).progress
        return (progress.concepts_found, progress.steps_done) == (7, 6)

    await until(found)


async def test_no_more_pictures_than_allowed_are_made_at_once(
    parts: Parts, explore: Explore, scripted: Scripted, scribbler: Scribbler
) -> None:
    """Two of one exploration, beside its other steps."""
    scripted.graph = {"a": [f"n{i}" for i in range(10)], **{f"n{i}": [] for i in range(10)}}
    scribbler.gate, scribbler.spared = asyncio.Event(), "a"
    exploration = await explore(pictures=WITH)
    await calls(scribbler, 3)
    scribbler.gate.set()
    await end_of(parts, exploration)
    assert (len(scribbler.asked), scribbler.most_at_once) == (11, 2)


async def test_the_budget_of_pictures_ends_pictures_alone(
    parts: Parts, store: Store, explore: Explore, scribbler: Scribbler
) -> None:
    """Everything is found, so many have pictures, and the reason names the budget; with more of it the rest follows."""
    ended = await end_of(parts, await explore(pictures=WITH, budget=Budget(pictures=3)))
    assert (ended.status, (ended.reason or "").partition(":")[0]) == (BUDGET_REACHED, "pictures")
    assert set(await names(store, ended)) == set("abcdefg")
    assert len(await images_of(store, ended)) == len(scribbler.asked) == ended.spent.pictures == 3
    await parts.explorer.extend(store, ended.id, Budget(pictures=7))
    again = await end_of(parts, ended)
    assert (again.status, again.spent.pictures) == (COMPLETED, 7)
    assert len(await images_of(store, again)) == 7


async def test_the_budget_of_concepts_leaves_their_pictures(parts: Parts, store: Store, explore: Explore) -> None:
    """What was found is still shown, and the reason names what was used up."""
    ended = await end_of(parts, await explore(pictures=WITH, budget=Budget(concepts=4)))
    assert (ended.status, (ended.reason or "").partition(":")[0]) == (BUDGET_REACHED, "concepts")
    assert len(await images_of(store, ended)) == ended.spent.concepts == 4


async def test_a_budget_that_is_just_enough_is_not_reached(parts: Parts, store: Store, explore: Explore) -> None:
    """Seven concepts and seven pictures are all there is."""
    ended = await end_of(parts, await explore(pictures=WITH, budget=Budget(concepts=8, pictures=7)))
    assert (ended.status, len(await images_of(store, ended))) == (COMPLETED, 7)


async def test_pictures_never_cost_more_than_they_may(
    parts: Parts, store: Store, explore: Explore, scribbler: Scribbler
) -> None:
    """A picture that might not fit is not asked for; the rest is found all the same."""
    scribbler.price = 0.3
    ended = await end_of(parts, await explore(pictures=WITH, budget=Budget(cost_usd=1.0)))
    assert (ended.status, (ended.reason or "").partition(":")[0]) == (BUDGET_REACHED, "costUsd")
    assert ended.spent.cost_usd == pytest.approx(0.9)
    assert len(scribbler.asked) == len(await images_of(store, ended)) == 3
    assert set(await names(store, ended)) == set("abcdefg")


async def test_time_that_is_up_aborts_pictures_too(parts: Parts, explore: Explore, scribbler: Scribbler) -> None:
    """A picture that hangs does not outlive the budget of seconds."""
    scribbler.gate = asyncio.Event()
    ended = await end_of(parts, await explore(pictures=WITH, budget=Budget(seconds=1)))
    assert (ended.status, (ended.reason or "").partition(":")[0]) == (BUDGET_REACHED, "seconds")
    assert scribbler.running == 0


async def test_who_names_no_bound_in_dollars_has_one(
    explore: Explore, scribbler: Scribbler, scripted: Scripted
) -> None:
    """Where something costs money; one that was named stays, and what is free needs none."""
    assert (await explore(pictures=WITH)).budget.cost_usd is None
    scribbler.price = 0.1
    assert (await explore()).budget.cost_usd is None
    assert (await explore(pictures=WITH)).budget == Budget(cost_usd=1.0)
    assert (await explore(pictures=WITH, budget=Budget(cost_usd=5.0))).budget == Budget(cost_usd=5.0)
    assert (await explore(pictures=PicturesRequest("mock"))).budget.cost_usd is None
    scripted.price_of_answer = Price(10)
    assert (await explore()).budget.cost_usd is None
    scripted.price_of_answer = Price(10, 0.01)
    assert (await explore()).budget.cost_usd == 1.0


async def test_pictures_that_cannot_be_made_as_asked_start_nothing(
    parts: Parts, explore: Explore, scribbler: Scribbler
) -> None:
    """The argument is named; a provider that is away is fine, for it is stood in for."""
    with pytest.raises(InvalidRequest, match="16x16, 32x16"):
        await explore(pictures=PicturesRequest(size="1x1"))
    with pytest.raises(UnknownNameError, match="mock, scribbler"):
        await explore(pictures=PicturesRequest("nobody"))
    scribbler.reason = "no crayons"
    ended = await end_of(parts, await explore(pictures=PicturesRequest("scribbler")))
    assert ended.status is COMPLETED


async def test_a_picture_that_cannot_be_made_leaves_the_rest(
    parts: Parts, store: Store, explore: Explore, scribbler: Scribbler
) -> None:
    """Its step is failed with the reason, everything else is done, and it can be retried."""
    scribbler.fail = lambda request, _: GarbledError("half a picture") if request.scene.name == "b" else None
    ended = await end_of(parts, await explore(pictures=WITH))
    assert (ended.status, ended.progress.steps_failed) == (COMPLETED, 1)
    assert [(e.error, e.will_retry) for e in await failures(store, ended)] == [("half a picture", False)]
    assert len(await images_of(store, ended)) == 6
    scribbler.fail = lambda _request, _attempt: None
    await parts.explorer.retry_failed(store, ended.id)
    again = await end_of(parts, ended)
    assert (again.progress.steps_failed, len(await images_of(store, again))) == (0, 7)


async def test_what_is_drawn_instead_says_so(
    parts: Parts, store: Store, explore: Explore, scribbler: Scribbler
) -> None:
    """A provider that refuses is stood in for, and costs nothing."""
    scribbler.price, scribbler.fail = 0.1, lambda _request, _attempt: RefusedError("not today", used=NOTHING)
    ended = await end_of(parts, await explore(pictures=WITH))
    made = await images_of(store, ended)
    assert {(i.picture.provider, i.picture.fallback) for i in made if i.picture} == {("mock", "not today")}
    assert (len(made), ended.spent.cost_usd, ended.spent.pictures) == (7, 0.0, 7)


@pytest.mark.parametrize("case", [(Price(cost_usd=0.02), 0.02), (NOTHING, 0.0), (None, 0.1)])
async def test_a_failed_picture_costs_what_it_is_known_to_cost(
    parts: Parts, store: Store, explore: Explore, scribbler: Scribbler, case: tuple[Price | None, float]
) -> None:
    """Where nobody knows, the worst is assumed."""
    used, booked = case
    scribbler.price = 0.1
    scribbler.fail = lambda request, _: GarbledError("half", used=used) if request.scene.name == "b" else None
    ended = await end_of(parts, await explore(pictures=WITH, depth=1))
    assert ended.spent.cost_usd == pytest.approx(0.2 + booked)
    [failed] = [s for s in await steps_of(store, ended, StepKind.PICTURE) if s.state is StepState.FAILED]
    assert failed.spent.cost_usd == pytest.approx(booked)
    assert ended.spent.pictures == 2 + (used is None)


@pytest.mark.parametrize("case", [(Price(30, 0.02), 30), (NOTHING, 0), (None, 100)])
async def test_a_failed_answer_costs_what_it_is_known_to_cost(
    parts: Parts, store: Store, explore: Explore, scripted: Scripted, case: tuple[Price | None, int]
) -> None:
    """The same holds for what knows, attempt by attempt; a garbled answer is kept, as far as it is bearable."""
    used, booked = case
    scripted.price_of_answer, scripted.used = Price(100), Price(50)
    scripted.fail = lambda name, attempt: (
        None if name != "b" else TransientError("busy", used=used) if attempt == 1 else
        GarbledError("nonsense", answer="blah" * 10_000, used=used)
    )  # fmt: skip
    ended = await end_of(parts, await explore(depth=2))
    [failed] = [s for s in await steps_of(store, ended, StepKind.EXPAND) if s.state is StepState.FAILED]
    assert (failed.attempts, failed.spent.tokens) == (2, 2 * booked)
    assert ended.spent.tokens == 50 * 2 + 2 * booked
    assert failed.answer == ("blah" * 10_000)[:20_000]


async def test_a_concept_that_is_deleted_meanwhile_holds_up_nothing(
    parts: Parts, store: Store, explore: Explore, scripted: Scripted, scribbler: Scribbler
) -> None:
    """Its picture is of no use any more; all others are made, and no other step is begun anew for it."""
    scripted.gate, scripted.gate_spares_topic, scribbler.gate = asyncio.Event(), True, asyncio.Event()
    exploration = await explore(pictures=WITH)
    await calls(scribbler, 1)
    await asked(scripted, "c")
    [a] = (await store.concepts.named(["a"]))["a"]
    await store.curation.delete_concept(a.id)
    scribbler.gate.set()
    await calls(scribbler, 3)
    scripted.gate.set()
    ended = await end_of(parts, exploration)
    assert (ended.status, len(await images_of(store, ended))) == (COMPLETED, 6)
    assert await failures(store, ended) == []
    assert [scripted.asked.count(name) for name in "bcdef"] == [1] * 5


async def test_a_place_for_pictures_that_is_away_is_waited_for(
    parts: Parts, store: Store, explore: Explore, scribbler: Scribbler
) -> None:
    """The attempt is failed before anything was asked for, what is found goes on, and it is tried again."""
    folder = parts.settings.data_dir / "images"
    shutil.rmtree(folder)
    folder.write_text("no folder")
    exploration = await explore(pictures=WITH)
    await _all_found(parts, exploration)
    assert scribbler.asked == []
    folder.unlink()
    folder.mkdir()
    ended = await end_of(parts, exploration)
    assert (ended.status, len(await images_of(store, ended)), len(scribbler.asked)) == (COMPLETED, 7, 7)
    assert {e.will_retry for e in await failures(store, ended)} == {True}


async def test_pausing_begins_no_picture(parts: Parts, store: Store, explore: Explore, scribbler: Scribbler) -> None:
    """What is being made is kept; the rest is made when it goes on."""
    scribbler.gate, scribbler.spared = asyncio.Event(), "a"
    exploration = await explore(pictures=WITH)
    await calls(scribbler, 3)
    await parts.explorer.pause(store, exploration.id)
    scribbler.gate.set()

    async def handed_back() -> bool:
        return (await stored(parts, exploration)).lease is None

    await until(handed_back)
    assert len(scribbler.asked) == len(await images_of(store, exploration)) == 3
    await parts.explorer.resume(store, exploration.id)
    assert len(await images_of(store, await end_of(parts, exploration))) == 7


async def test_cancelling_aborts_pictures(parts: Parts, store: Store, explore: Explore, scribbler: Scribbler) -> None:
    """In mid-call: what was made is kept, and no image is left that nobody makes."""
    scribbler.gate, scribbler.spared = asyncio.Event(), "a"
    exploration = await explore(pictures=WITH)
    await calls(scribbler, 3)
    await parts.explorer.cancel(store, exploration.id, "enough")
    await end_of(parts, exploration)

    async def stopped() -> bool:
        return scribbler.running == 0

    await until(stopped)
    assert len(await images_of(store, exploration)) == 1


async def test_a_killed_owner_costs_one_more_call_at_most(opened: Any, scribbler: Scribbler) -> None:
    """The picture that was being made is made by the next owner, what it may have cost stays booked."""
    scribbler.price, scribbler.gate = 0.1, asyncio.Event()
    async with opened(shutdown_seconds=0) as parts:
        store = parts.database.within("main")
        exploration = await parts.explorer.start(store, Request(topic="a", depth=1, budget=Budget(), pictures=WITH))
        await calls(scribbler, 1)
    begun = len(scribbler.asked)
    scribbler.gate = None
    async with opened() as parts:
        ended = await end_of(parts, exploration)
        made = await images_of(parts.database.within("main"), ended)
    assert (ended.status, len(made), len(scribbler.asked)) == (COMPLETED, 3, 3 + begun)
    assert ended.spent.cost_usd == pytest.approx(0.1 * (3 + begun))
    assert ended.budget.cost_usd == 1.0
