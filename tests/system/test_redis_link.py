"""What a process has with Redis on bad days: nothing raises, nobody waits, and afterwards everything goes on."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from exploration.activity.port import AgentActivity
from exploration.activity.redis import RedisActivity
from exploration.dispatch.port import EXPLORATION, Job
from exploration.dispatch.redis import RedisDispatch
from exploration.feed.redis import RedisFeed
from exploration.redis.link import RedisLink, connected
from tests.support.exploring import until
from tests.support.proxy import Proxy, proxied
from tests.support.redis_process import RedisProcess, redis_process

pytestmark = pytest.mark.system

REF = ("main", "0197a000-0000-7000-8000-000000000001")
JOB = Job("main", EXPLORATION, REF[1])
WORKING = AgentActivity("research", "Whale", "1", datetime(2026, 1, 1, tzinfo=UTC))
STALL = 1.0
"""Seconds that all calls of one process together may cost while Redis is frozen."""


@pytest.fixture
async def server() -> AsyncIterator[RedisProcess]:
    """A Redis of the test's own."""
    async with redis_process() as running:
        yield running


class Ear:
    """Notes what it is woken with: numbers, and None for having to look."""

    def __init__(self) -> None:
        self.heard: list[int | None] = []
        self.news = asyncio.Event()

    def wake(self, seq: int | None) -> None:
        """A listener's callback."""
        self.heard.append(seq)
        self.news.set()

    async def hears(self, seq: int | None, seconds: float = 5) -> None:
        """Wait until it is woken with this, from now on."""
        async with asyncio.timeout(seconds):
            while seq not in self.heard:
                self.news.clear()
                await self.news.wait()


async def use_everything(link: RedisLink) -> None:
    """Each call that a run or a request makes."""
    dispatch, feed, activity = RedisDispatch(link), RedisFeed(link), RedisActivity(link)
    calls: list[Callable[[], Awaitable[object]]] = [
        lambda: activity.report(REF, WORKING),
        lambda: activity.clear(REF, "1"),
        lambda: activity.current([REF]),
        lambda: feed.announce(REF, 1),
        lambda: dispatch.interrupt(JOB),
        lambda: dispatch.enqueue(JOB),
    ]
    for call in calls * 3:
        await call()


async def back(link: RedisLink) -> None:
    """Wait until the link knows that the server is there."""
    async with asyncio.timeout(5):
        await link.server.here()


async def test_a_server_that_takes_nothing_is_not_ready(server: RedisProcess) -> None:
    """One that is full, or has lost its replicas, answers; but nothing can be enqueued."""
    async with connected(server.url) as link, server.client() as redis:
        await link.ping()
        for setting, usual, wrong in (("maxmemory", "0", "1"), ("min-replicas-to-write", "0", "1")):
            await redis.config_set(setting, wrong)
            with pytest.raises(ConnectionError, match=f"Redis at 127.0.0.1:{server.port} cannot be used"):
                await link.ping()
            await redis.config_set(setting, usual)
            await link.ping()


async def test_the_memory_of_a_server_is_known_while_it_is_there(server: RedisProcess) -> None:
    """How much it uses, and may use: 0 where it has no bound."""
    async with connected(server.url) as link, server.client() as redis:
        found = await link.memory()
        assert found is not None
        assert found.used > 100_000
        assert found.most == 0
        await redis.config_set("maxmemory", "100mb")
        assert (await link.memory() or found).most == 100 * 1024 * 1024
        await server.kill()
        assert await link.memory() is None


@pytest.mark.parametrize("trouble", ["frozen", "killed", "silent"])
async def test_nobody_waits_for_a_server_that_is_away(server: RedisProcess, trouble: str) -> None:
    """All calls together cost less than a second while it is away, none raises, and afterwards they work again."""
    async with proxied("127.0.0.1", server.port) as network, connected(url_of(network.address)) as link:
        await use_everything(link)
        await begin(trouble, server, network)
        begun = time.monotonic()
        await use_everything(link)
        assert time.monotonic() - begun < STALL
        with pytest.raises(ConnectionError, match="Redis at "):
            await link.ping()
        await end(trouble, server, network)
        await back(link)
        await RedisActivity(link).report(REF, WORKING)
        assert await RedisActivity(link).current([REF]) == {REF: [WORKING]}


def url_of(address: tuple[str, int]) -> str:
    """The URL of a Redis server at this address."""
    return f"redis://{address[0]}:{address[1]}/0"


async def test_it_is_said_once_that_redis_is_away_and_back(server: RedisProcess) -> None:
    """One warning when it goes and one when it comes, however many calls failed."""
    async with connected(server.url) as link:
        await use_everything(link)
        with capture_logs() as logs:
            await server.kill()
            await asyncio.gather(*(RedisActivity(link).current([REF]) for _ in range(20)))
            await server.start()
            await back(link)
    assert [log["event"] for log in logs] == ["redis_away", "redis_back"]
    assert {log["log_level"] for log in logs} == {"warning"}


async def test_a_process_starts_without_redis(server: RedisProcess) -> None:
    """It need not be there yet; when it is, what was to be told is told."""
    await server.kill()
    ear = Ear()
    async with connected(server.url) as link:
        feed = RedisFeed(link)
        with feed.listen(REF, ear.wake):
            await use_everything(link)
            assert ear.heard == []
            await server.start()
            await ear.hears(None)
            await feed.announce(REF, 2)
            await ear.hears(2)


@pytest.mark.parametrize("trouble", ["frozen", "killed", "silent"])
async def test_listeners_are_told_to_look_after_a_gap(server: RedisProcess, trouble: str) -> None:
    """Also when the connection dies without a word, and although nothing is asked of the server meanwhile. From then
    on they hear again."""
    ear = Ear()
    async with proxied("127.0.0.1", server.port) as network, connected(url_of(network.address)) as link:
        with RedisFeed(link).listen(REF, ear.wake):
            await ear.hears(None)
            ear.heard.clear()
            await begin(trouble, server, network)
            await until(lambda: is_away(link))
            await end(trouble, server, network)
            await ear.hears(None)
            await RedisFeed(link).announce(REF, 8)
            await ear.hears(8)


async def test_what_cannot_be_announced_is_announced_later(server: RedisProcess) -> None:
    """A process that was cut off for a while tells those who were not, as soon as it can."""
    ear = Ear()
    async with (
        proxied("127.0.0.1", server.port) as network,
        connected(url_of(network.address)) as there,
        connected(server.url) as here,
    ):
        with RedisFeed(here).listen(REF, ear.wake):
            await ear.hears(None)
            network.cut()
            for number in range(1, 4):
                await RedisFeed(there).announce(REF, number)
            await until(lambda: is_away(there))
            assert ear.heard == [None]
            network.mend()
            await ear.hears(3)


async def is_away(link: RedisLink) -> bool:
    """Whether the link has noticed."""
    return link.server.away


async def begin(trouble: str, server: RedisProcess, network: Proxy) -> None:
    """Take the server away."""
    if trouble == "frozen":
        server.freeze()
    elif trouble == "killed":
        await server.kill()
    else:
        network.cut()


async def end(trouble: str, server: RedisProcess, network: Proxy) -> None:
    """Bring it back."""
    if trouble == "frozen":
        server.thaw()
    elif trouble == "killed":
        await server.start()
    else:
        network.mend()


async def test_a_thousand_listeners_share_one_connection(server: RedisProcess) -> None:
    """Of one exploration and of a hundred, coming and going; all hear, and none hears what it did not ask for."""
    ears = [Ear() for _ in range(1_000)]
    refs = [("main", f"0197a000-0000-7000-8000-{n % 100:012}") for n in range(1_000)]
    async with connected(server.url) as link, AsyncExitStack() as stack:
        feed = RedisFeed(link)
        for ear, ref in zip(ears, refs, strict=True):
            stack.enter_context(feed.listen(ref, ear.wake))
        await asyncio.gather(*(ear.hears(None) for ear in ears))
        for number, ref in enumerate(refs[:100], start=1):
            await feed.announce(ref, number)
        await asyncio.gather(*(ear.hears(n % 100 + 1) for n, ear in enumerate(ears)))
        assert await server.connections("continuum-feed") == 1
        assert {ear.heard.count(None) for ear in ears} == {1}
        assert {len(ear.heard) for ear in ears} == {2}
        await stack.pop_all().aclose()
        await until(lambda: deserted(server))


async def deserted(server: RedisProcess) -> bool:
    """Whether nobody is subscribed to anything."""
    async with server.client() as redis:
        return not await redis.pubsub_channels()


async def test_waiting_for_redis_costs_next_to_nothing(server: RedisProcess) -> None:
    """A worker that listens and wants jobs does not spin while there is no server."""

    async def run(_job: Job, wake: asyncio.Event) -> None:
        await wake.wait()

    ear = Ear()
    async with connected(server.url) as link:
        with RedisFeed(link).listen(REF, ear.wake):
            async with RedisDispatch(link).working(run, 2):
                await ear.hears(None)
                await server.kill()
                used = time.process_time()
                await asyncio.sleep(3)
                assert time.process_time() - used < 0.3


async def test_what_waits_is_sent_at_the_end(server: RedisProcess) -> None:
    """A process that announces something and ends at once has announced it."""
    ear = Ear()
    async with connected(server.url) as here:
        with RedisFeed(here).listen(REF, ear.wake):
            await ear.hears(None)
            async with connected(server.url) as there:
                await RedisFeed(there).announce(REF, 5)
            await ear.hears(5)
