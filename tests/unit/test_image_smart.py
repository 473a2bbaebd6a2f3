"""The smart agent: pictures are made once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from exploration.redis.link import connected
from providers.errors import TransientError
from providers.images.cache.memory import MemoryImageCache
from providers.images.cache.port import CacheStats
from providers.images.cache.redis import RedisImageCache
from providers.images.flights.local import LocalFlights
from providers.images.flights.redis import RedisFlights
from providers.images.identity import keys
from providers.images.port import Picture
from providers.images.smart import SmartImageAgent
from tests.support.exploring import until
from tests.support.fake_images import FakeImages, wanted

TTL = 60.0


@pytest.fixture
def provider() -> FakeImages:
    """Who makes the pictures, for money."""
    return FakeImages(cost_usd=0.05)


@pytest.fixture
def cache() -> MemoryImageCache:
    """Where they are kept."""
    return MemoryImageCache()


@pytest.fixture
def agent(provider: FakeImages, cache: MemoryImageCache) -> SmartImageAgent:
    """The agent over both."""
    return SmartImageAgent(provider, cache, LocalFlights(), TTL)


def contents(pictures: Sequence[Picture]) -> list[bytes]:
    """Their bytes."""
    return [picture.content for picture in pictures]


async def held_back(provider: FakeImages) -> asyncio.Event:
    """From now on the provider makes nothing until this is set."""
    provider.gate = asyncio.Event()
    return provider.gate


async def test_miss_then_hit(agent: SmartImageAgent, provider: FakeImages, cache: MemoryImageCache) -> None:
    """The second request is given the first one's picture, for nothing, and no provider is called."""
    (made,) = await agent.generate(wanted())
    (found,) = await agent.generate(wanted())
    assert found.content == made.content
    assert [(p.cached, p.cost_usd) for p in (made, found)] == [(False, 0.05), (True, 0.0)]
    assert len(provider.calls) == 1
    assert await cache.stats("main") == CacheStats("memory", hits=1, misses=1, entries=1)


async def test_pictures_expire(provider: FakeImages) -> None:
    """After their time they are made anew."""
    now = 0.0
    agent = SmartImageAgent(provider, MemoryImageCache(clock=lambda: now), LocalFlights(), TTL)
    await agent.generate(wanted())
    now = TTL + 1
    (picture,) = await agent.generate(wanted())
    assert (picture.cached, len(provider.calls)) == (False, 2)


async def test_other_requests_are_other_pictures(agent: SmartImageAgent, provider: FakeImages) -> None:
    """Another prompt, and the same in another workspace, are made."""
    for request in (wanted(), wanted(prompt="two whales"), wanted(workspace="other")):
        assert not (await agent.generate(request))[0].cached
    assert len(provider.calls) == 3


async def test_only_what_is_missing_is_asked_for(agent: SmartImageAgent, provider: FakeImages) -> None:
    """Of four pictures two are there already: one call makes the other two, and all come in their order."""
    first = await agent.generate(wanted(count=2))
    four = await agent.generate(wanted(count=4))
    assert [(call.first, call.count) for call in provider.calls] == [(0, 2), (2, 2)]
    assert contents(four)[:2] == contents(first)
    assert [(p.cached, p.seed) for p in four] == [(True, 0), (True, 1), (False, 2), (False, 3)]


async def test_pictures_on_both_sides_of_what_is_there(agent: SmartImageAgent, provider: FakeImages) -> None:
    """A call makes neighbours only, so that each picture has the number that it is wanted for."""
    await agent.generate(wanted(first=2, count=1))
    five = await agent.generate(wanted(count=5))
    assert [(call.first, call.count) for call in provider.calls[1:]] == [(0, 2), (3, 2)]
    assert [(p.cached, p.seed) for p in five] == [(False, 0), (False, 1), (True, 2), (False, 3), (False, 4)]


async def test_asked_anew(agent: SmartImageAgent, provider: FakeImages, cache: MemoryImageCache) -> None:
    """Without reuse nothing is looked for, and what is made takes the place of what was there."""
    old = await agent.generate(wanted())
    new = await agent.generate(wanted(reuse=False))
    assert contents(new) != contents(old)
    assert not new[0].cached
    assert contents(await agent.generate(wanted())) == contents(new)
    assert len(provider.calls) == 2
    assert await cache.stats("main") == CacheStats("memory", hits=1, misses=1, entries=1)


async def test_asked_anew_does_not_wait(agent: SmartImageAgent, provider: FakeImages) -> None:
    """Neither for an equal request nor for another one of its kind."""
    gate = await held_back(provider)
    tasks = [asyncio.create_task(agent.generate(wanted(reuse=reuse))) for reuse in (True, False, False)]

    async def all_three_are_there() -> bool:
        return len(provider.calls) == 3

    await until(all_three_are_there, 5)
    gate.set()
    assert not any(pictures[0].cached for pictures in await asyncio.gather(*tasks))


async def test_drawings_in_place_of_others_are_not_kept(cache: MemoryImageCache) -> None:
    """The next request finds out whether the provider is back."""

    class Drawing(FakeImages):
        def _picture(self, call: int, index: int) -> Picture:
            return replace(super()._picture(call, index), fallback="busy")

    provider = Drawing()
    agent = SmartImageAgent(provider, cache, LocalFlights(), TTL)
    for _ in range(2):
        (picture,) = await agent.generate(wanted())
        assert (picture.fallback, picture.cached) == ("busy", False)
    assert len(provider.calls) == 2
    assert (await cache.stats("main")).entries == 0


async def test_equal_requests_at_once_make_one_call(
    agent: SmartImageAgent, provider: FakeImages, cache: MemoryImageCache
) -> None:
    """A hundred of them: all have the same picture, and one of them its cost."""
    gate = await held_back(provider)
    tasks = [asyncio.create_task(agent.generate(wanted(count=2))) for _ in range(100)]
    await provider.called.wait()
    gate.set()
    answers = await asyncio.gather(*tasks)
    assert len(provider.calls) == 1
    assert {tuple(contents(pictures)) for pictures in answers} == {tuple(contents(answers[0]))}
    assert sorted(p.cost_usd for pictures in answers for p in pictures) == [0.0] * 198 + [0.05] * 2
    assert sum(p.cached for pictures in answers for p in pictures) == 198
    assert (await cache.stats("main")).entries == 2


async def test_overlapping_requests_at_once_make_no_picture_twice(agent: SmartImageAgent, provider: FakeImages) -> None:
    """They are not equal, but who comes second is given what the first one has made."""
    requests = [wanted(count=4), wanted(first=2, count=4), wanted(first=3, count=1), wanted(count=6)]
    await asyncio.gather(*(agent.generate(request) for request in requests))
    numbers = [call.first + place for call in provider.calls for place in range(call.count)]
    assert sorted(numbers) == [0, 1, 2, 3, 4, 5]


async def test_different_requests_do_not_wait_for_each_other(agent: SmartImageAgent, provider: FakeImages) -> None:
    """Fifty of them are with the provider at the same time."""
    await asyncio.gather(*(agent.generate(wanted(prompt=str(n))) for n in range(50)))
    assert provider.most_at_once == 50


async def test_what_was_raised_reaches_all(agent: SmartImageAgent, provider: FakeImages) -> None:
    """One call fails, a hundred hear of it, and the next request tries anew."""
    provider.fail = lambda call: TransientError("busy") if call == 1 else None
    answers = await asyncio.gather(*(agent.generate(wanted()) for _ in range(100)), return_exceptions=True)
    assert {repr(answer) for answer in answers} == {"TransientError('busy')"}
    assert len(provider.calls) == 1
    assert await agent.generate(wanted())


async def test_who_refuses_a_drawing_is_not_given_one(agent: SmartImageAgent, provider: FakeImages) -> None:
    """Requests that differ in that alone do not share a call; what one has made is still found by the other."""
    await asyncio.gather(*(agent.generate(wanted(fallback=fallback)) for fallback in (True, False)))
    assert len(provider.calls) == 1
    provider.fail = lambda _call: TransientError("busy")
    both = (agent.generate(wanted(prompt="2", fallback=fallback)) for fallback in (True, False))
    await asyncio.gather(*both, return_exceptions=True)
    assert [call.fallback for call in provider.calls[1:]] == [True, False]


async def test_a_leader_that_leaves_takes_nothing_with_it(agent: SmartImageAgent, provider: FakeImages) -> None:
    """The one whose request began the call is cancelled; the others have their picture, and one its cost."""
    gate = await held_back(provider)
    leader, *others = [asyncio.create_task(agent.generate(wanted())) for _ in range(5)]
    await provider.called.wait()
    leader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leader
    gate.set()
    answers = await asyncio.gather(*others)
    assert (len(provider.calls), provider.cancelled) == (1, 0)
    assert sorted(pictures[0].cost_usd for pictures in answers) == [0.0, 0.0, 0.0, 0.05]


async def test_when_all_have_left_the_call_is_cancelled(agent: SmartImageAgent, provider: FakeImages) -> None:
    """Nobody pays for what nobody wants; the next request begins anew, also in the same moment."""
    gate = await held_back(provider)
    tasks = [asyncio.create_task(agent.generate(wanted())) for _ in range(3)]
    await provider.called.wait()
    for task in tasks:
        task.cancel()
    late = asyncio.create_task(agent.generate(wanted()))
    await asyncio.gather(*tasks, return_exceptions=True)
    gate.set()
    assert not (await late)[0].cached
    assert (len(provider.calls), provider.cancelled, provider.running) == (2, 1, 0)


async def test_all_hear_how_far_it_is(agent: SmartImageAgent, provider: FakeImages) -> None:
    """Not only the one whose request began the call; who has left hears no more."""
    gate = await held_back(provider)
    heard: list[list[float]] = [[], [], []]
    tasks = [asyncio.create_task(agent.generate(wanted(), shares.append)) for shares in heard]
    await provider.called.wait()
    tasks[1].cancel()
    await asyncio.wait([tasks[1]])
    gate.set()
    await asyncio.gather(tasks[0], tasks[2])
    assert heard == [[1.0], [], [1.0]]


async def test_nothing_is_kept_when_nothing_is_to_be(provider: FakeImages, cache: MemoryImageCache) -> None:
    """With a time of zero every request is made, but those at the same time still share a call."""
    agent = SmartImageAgent(provider, cache, LocalFlights(), 0)
    await asyncio.gather(*(agent.generate(wanted()) for _ in range(100)))
    await agent.generate(wanted())
    assert len(provider.calls) == 2
    assert await cache.stats("main") == CacheStats("memory", hits=0, misses=0, entries=0)


Processes = Callable[[], Awaitable[SmartImageAgent]]


@pytest.fixture
async def process(redis_url: str, provider: FakeImages) -> AsyncIterator[Processes]:
    """Gives agents as they are in as many processes, over one provider and one Redis."""
    async with AsyncExitStack() as stack:

        async def start() -> SmartImageAgent:
            link = await stack.enter_async_context(connected(redis_url))
            cache = RedisImageCache(link, MemoryImageCache(), "continuum")
            return SmartImageAgent(provider, cache, RedisFlights(link, "continuum", hold=1.0), TTL)

        yield start


async def test_equal_requests_in_two_processes_make_one_call(process: Processes, provider: FakeImages) -> None:
    """A hundred at once over two agents that have nothing in common but Redis: one picture, paid once."""
    agents = [await process(), await process()]
    gate = await held_back(provider)
    tasks = [asyncio.create_task(agents[n % 2].generate(wanted())) for n in range(100)]
    await provider.called.wait()
    await asyncio.wait(tasks, timeout=0.5)  # the other process has looked several times by now
    gate.set()
    answers = await asyncio.gather(*tasks)
    assert len(provider.calls) == 1
    assert len({pictures[0].content for pictures in answers}) == 1
    assert sorted(pictures[0].cost_usd for pictures in answers) == [0.0] * 99 + [0.05]


async def test_a_leader_that_was_killed_delays_and_no_more(
    process: Processes, provider: FakeImages, redis_url: str
) -> None:
    """Its hold runs out, and then one of those who waited makes the picture."""
    agent = await process()
    (key,) = keys(wanted(), provider.card())
    async with Redis.from_url(redis_url) as redis:
        await redis.set(f"continuum:flight:{key}", "somebody who was killed", px=400)
        waiting = asyncio.create_task(agent.generate(wanted()))
        await asyncio.wait([waiting], timeout=0.2)
        assert provider.calls == []
        (picture,) = await waiting
    assert (picture.cached, len(provider.calls)) == (False, 1)


async def test_a_failure_frees_the_way_for_the_other_process(process: Processes, provider: FakeImages) -> None:
    """What one process could not have made, the next one tries."""
    provider.fail = lambda call: TransientError("busy") if call == 1 else None
    first, second = await process(), await process()
    answers = await asyncio.gather(first.generate(wanted()), second.generate(wanted()), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["TransientError", "list"]
