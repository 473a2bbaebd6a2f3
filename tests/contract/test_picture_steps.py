"""Pictures as steps of an exploration: from the frontier to the image and its event."""

from collections.abc import Awaitable, Callable

import pytest

from graphstore.errors import BudgetExceeded, ConflictError, InvalidError, LeaseLost, NotFoundError
from graphstore.model import (
    Budget,
    EventKind,
    Exploration,
    ExplorationStatus,
    Failure,
    Image,
    ImageStatus,
    PageRequest,
    Progress,
    Spend,
    Step,
    StepFilter,
    StepKind,
    StepState,
)
from graphstore.port import Store
from tests.support.claims import (
    TOKEN,
    added,
    begun,
    draft,
    illustrated,
    illustration,
    known,
    next_step,
    outcome,
    picture,
    picture_steps,
)
from tests.support.graphs import check_history
from tests.support.snapshots import records

S = ExplorationStatus
ALL = PageRequest(1_000)


async def now(store: Store, id: str) -> Exploration:
    """The exploration as it is stored."""
    return (await store.explorations.get([id]))[id]


async def step_of(store: Store, id: str) -> Step:
    """The step as it is stored."""
    return (await store.explorations.steps_by_id([id]))[id]


async def steps(store: Store, id: str, kind: StepKind = StepKind.PICTURE) -> dict[str, Step]:
    """All steps of a kind, by their concepts' names."""
    page = (await store.explorations.steps([id], StepFilter(), ALL))[id]
    found = [item.value for item in page.items if item.value.kind is kind and item.value.concept]
    names = await store.concepts.get([s.concept or "" for s in found])
    return {names[s.concept or ""].name: s for s in found}


async def test_each_member_gets_a_picture_step(store: Store) -> None:
    """At every depth, also where concepts are not expanded any more; none where none was asked for."""
    e = await illustrated(store, "top", "left", "right")
    assert {name: s.depth for name, s in (await steps(store, e.id)).items()} == {"top": 0, "left": 1, "right": 1}
    assert all(s.state is StepState.PENDING for s in (await steps(store, e.id)).values())
    assert (await now(store, e.id)).progress == Progress(3, 1, 3, 0)
    plain = await begun(store, "plain", depth=1)
    await store.work.commit(outcome(plain.id, await next_step(store, plain.id), known("top", "left")))
    assert await steps(store, plain.id) == {}
    assert (await now(store, plain.id)).progress.steps_pending == 0


async def test_a_concept_that_was_there_before_gets_one_too(store: Store) -> None:
    """The root that was named at the start, and what is met on the way; each once."""
    ids = await added(store, "top", "left")
    e = await illustrated(store, "top", "left", "right", depth=2)
    await store.work.commit(outcome(e.id, await next_step(store, e.id), known("left", "top", "right", "leaf")))
    found = await steps(store, e.id)
    assert set(found) == {"top", "left", "right", "leaf"}
    assert (found["top"].concept, found["left"].concept) == (ids["top"], ids["left"])
    assert (await now(store, e.id)).progress == Progress(4, 2, 5, 0)


async def test_the_frontier_is_of_one_kind(store: Store) -> None:
    """Pending pictures keep no expansion back, expansions no picture, and a picture that waits no other picture."""
    e = await illustrated(store, "top", "left", "right", depth=2)
    pictures = await picture_steps(store, e.id)
    assert [(s.kind, s.depth) for s in pictures] == [(StepKind.PICTURE, depth) for depth in (0, 1, 1)]
    expansions = (await store.explorations.frontier(e.id, StepKind.EXPAND, 10)).ready
    assert [(s.kind, s.depth) for s in expansions] == [(StepKind.EXPAND, 1)] * 2
    await store.work.fail(Failure(e.id, TOKEN, pictures[0].id, "busy", 3_600))
    waiting = await store.explorations.frontier(e.id, StepKind.PICTURE, 10)
    assert [s.id for s in waiting.ready] == [s.id for s in pictures[1:]]
    assert waiting.wait is not None
    assert (await store.explorations.frontier(e.id, StepKind.EXPAND, 10)).wait is None
    for step, name in zip(expansions, ("left", "right"), strict=True):
        await store.work.commit(outcome(e.id, step.id, known(name, "leaf")))
    assert (await store.explorations.frontier(e.id, StepKind.EXPAND, 10)).ready == ()
    await store.work.illustrate(illustration(e.id, pictures[1].id))
    await store.work.illustrate(illustration(e.id, pictures[2].id))
    leaf = (await steps(store, e.id))["leaf"]
    assert [s.id for s in await picture_steps(store, e.id)] == [leaf.id]


async def test_an_illustration_is_one_commit(store: Store) -> None:
    """Image, step, spend and event; what the attempt had reserved is settled."""
    e = await illustrated(store, "top", pictures=5, cost_usd=1.0)
    [step] = await picture_steps(store, e.id)
    await store.work.reserve(e.id, TOKEN, step.id, Spend(cost_usd=0.5, pictures=1))
    assert (await now(store, e.id)).spent == Spend(1, 0, 0, 0.5, 1)
    event = await store.work.illustrate(illustration(e.id, step.id, picture("top", 0.04)))
    after = await now(store, e.id)
    assert (after.spent, after.progress) == (Spend(1, 0.5, 0, 0.04, 1), Progress(1, 2, 0, 0))
    assert (event.kind, event.seq, event.step, event.progress) == (EventKind.IMAGE_READY, 3, step.id, after.progress)
    assert (await store.explorations.events(e.id, 2, 10)) == (event,)
    image = (await store.images.get([event.image or ""]))[event.image or ""]
    assert (image.concept, image.made_for, image.exploration) == (step.concept, step.concept, e.id)
    assert (image.job, image.position, image.status, image.attempts) == (image.id, 0, ImageStatus.READY, 1)
    assert (image.picture, image.prompt, image.concept_version) == (picture("top", 0.04), "paint it", 1)
    assert image.finished is not None
    done = await step_of(store, step.id)
    assert (done.state, done.reserved, done.spent) == (StepState.DONE, None, Spend(0, 0.5, 0, 0.04, 1))
    assert (await store.work.finish(e.id, TOKEN, None, None)).status is S.COMPLETED
    await check_history(store, e.id)


async def test_a_replayed_illustration_changes_nothing(store: Store) -> None:
    """It answers with the event that was stored, though the repetition brought another picture: one image, paid
    once."""
    e = await illustrated(store, "top", "left")
    for n, name in enumerate(("top", "left")):
        step = (await picture_steps(store, e.id))[0]
        first = await store.work.illustrate(illustration(e.id, step.id, picture(name, 0.1)))
        before = await records(store)
        assert await store.work.illustrate(illustration(e.id, step.id, picture("other", 0.7))) == first
        assert await records(store) == before
        assert len([r for r in before if isinstance(r, Image)]) == n + 1


@pytest.mark.parametrize(("worst", "budget"), [(Spend(pictures=2), "pictures"), (Spend(cost_usd=0.41), "costUsd")])
async def test_a_picture_that_does_not_fit_the_budget_is_not_begun(store: Store, worst: Spend, budget: str) -> None:
    """Up to the budget it fits, beyond it never; nothing is booked then, and more is given by an extension."""
    e = await illustrated(store, "top", "left", pictures=2, cost_usd=1.0)
    step = (await picture_steps(store, e.id))[0]
    await store.work.reserve(e.id, TOKEN, step.id, Spend(cost_usd=0.6, pictures=1))
    before = await records(store)
    with pytest.raises(BudgetExceeded) as exceeded:
        await store.work.reserve(e.id, TOKEN, step.id, worst)
    assert exceeded.value.budget == budget
    assert await records(store) == before
    await store.work.reserve(e.id, TOKEN, step.id, Spend(cost_usd=0.4, pictures=1))
    assert (await now(store, e.id)).spent == Spend(2, 0, 0, 1.0, 2)
    await store.work.finish(e.id, TOKEN, budget, None)
    with pytest.raises(InvalidError, match="pictures"):
        await store.control.extend(e.id, Budget(cost_usd=9, pictures=1), None)
    extended = await store.control.extend(e.id, Budget(cost_usd=9, pictures=9), None)
    assert (extended.budget.pictures, extended.progress.steps_pending) == (9, 2)
    await store.work.claim(e.id, TOKEN, 60)
    await store.work.reserve(e.id, TOKEN, step.id, worst)


async def test_a_crashed_attempt_stays_paid(store: Store) -> None:
    """Only the reservation of the attempt that came to something is settled."""
    e = await illustrated(store, "top", pictures=5, cost_usd=1.0)
    [step] = await picture_steps(store, e.id)
    for _ in range(2):
        await store.work.reserve(e.id, TOKEN, step.id, Spend(cost_usd=0.25, pictures=1))
    event = await store.work.illustrate(illustration(e.id, step.id, picture("top", 0.1)))
    assert (await now(store, e.id)).spent == Spend(1, 0.5, 0, 0.35, 2)
    assert (await store.images.get([event.image or ""]))[event.image or ""].attempts == 2


async def test_a_failed_picture_can_be_tried_again(store: Store) -> None:
    """It is counted and told; a known spend settles what was booked, and no picture is spent that there is not."""
    e = await illustrated(store, "top", pictures=5, cost_usd=1.0)
    [step] = await picture_steps(store, e.id)
    await store.work.reserve(e.id, TOKEN, step.id, Spend(cost_usd=0.5, pictures=1))
    event = await store.work.fail(Failure(e.id, TOKEN, step.id, "not this", None, Spend(cost_usd=0.01)))
    assert (event.kind, event.progress) == (EventKind.STEP_FAILED, Progress(1, 1, 0, 1))
    assert (await now(store, e.id)).spent == Spend(1, 0, 0, 0.01)
    with pytest.raises(LeaseLost):
        await store.work.illustrate(illustration(e.id, step.id))
    await store.work.finish(e.id, TOKEN, None, None)
    again = await store.control.retry_failed(e.id)
    assert again.progress == Progress(1, 1, 1, 0)
    await store.work.claim(e.id, "t2", 60)
    assert [s.id for s in await picture_steps(store, e.id)] == [step.id]
    assert (await store.work.illustrate(illustration(e.id, step.id, token="t2"))).image
    await check_history(store, e.id)


Deed = Callable[[Store, str, str, str], Awaitable[object]]
DEEDS: dict[str, Deed] = {
    "reserve": lambda s, e, step, t: s.work.reserve(e, t, step, Spend(pictures=1)),
    "illustrate": lambda s, e, step, t: s.work.illustrate(illustration(e, step, token=t)),
}


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("why", ["taken over", "released", "cancelled", "finished", "unknown", "elsewhere", "wrong"])
async def test_without_the_lease_no_picture_is_stored(store: Store, other: Store, deed: str, why: str) -> None:
    """An owner whose lease is lost, for whatever reason, is refused and changes nothing."""
    e = await illustrated(store, "top")
    [step] = await picture_steps(store, e.id)
    await store.work.renew(e.id, TOKEN, 0)
    id, where, token = e.id, store, TOKEN
    match why:
        case "taken over":
            assert await store.work.claim(e.id, "heir", 60)
        case "released":
            await store.work.release(e.id, TOKEN)
        case "cancelled":
            await store.control.cancel(e.id, "enough")
        case "finished":
            await store.work.finish(e.id, TOKEN, "pictures", None)
        case "unknown":
            id = "nowhere"
        case "elsewhere":
            where = other
        case "wrong":
            token = "guess"
    before = await records(store)
    with pytest.raises(LeaseLost):
        await DEEDS[deed](where, id, step.id, token)
    assert await records(store) == before
    assert await records(other) == []


async def test_a_picture_of_a_deleted_concept_is_not_stored(store: Store) -> None:
    """Its step went along with the concept, and the exploration can end."""
    e = await illustrated(store, "top", "left")
    left = (await steps(store, e.id))["left"]
    await store.curation.delete_concept(left.concept or "")
    before = await records(store)
    with pytest.raises(NotFoundError):
        await store.work.illustrate(illustration(e.id, left.id))
    assert await records(store) == before
    [top] = await picture_steps(store, e.id)
    event = await store.work.illustrate(illustration(e.id, top.id))
    assert event.progress == Progress(1, 2, 0, 0)
    assert (await store.work.finish(e.id, TOKEN, None, None)).status is S.COMPLETED


async def test_pictures_that_are_still_to_be_made_keep_it_from_completing(store: Store) -> None:
    """Unless a budget is named."""
    e = await illustrated(store, "top")
    with pytest.raises(ConflictError):
        await store.work.finish(e.id, TOKEN, None, None)
    assert (await store.work.finish(e.id, TOKEN, "pictures", None)).status is S.BUDGET_REACHED


async def test_a_deeper_extension_expands_what_has_only_a_picture(store: Store) -> None:
    """A picture step on a member does not stand for its expansion, nor is it opened twice."""
    e = await illustrated(store, "top", "left")
    await store.work.finish(e.id, TOKEN, "pictures", None)
    extended = await store.control.extend(e.id, Budget(), 2)
    assert extended.progress.steps_pending == 3
    [expansion] = (await store.explorations.frontier(e.id, StepKind.EXPAND, 10)).ready
    assert expansion.concept == (await steps(store, e.id))["left"].concept
    await store.work.claim(e.id, TOKEN, 60)
    await store.work.commit(outcome(e.id, expansion.id, known("left", "leaf")))
    assert set(await steps(store, e.id)) == {"top", "left", "leaf"}
    assert (await now(store, e.id)).progress.steps_pending == 3


async def test_what_the_budget_of_concepts_cuts_off_gets_its_picture_when_it_joins(store: Store) -> None:
    """Each member one, however often the step is committed."""
    e = await illustrated(store, concepts=2)
    step = await next_step(store, e.id)
    found = known("top", "left", "right")
    for _ in range(2):
        await store.work.commit(outcome(e.id, step, found))
        assert set(await steps(store, e.id)) == {"top", "left"}
    await store.work.finish(e.id, TOKEN, "concepts", None)
    await store.control.extend(e.id, Budget(9), None)
    await store.work.claim(e.id, TOKEN, 60)
    await store.work.commit(outcome(e.id, step, found))
    assert set(await steps(store, e.id)) == {"top", "left", "right"}
    assert (await now(store, e.id)).progress == Progress(3, 1, 3, 0)


async def test_picture_steps_go_along_with_a_merge_and_come_back(store: Store) -> None:
    """With the expansions on the same concept; what is made meanwhile is a picture of the concept that is left."""
    e = await illustrated(store, "top", "b", depth=2)
    [b] = (await store.concepts.named(["b"]))["b"]
    ids = await added(store, "a")
    before = (await now(store, e.id)).progress
    for merged, name, concept in ((True, "a", ids["a"]), (False, "b", b.id), (True, "a", ids["a"])):
        await (store.curation.merge(ids["a"], [b.id]) if merged else store.curation.unmerge(b.id))
        for kind in StepKind:
            assert (await steps(store, e.id, kind))[name].concept == concept
        assert (await now(store, e.id)).progress == before
    event = await store.work.illustrate(illustration(e.id, (await steps(store, e.id))["a"].id))
    image = (await store.images.get([event.image or ""]))[event.image or ""]
    assert (image.concept, image.made_for) == (ids["a"], ids["a"])


async def test_of_two_members_that_become_one_each_kind_of_step_is_kept_once(store: Store) -> None:
    """A picture that is made already stands for both; an expansion that is not keeps its step."""
    e = await illustrated(store, "top", "a", "b", depth=2)
    for name in ("top", "a"):
        await store.work.illustrate(illustration(e.id, (await steps(store, e.id))[name].id, picture(name)))
    a, b = (await steps(store, e.id))["a"].concept or "", (await steps(store, e.id))["b"].concept or ""
    await store.curation.merge(a, [b])
    states = {name: s.state for name, s in (await steps(store, e.id)).items()}
    assert states == {"top": StepState.DONE, "a": StepState.DONE}
    assert set(await steps(store, e.id, StepKind.EXPAND)) == {"top", "a"}
    assert (await now(store, e.id)).progress == Progress(2, 3, 1, 0)


async def test_a_concept_whose_picture_was_made_while_merged_may_be_found_again(store: Store) -> None:
    """It joins the exploration that it left by the unmerge; it is expanded, but no second picture of it is made."""
    e = await illustrated(store, "top", "b", "c", depth=3)
    found, ids = await steps(store, e.id), await added(store, "a")
    await store.curation.merge(ids["a"], [found["b"].concept or ""])
    await store.work.illustrate(illustration(e.id, found["b"].id))
    await store.curation.unmerge(found["b"].concept or "")
    c = (await steps(store, e.id, StepKind.EXPAND))["c"]
    recorded = await store.work.commit(outcome(e.id, c.id, known("c", "a")))
    assert [m.concepts for m in recorded.events] == [(ids["a"],)]
    assert (await steps(store, e.id))["a"].state is StepState.DONE
    assert (await steps(store, e.id, StepKind.EXPAND))["a"].state is StepState.PENDING


async def test_a_member_that_comes_nearer_is_expanded_though_it_has_a_picture_step(store: Store) -> None:
    """And its picture, if it is to be made still, comes in the order of its new depth."""
    e = await illustrated(store, "top", "left", "right", depth=3)
    left, right = (await store.explorations.frontier(e.id, StepKind.EXPAND, 10)).ready
    await store.work.fail(Failure(e.id, TOKEN, right.id, "no", None))
    await store.work.commit(outcome(e.id, left.id, known("left", "mid")))
    await store.work.commit(outcome(e.id, await next_step(store, e.id), known("mid", "far")))
    assert "far" not in await steps(store, e.id, StepKind.EXPAND)
    assert (await steps(store, e.id))["far"].depth == 3
    await store.work.finish(e.id, TOKEN, "pictures", None)
    await store.control.retry_failed(e.id)
    await store.work.claim(e.id, TOKEN, 60)
    await store.work.commit(outcome(e.id, right.id, known("right", "far")))
    for kind in StepKind:
        far = (await steps(store, e.id, kind))["far"]
        assert (far.depth, far.state) == (2, StepState.PENDING)


async def test_deleting_an_exploration_keeps_the_pictures_it_made(store: Store) -> None:
    """As it keeps the concepts that it found."""
    e = await illustrated(store, "top")
    [step] = await picture_steps(store, e.id)
    event = await store.work.illustrate(illustration(e.id, step.id))
    await store.work.finish(e.id, TOKEN, None, None)
    await store.control.delete(e.id)
    assert (await store.images.count([step.concept or ""])) == {step.concept: 1}
    assert (await store.images.get([event.image or ""]))[event.image or ""].exploration == e.id


async def test_options_of_pictures_come_back(store: Store) -> None:
    """With the exploration, and None where none were asked for."""
    e = await illustrated(store, pictures=3)
    found = await now(store, e.id)
    assert found.options.pictures is not None
    assert (found.options.pictures.provider, found.options.pictures.size) == ("mock", "64x64")
    assert found.budget.pictures == 3
    assert (await store.control.start(draft())).options.pictures is None
