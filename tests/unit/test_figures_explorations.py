"""Figures of explorations: what each of them, its steps and its agents move."""

import asyncio
import re
from typing import Any

import pytest

from continuum.assembly import Parts
from exploration.request import PicturesRequest, Request
from exploration.service import Explorer
from graphstore.errors import LeaseLost
from graphstore.model import ENDED, Budget, Exploration, ExplorationStatus, Idempotency, Spend, StepKind
from graphstore.port import Store
from providers.errors import RefusedError, TransientError
from providers.price import Price
from telemetry.metrics import work as metrics
from tests.support.claims import added, says
from tests.support.exploring import Scripted, asked, end_of, stored
from tests.support.figures import Moved
from tests.support.painting import Scribbler, ended, has_status, painted, workspace

AGENTS = ("research", "connection", "validation", "content")


async def idle(parts: Parts) -> None:
    """Wait until nothing runs any more, so that all is counted."""
    async with asyncio.timeout(20):
        await parts.finish_work()


async def test_an_exploration_is_counted_from_its_request_to_its_end(parts: Parts, explore: Any) -> None:
    """Once each, under the leading source and the status, with the seconds between them by the store's clock."""
    moved = Moved()
    ended = await end_of(parts, await explore())
    await idle(parts)
    assert moved.all("explorations_submitted_total") == {("scripted",): 1}
    assert moved.all("explorations_completed_total") == {("COMPLETED",): 1}
    assert moved("exploration_duration_seconds_count", "COMPLETED") == 1
    assert ended.finished is not None
    seconds = (ended.finished - ended.created).total_seconds()
    assert moved("exploration_duration_seconds_sum", "COMPLETED") == pytest.approx(seconds)
    assert moved.all("budget_reached_total") == moved.all("leases_lost_total") == moved.all("jobs_running") == {}


async def test_each_agent_is_counted_and_timed_at_each_step(parts: Parts, explore: Any) -> None:
    """Six concepts are expanded, each by four agents."""
    moved = Moved()
    await end_of(parts, await explore())
    await idle(parts)
    assert moved.all("agent_executions_total") == {(agent, "ok"): 6 for agent in AGENTS}
    assert moved.all("agent_execution_duration_seconds_count") == {(agent,): 6 for agent in AGENTS}
    assert moved("agent_execution_duration_seconds_sum", "research") > 0


async def test_answers_are_counted_with_what_they_claim_and_cost(
    parts: Parts, explore: Any, scripted: Scripted
) -> None:
    """What was really used is booked under the source's name, not what was reserved for it."""
    scripted.price_of_answer, scripted.used = Price(100, 0.1), Price(60, 0.05)
    moved = Moved()
    ended = await end_of(parts, await explore(budget=Budget(cost_usd=100)))
    await idle(parts)
    assert moved.all("answers_total") == {("scripted", "known"): 6}
    assert moved.all("claims_total") == {("scripted", "kept"): 8}
    assert (moved("answer_claims_count", "scripted"), moved("answer_claims_sum", "scripted")) == (6, 8)
    assert moved.all("tokens_total") == {("scripted",): 360} == {("scripted",): ended.spent.tokens}
    assert moved.all("cost_usd_total") == {("scripted",): pytest.approx(0.3)}
    assert moved.all("provider_requests_total") == {("scripted", "ok"): 6}


async def test_a_failed_attempt_is_booked_at_its_worst(parts: Parts, explore: Any, scripted: Scripted) -> None:
    """Where nobody knows what it has used: as the store does."""
    scripted.price_of_answer, scripted.used = Price(100, 0.1), Price(60, 0.05)
    scripted.fail = lambda name, attempt: TransientError("later") if (name, attempt) == ("b", 1) else None
    moved = Moved()
    ended = await end_of(parts, await explore(depth=2, budget=Budget(cost_usd=100)))
    await idle(parts)
    assert moved.all("tokens_total") == {("scripted",): 3 * 60 + 100} == {("scripted",): ended.spent.tokens}


async def test_steps_that_fail_are_told_from_those_that_are_tried_again(
    parts: Parts, explore: Any, scripted: Scripted
) -> None:
    """One passes at its second attempt, another is refused for good; agents and answers say so, too."""
    errors = {("b", 1): TransientError("later"), ("c", 1): RefusedError("never")}
    scripted.fail = lambda name, attempt: errors.get((name, attempt))
    moved = Moved()
    await end_of(parts, await explore(depth=2))
    await idle(parts)
    assert moved.all("steps_retried_total") == {("expand",): 1}
    assert moved.all("steps_failed_total") == {("expand",): 1}
    assert moved.all("answers_total") == {
        ("scripted", "known"): 2,
        ("scripted", "failed"): 1,
        ("scripted", "refused"): 1,
    }
    assert moved("agent_executions_total", "research", "error") == 2
    assert moved.all("provider_requests_total") == {
        ("scripted", "ok"): 2,
        ("scripted", "transient"): 1,
        ("scripted", "refused"): 1,
    }


async def test_a_defect_of_a_source_is_told_from_its_failures(parts: Parts, explore: Any, scripted: Scripted) -> None:
    """An error that nobody meant fails its step, and is nothing that passes by itself."""
    scripted.fail = lambda name, _attempt: ZeroDivisionError("a defect") if name == "b" else None
    moved = Moved()
    await end_of(parts, await explore(depth=2))
    await idle(parts)
    assert moved("steps_failed_total", "expand") == 1
    assert moved("provider_requests_total", "scripted", "error") == 1


async def test_a_budget_that_ends_an_exploration_is_named(parts: Parts, explore: Any) -> None:
    """The status says that one was reached, a figure of its own says which."""
    moved = Moved()
    await end_of(parts, await explore(budget=Budget(concepts=4)))
    await idle(parts)
    assert moved.all("explorations_completed_total") == {("BUDGET_REACHED",): 1}
    assert moved.all("budget_reached_total") == {("concepts",): 1}


async def test_a_cancelled_exploration_is_counted_once_and_was_lost_to_nobody(
    parts: Parts, store: Store, explore: Any, scripted: Scripted
) -> None:
    """By whoever cancelled it; its owner lets go of it, whose calls are no answers."""
    scripted.gate = asyncio.Event()
    moved = Moved()
    exploration = await explore()
    await asked(scripted, "a")
    assert moved.all("jobs_running") == {("exploration",): 1}
    await parts.explorer.cancel(store, exploration.id, "enough")
    await idle(parts)
    assert moved.all("explorations_completed_total") == {("CANCELLED",): 1}
    assert moved("exploration_duration_seconds_count", "CANCELLED") == 1
    assert moved.all("leases_lost_total") == moved.all("jobs_running") == moved.all("answers_total") == {}
    assert moved.all("provider_requests_total") == {("scripted", "cancelled"): 1}
    assert moved("agent_executions_total", "research", "cancelled") == 1


async def test_a_lease_that_another_took_is_counted(opened: Any, scripted: Scripted) -> None:
    """The owner that finds somebody else in its place has lost it; the exploration is not counted as ended."""
    scripted.gate = asyncio.Event()
    async with opened(sweep=False) as parts:
        store, moved = workspace(parts), Moved()
        exploration = await parts.explorer.start(store, Request(topic="a"))
        await asked(scripted, "a")
        await stolen(parts, store, exploration)
        await idle(parts)
        assert moved.all("leases_lost_total") == {("exploration",): 1}
        assert moved.all("explorations_completed_total") == {}


async def stolen(parts: Parts, store: Store, exploration: Exploration) -> None:
    """Somebody else becomes the owner."""
    lease = (await stored(parts, exploration)).lease
    assert lease is not None
    await store.work.release(exploration.id, lease.token)
    assert await store.work.claim(exploration.id, "another", 60) is not None
    with pytest.raises(LeaseLost):
        await store.work.reserve(exploration.id, lease.token, "any", Spend())


async def test_a_repeated_request_is_counted_once(parts: Parts, store: Store) -> None:
    """The same idempotency key gives the same exploration, which was asked for once."""
    key, moved = Idempotency("anyone", "startExploration", "k", "h"), Moved()
    first = await parts.explorer.start(store, Request(topic="a"), key)
    second = await parts.explorer.start(store, Request(topic="a"), key)
    assert first.id == second.id
    assert moved.all("explorations_submitted_total") == {("scripted",): 1}


async def test_an_exploration_of_a_terminal_is_counted_as_well(parts: Parts, store: Store) -> None:
    """It is leased to whoever started it, and enqueued nowhere."""
    moved = Moved()
    exploration = await parts.explorer.start_leased(store, Request(topic="a"), ("mine", 60))
    assert exploration.lease is not None
    assert (exploration.status, exploration.lease.token) == (ExplorationStatus.RUNNING, "mine")
    assert moved.all("explorations_submitted_total") == {("scripted",): 1}


async def test_pictures_of_an_exploration_are_a_painters_work(parts: Parts, explore: Any, scribbler: Scribbler) -> None:
    """One per concept, under its provider's name; one that came to nothing is counted by its code."""
    scribbler.fail = lambda request, _call: RefusedError("never") if request.scene.name == "b" else None
    scribbler.price = 0.25
    moved = Moved()
    pictures = PicturesRequest(provider="scribbler")
    await end_of(parts, await explore(depth=1, pictures=pictures, budget=Budget(cost_usd=100)))
    await idle(parts)
    assert moved("agent_executions_total", "painter", "ok") == 3
    assert moved.all("images_generated_total") == {("scribbler",): 2, ("mock",): 1}
    assert moved.all("image_fallbacks_total") == {("scribbler",): 1}
    assert moved("cost_usd_total", "scribbler") == pytest.approx(0.75)  # of the refused one nobody knows


async def test_a_picture_that_cannot_be_made_fails_its_step(
    parts: Parts, explore: Any, scribbler: Scribbler, stand_in: Scribbler
) -> None:
    """Neither by the provider nor by the one that draws instead."""
    scribbler.fail = stand_in.fail = lambda _request, _call: RefusedError("never")
    moved = Moved()
    await end_of(parts, await explore(depth=1, pictures=PicturesRequest(provider="scribbler")))
    await idle(parts)
    assert moved.all("steps_failed_total") == {("picture",): 3}
    assert moved.all("image_failures_total") == {("PROVIDER_REFUSED",): 3}
    assert moved("agent_executions_total", "painter", "error") == 3


async def test_images_that_were_asked_for_are_counted(parts: Parts, store: Store, scribbler: Scribbler) -> None:
    """By job while they are made, by code where they come to nothing."""
    leaf = (await added(store, "Leaf"))["Leaf"]
    scribbler.fail = lambda _request, call: RefusedError("never") if call == 2 else None
    moved = Moved()
    await ended(parts, *await painted(parts, leaf, count=2))
    await ended(parts, *await painted(parts, leaf, reuse=False, fallback=False))
    await idle(parts)
    assert moved.all("images_generated_total") == {("scribbler",): 2}
    assert moved.all("image_failures_total") == {("PROVIDER_REFUSED",): 1}
    assert moved.all("agent_executions_total") == {("painter", "ok"): 1, ("painter", "error"): 1}
    assert moved.all("leases_lost_total") == moved.all("jobs_running") == {}


async def test_a_cancelled_image_was_lost_to_nobody_but_a_stolen_one_was(opened: Any, scribbler: Scribbler) -> None:
    """The painter lets go of both; only the one that another painter holds counts as lost."""
    scribbler.gate = asyncio.Event()
    async with opened(sweep=False) as parts:
        store, moved = workspace(parts), Moved()
        leaf = (await added(store, "Leaf"))["Leaf"]
        [image] = await painted(parts, leaf)
        await has_status(parts, image, image.status.GENERATING)
        await parts.studio.cancel(store, image.id)
        await idle(parts)
        assert moved.all("leases_lost_total") == {}
        [image] = await painted(parts, leaf, seed=2)
        await has_status(parts, image, image.status.GENERATING)
        lease = (await store.images.get([image.id]))[image.id].lease
        assert lease is not None
        await store.image_jobs.release(image.job, lease.token)
        await store.image_jobs.claim(image.job, "another", 60)
        await idle(parts)
        assert moved.all("leases_lost_total") == {("images",): 1}


async def test_contradictions_are_counted_as_they_come_up(store: Store) -> None:
    """Both relations that say the opposite of each other, once, however often they are said again."""
    moved = Moved()
    await added(store, "Rain", "Flood", relations=(says("Rain", "CAUSES", "Flood"),))
    assert moved.all("contradictions_total") == {}
    for _ in range(2):
        await added(store, "Rain", "Flood", relations=(says("Rain", "PREVENTS", "Flood"),))
    assert moved.all("contradictions_total") == {(): 2}


def test_what_is_counted_by_few_words_is_there_before_it_happens() -> None:
    """Each status, each budget that can be reached and each kind of step has its series from the beginning, so that an
    alert sees the first of them."""
    assert _labels(metrics.COMPLETED) == {(status,) for status in ENDED}
    assert _labels(metrics.STEPS_FAILED) == _labels(metrics.STEPS_RETRIED) == {(kind.lower(),) for kind in StepKind}
    assert _labels(metrics.LEASES_LOST) >= {("exploration",), ("images",)}
    budgets = {name for (name,) in _labels(metrics.BUDGET_REACHED)}
    camel = {re.sub("_(.)", lambda m: m[1].upper(), name) for name in Budget.__dataclass_fields__}
    assert budgets == camel


def _labels(metric: Any) -> set[tuple[str, ...]]:
    return {tuple(sample.labels.values()) for sample in metric.collect()[0].samples if sample.name.endswith("_total")}


def test_explorers_begin_in_two_ways_only() -> None:
    """Whoever starts an exploration goes through the one place that counts it."""
    public = {name for name in vars(Explorer) if not name.startswith("_")}
    assert {name for name in public if "start" in name or "draft" in name} == {"start", "start_leased"}
