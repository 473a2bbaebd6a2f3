"""Dispatch by Redis: failed runs are tried again, nothing is left behind, and rubbish in the queue stops nobody."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from exploration.dispatch import record
from exploration.dispatch.port import EXPLORATION, Job, Run
from exploration.dispatch.redis import RedisDispatch
from exploration.redis.link import connected
from graphstore.errors import UnavailableError
from tests.support.exploring import until

JOB, OTHER = (Job("main", EXPLORATION, f"0197a000-0000-7000-8000-00000000000{n}") for n in (1, 2))
QUEUED = "continuum:dispatch:queued"


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """The server as somebody else uses it."""
    async with Redis.from_url(redis_url) as client:
        yield client


@asynccontextmanager
async def working(url: str, run: Run) -> AsyncIterator[RedisDispatch]:
    """A worker that runs two jobs at once."""
    async with connected(url) as link:
        dispatch = RedisDispatch(link)
        async with dispatch.working(run, 2):
            yield dispatch


class Runs:
    """Runs that fail so many times before one succeeds."""

    def __init__(self, failures: int = 0, error: Exception | None = None) -> None:
        self.begun: list[Job] = []
        self._failures = failures
        self._error = error or RuntimeError("boom")

    async def run(self, job: Job, _wake: asyncio.Event) -> None:
        """Fail, or succeed at once."""
        self.begun.append(job)
        if self.begun.count(job) <= self._failures:
            raise self._error

    async def have_begun(self, *jobs: Job) -> None:
        """Wait until these jobs were begun, as often as they are named."""

        async def begun() -> bool:
            return sorted(self.begun, key=str) == sorted(jobs, key=str)

        await until(begun)


async def empty(redis: Redis) -> bool:
    """Whether nothing at all is left on the server."""
    return not await redis.keys("*")


@pytest.mark.parametrize("error", [RuntimeError("boom"), UnavailableError("the store is away")])
async def test_a_failed_run_is_tried_again(redis: Redis, redis_url: str, error: Exception) -> None:
    """Although nobody enqueues it; when it has succeeded nothing is left of it."""
    runs = Runs(failures=2, error=error)
    async with working(redis_url, runs.run) as dispatch:
        await dispatch.enqueue(JOB)
        await runs.have_begun(JOB, JOB, JOB)
        await until(lambda: empty(redis))


async def test_what_waits_for_its_retry_is_not_hurried(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enqueuing it meanwhile, as a sweep does, changes nothing."""
    monkeypatch.setattr(record, "FIRST_RETRY", 1e9)
    monkeypatch.setattr(record, "LONGEST_RETRY", 1e9)
    runs = Runs(failures=1)
    async with working(redis_url, runs.run) as dispatch:
        await dispatch.enqueue(JOB)
        await runs.have_begun(JOB)
        for _ in range(3):
            await dispatch.enqueue(JOB)
        await dispatch.enqueue(OTHER)
        await runs.have_begun(JOB, OTHER)


async def test_what_fails_for_good_can_be_enqueued_anew(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When it has failed as often as it may, nothing is left of it, and the next sweep begins from the start."""
    monkeypatch.setattr(record, "ATTEMPTS", 1)
    runs = Runs(failures=1)
    async with working(redis_url, runs.run) as dispatch:
        await dispatch.enqueue(JOB)
        await runs.have_begun(JOB)
        await until(lambda: empty(redis))
        await dispatch.enqueue(JOB)
        await runs.have_begun(JOB, JOB)


async def test_what_a_worker_leaves_another_takes(redis_url: str) -> None:
    """A job that was cancelled because its worker stops waits for the next worker, which begins anew."""
    begun = asyncio.Event()

    async def hang(_job: Job, _wake: asyncio.Event) -> None:
        begun.set()
        await asyncio.Event().wait()

    async with working(redis_url, hang) as dispatch:
        await dispatch.enqueue(JOB)
        await begun.wait()
    runs = Runs()
    async with working(redis_url, runs.run):
        await runs.have_begun(JOB)


async def test_names_say_whose_they_are(redis: Redis, redis_url: str) -> None:
    """Every key is ours, and the workspace is part of those that belong to one."""
    async with connected(redis_url) as link:
        await RedisDispatch(link).enqueue(Job("other", EXPLORATION, JOB.id))
    keys = {key.decode() for key in await redis.keys("*")}
    assert keys == {QUEUED, "continuum:dispatch:incomplete", f"continuum:dispatch:job:other:{EXPLORATION}:{JOB.id}"}


RECORDS = {
    "none": None,
    "no record": "junk",
    "of another queue": '{"queue": "x", "function": "f", "key": "rubbish"}',
    "without a queue": '{"function": "f", "key": "rubbish"}',
    "of a job of nobody": '{"queue": "continuum:dispatch", "function": "f", "key": "rubbish"}',
    "with strange fields": '{"queue": "continuum:dispatch", "function": "f", "key": "rubbish", "x": 1}',
    "a list": "[1]",
    "a number": "1",
    "deep": "[" * 100_000,
}


@pytest.mark.parametrize("value", RECORDS.values(), ids=RECORDS.keys())
async def test_rubbish_in_the_queue_stops_nobody(redis: Redis, redis_url: str, value: str | None) -> None:
    """It is passed over, and what comes after it runs."""
    rubbish = "continuum:dispatch:job:rubbish"
    async with redis.pipeline() as pipe:
        pipe.rpush(QUEUED, rubbish, b"\xff", "else")
        if value is not None:
            pipe.set(rubbish, value)
        await pipe.execute()
    runs = Runs()
    async with working(redis_url, runs.run) as dispatch:
        await dispatch.enqueue(JOB)
        await runs.have_begun(JOB)


async def test_a_queue_that_is_no_queue_is_waited_out(redis: Redis, redis_url: str) -> None:
    """Whoever put something else there must remove it; until then nothing raises, and afterwards jobs run."""
    await redis.set(QUEUED, "mine")
    runs = Runs()
    async with working(redis_url, runs.run) as dispatch:
        await dispatch.enqueue(JOB)
        await dispatch.interrupt(JOB)
        await redis.delete(QUEUED)
        await dispatch.enqueue(JOB)
        await runs.have_begun(JOB)
