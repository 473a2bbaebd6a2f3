"""What every activity board promises."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from exploration.activity.local import LocalActivity
from exploration.activity.port import Activity, AgentActivity
from exploration.activity.redis import RedisActivity
from exploration.redis.link import connected
from tests.support import services

REF = ("main", "0197a000-0000-7000-8000-000000000001")
OTHER = ("other", "0197a000-0000-7000-8000-000000000001")
START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["local", pytest.param("redis", marks=services.REDIS)])
async def activity(request: pytest.FixtureRequest) -> AsyncIterator[Activity]:
    """One of the adapters."""
    if request.param == "local":
        yield LocalActivity()
        return
    async with connected(request.getfixturevalue("redis_url")) as link:
        yield RedisActivity(link)


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


async def test_many_explorations_are_read_at_once(activity: Activity) -> None:
    """Each gets its own; those without activity are left out, and asking for none is fine."""
    await activity.report(REF, working("1"))
    await activity.report(OTHER, working("2"))
    idle = ("main", "0197a000-0000-7000-8000-000000000009")
    assert await activity.current([REF, idle, OTHER]) == {REF: [working("1")], OTHER: [working("2")]}
    assert await activity.current([]) == {}


async def test_any_name_may_be_worked_on(activity: Activity) -> None:
    """What is reported comes back as it was, whatever the subject is called."""
    strange = AgentActivity("content", "Œuvre «été» \n\x00 😀 \ud800", "1", START, share=0.25)
    await activity.report(REF, strange)
    assert await activity.current([REF]) == {REF: [strange]}
