"""What every feed promises."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest

from exploration.feed.local import LocalFeed
from exploration.feed.port import Feed
from exploration.feed.redis import RedisFeed
from exploration.redis.link import connected
from graphstore.port import ExplorationRef
from tests.support import services

REF = ("main", "0197a000-0000-7000-8000-000000000001")
OTHER = ("other", "0197a000-0000-7000-8000-000000000001")
MARK = 0
"""A number that no event has: it is announced to see that those before it have arrived."""


@pytest.fixture(params=["local", pytest.param("redis", marks=services.REDIS)])
async def feed(request: pytest.FixtureRequest) -> AsyncIterator[Feed]:
    """One of the adapters."""
    if request.param == "local":
        yield LocalFeed()
        return
    async with connected(request.getfixturevalue("redis_url")) as link:
        yield RedisFeed(link)


class Ear:
    """Notes what it is woken with."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.marks = 0
        self.woken = asyncio.Event()

    def wake(self, seq: int | None) -> None:
        """A listener's callback. None is allowed at any time."""
        if seq == MARK:
            self.marks += 1
            self.woken.set()
        elif seq is not None:
            self.numbers.append(seq)


@contextmanager
def listening(feed: Feed, ref: ExplorationRef, ear: Ear) -> Iterator[None]:
    """The ear at the feed."""
    with feed.listen(ref, ear.wake):
        yield


async def settled(feed: Feed, ref: ExplorationRef, *ears: Ear) -> None:
    """Until each of them hears, and has heard what was announced before."""
    for ear in ears:
        ear.woken.clear()
    async with asyncio.timeout(5):
        while not all(ear.woken.is_set() for ear in ears):
            await feed.announce(ref, MARK)
            await asyncio.sleep(0.01)


async def test_listeners_hear_announcements_in_order(feed: Feed) -> None:
    """Everybody who listens hears each number, in the order of the announcements."""
    one, two = Ear(), Ear()
    with listening(feed, REF, one), listening(feed, REF, two):
        await settled(feed, REF, one, two)
        await feed.announce(REF, 1)
        await feed.announce(REF, 2)
        await settled(feed, REF, one, two)
    assert one.numbers == two.numbers == [1, 2]


async def test_only_their_own_exploration_wakes_listeners(feed: Feed) -> None:
    """The same id in another workspace is another exploration."""
    ear, other = Ear(), Ear()
    with listening(feed, REF, ear), listening(feed, OTHER, other):
        await settled(feed, REF, ear)
        await settled(feed, OTHER, other)
        await feed.announce(OTHER, 1)
        await settled(feed, OTHER, other)
        await settled(feed, REF, ear)
    assert (ear.numbers, other.numbers) == ([], [1])


async def test_who_has_left_hears_nothing(feed: Feed) -> None:
    """When the context is closed nothing is called any more, and others still hear."""
    left, stayed = Ear(), Ear()
    with listening(feed, REF, stayed):
        with listening(feed, REF, left):
            await settled(feed, REF, stayed, left)
        marks = left.marks
        await feed.announce(REF, 1)
        await settled(feed, REF, stayed)
    assert (left.numbers, left.marks, stayed.numbers) == ([], marks, [1])


async def test_who_comes_back_hears_again(feed: Feed) -> None:
    """Leaving as the last one and coming back at once loses nobody."""
    ear = Ear()
    with listening(feed, REF, ear):
        await settled(feed, REF, ear)
    with listening(feed, REF, ear):
        await settled(feed, REF, ear)
        await feed.announce(REF, 1)
        await settled(feed, REF, ear)
    assert ear.numbers == [1]


async def test_announcing_to_nobody_is_fine(feed: Feed) -> None:
    """An announcement without listeners is lost and raises nothing."""
    await feed.announce(REF, 1)
    ear = Ear()
    with listening(feed, REF, ear):
        await settled(feed, REF, ear)
    assert ear.numbers == []
