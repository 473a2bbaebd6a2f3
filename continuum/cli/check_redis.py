"""What `continuum doctor` looks at in Redis."""

from collections.abc import AsyncIterator
from typing import Final

from continuum.addresses import masked
from continuum.cli.check import Check, Level, number
from continuum.cli.shell import program
from continuum.cli.words import counted
from continuum.settings import Settings

OLDEST_REDIS: Final = (7,)


async def redis_checks(settings: Settings) -> AsyncIterator[Check]:
    """Each server that the settings name is reachable, new enough, and keeps what it is given."""
    if settings.redis_url is not None:
        async for check in _server("redis", settings.redis_url.get_secret_value(), is_queue=True):
            yield check
    if settings.redis_cache_url is not None:
        async for check in _server("redis cache", settings.redis_cache_url.get_secret_value(), is_queue=False):
            yield check


async def _server(subject: str, url: str, *, is_queue: bool) -> AsyncIterator[Check]:
    from exploration.redis.inspection import RedisReport, inspected  # noqa: PLC0415 - few need it

    variable = "REDIS_URL" if is_queue else "REDIS_CACHE_URL"
    try:
        report: RedisReport = await inspected(url)
    except ConnectionError as error:
        mend = f"Check that the server runs and that {variable} is its address."
        yield Check(Level.FAIL, subject, f"{masked(url)} cannot be used: {error}", mend)
        return
    state = f"{masked(url)} (version {report.version}, {report.eviction})"
    if number(report.version) < OLDEST_REDIS:
        yield Check(Level.WARN, subject, state, "Continuum is made for Redis 7 and newer.")
    elif is_queue and report.eviction != "noeviction":
        mend = (
            "Set its maxmemory-policy to noeviction: a queue that loses entries delays work. REDIS_CACHE_URL may evict."
        )
        yield Check(Level.WARN, subject, state, mend)
    else:
        yield Check(Level.OK, subject, state)
    if is_queue and report.workers is not None:
        yield _workers(report.workers)


def _workers(workers: int) -> Check:
    if workers:
        return Check(Level.OK, "workers", f"{counted(workers, 'worker')} connected to the queue")
    return Check(Level.WARN, "workers", "none is connected to the queue", f"`{program()} worker` starts one.")
