"""What every feed promises."""

import pytest

from exploration.feed.local import LocalFeed
from exploration.feed.port import Feed

REF = ("main", "0197a000-0000-7000-8000-000000000001")
OTHER = ("other", "0197a000-0000-7000-8000-000000000001")


@pytest.fixture(params=[LocalFeed])
def feed(request: pytest.FixtureRequest) -> Feed:
    """One of the adapters."""
    made: Feed = request.param()
    return made


async def test_listeners_hear_announcements_in_order(feed: Feed) -> None:
    """Everybody who listens hears each number, in the order of the announcements."""
    one: list[int] = []
    two: list[int] = []
    with feed.listen(REF, one.append), feed.listen(REF, two.append):
        await feed.announce(REF, 1)
        await feed.announce(REF, 2)
    assert one == two == [1, 2]


async def test_only_their_own_exploration_wakes_listeners(feed: Feed) -> None:
    """The same id in another workspace is another exploration."""
    heard: list[int] = []
    with feed.listen(REF, heard.append):
        await feed.announce(OTHER, 1)
    assert heard == []


async def test_who_has_left_hears_nothing(feed: Feed) -> None:
    """When the context is closed nothing is called any more, and others still hear."""
    left: list[int] = []
    stayed: list[int] = []
    with feed.listen(REF, stayed.append):
        with feed.listen(REF, left.append):
            pass
        await feed.announce(REF, 1)
    assert (left, stayed) == ([], [1])


async def test_announcing_to_nobody_is_fine(feed: Feed) -> None:
    """An announcement without listeners is lost and raises nothing."""
    await feed.announce(REF, 1)
