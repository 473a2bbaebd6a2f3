"""What every activity board promises."""

from datetime import UTC, datetime, timedelta

import pytest

from exploration.activity.local import LocalActivity
from exploration.activity.port import Activity, AgentActivity

REF = ("main", "0197a000-0000-7000-8000-000000000001")
OTHER = ("other", "0197a000-0000-7000-8000-000000000001")
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(params=[LocalActivity])
def activity(request: pytest.FixtureRequest) -> Activity:
    """One of the adapters."""
    made: Activity = request.param()
    return made


def working(step: str, agent: str = "research", after: int = 0) -> AgentActivity:
    """An agent at work on a step."""
    return AgentActivity(agent, "Whale", step, START + timedelta(seconds=after))


async def test_a_step_is_in_one_agents_hands(activity: Activity) -> None:
    """The latest report of a step replaces the one before."""
    await activity.report(REF, working("1"))
    await activity.report(REF, working("1", "content"))
    assert await activity.current([REF]) == {REF: [working("1", "content")]}


async def test_the_longest_running_comes_first(activity: Activity) -> None:
    """Several steps are listed by when they began."""
    await activity.report(REF, working("late", after=5))
    await activity.report(REF, working("early"))
    assert [a.step for a in (await activity.current([REF]))[REF]] == ["early", "late"]


async def test_what_is_cleared_is_gone(activity: Activity) -> None:
    """Clearing a step leaves the others, and clearing an unknown one is fine."""
    await activity.report(REF, working("1"))
    await activity.report(REF, working("2"))
    await activity.clear(REF, "1")
    await activity.clear(REF, "unknown")
    assert [a.step for a in (await activity.current([REF]))[REF]] == ["2"]
    await activity.clear(REF, "2")
    assert await activity.current([REF]) == {}


async def test_workspaces_do_not_see_each_other(activity: Activity) -> None:
    """The same id in another workspace is another exploration."""
    await activity.report(REF, working("1"))
    assert await activity.current([OTHER]) == {}
