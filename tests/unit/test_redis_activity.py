"""Activity in Redis: each report has its own life, and what others left there harms nobody."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis

from exploration.activity.port import AgentActivity
from exploration.activity.redis import RedisActivity
from exploration.redis.link import connected
from tests.support.exploring import until
from tests.support.proxy import proxied

REF = ("main", "0197a000-0000-7000-8000-000000000001")
KEY = f"continuum:activity:main:{REF[1]}"
WORKING = AgentActivity("research", "Whale", "1", datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """The server as somebody else uses it."""
    async with Redis.from_url(redis_url) as client:
        yield client


async def test_a_report_is_forgotten_after_its_life(redis_url: str) -> None:
    """Also while another step of the same exploration is reported; nothing is left in the end."""
    async with connected(redis_url) as link, Redis.from_url(redis_url) as redis:
        activity = RedisActivity(link, life=2)
        await activity.report(REF, WORKING)
        latest = replace(WORKING, step="2")

        async def only_the_latest() -> bool:
            await activity.report(REF, latest)
            return await activity.current([REF]) == {REF: [latest]}

        assert not await only_the_latest()
        await until(only_the_latest)

        async def nothing() -> bool:
            return not await redis.dbsize()

        await until(nothing)


NOT_REPORTS = {
    "nothing": "",
    "a word": "junk",
    "no report": "9999999999",
    "an object": "9999999999 {}",
    "too short": '9999999999 ["a", "b"]',
    "a number as time": '9999999999 ["a", "b", 3]',
    "no time": '9999999999 ["a", "b", "c"]',
    "no time zone": '9999999999 ["a", "b", "2026-01-01"]',
    "no end": 'x ["a", "b", "2026-01-01T00:00:00+00:00"]',
    "an end of many digits": "9" * 10_000 + ' ["a", "b", "2026-01-01T00:00:00+00:00"]',
    "no text": b"9999999999 \xff",
    "deep": "9999999999 " + "[" * 100_000,
}


@pytest.mark.parametrize("value", NOT_REPORTS.values(), ids=NOT_REPORTS.keys())
async def test_what_is_no_report_is_ignored(redis: Redis, redis_url: str, value: str | bytes) -> None:
    """A field that says nothing we understand, beside one that does."""
    async with connected(redis_url) as link:
        activity = RedisActivity(link)
        await activity.report(REF, WORKING)
        async with redis.pipeline() as pipe:
            pipe.execute_command("HSET", KEY, "other", value)
            pipe.execute_command("HSET", KEY, b"\xff", f"9999999999 {json.dumps(['a', 'b', '2026-01-01T00:00:00Z'])}")
            await pipe.execute()
        assert await activity.current([REF]) == {REF: [WORKING]}


async def test_a_key_of_another_kind_is_ignored(redis: Redis, redis_url: str) -> None:
    """It hides the activity of its own exploration only, and reporting there raises nothing."""
    other = ("main", "0197a000-0000-7000-8000-000000000002")
    await redis.set(KEY, "mine")
    async with connected(redis_url) as link:
        activity = RedisActivity(link)
        await activity.report(REF, WORKING)
        await activity.clear(REF, "1")
        await activity.report(other, WORKING)
        assert await activity.current([REF, other]) == {other: [WORKING]}


async def test_many_explorations_are_one_round_trip(redis_url: str) -> None:
    """However many they are."""
    server = urlsplit(redis_url)
    async with proxied(server.hostname or "", server.port or 6379) as network:
        url = server._replace(netloc="{}:{}".format(*network.address)).geturl()
        async with connected(url) as link:
            activity = RedisActivity(link)
            refs = [("main", f"0197a000-0000-7000-8000-{n:012}") for n in range(50)]
            await asyncio.gather(*(activity.report(ref, WORKING) for ref in refs))
            await activity.current(refs)
            before = network.turns
            assert len(await activity.current(refs)) == 50
            assert network.turns - before == 1
