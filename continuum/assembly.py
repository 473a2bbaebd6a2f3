"""The composition root: adapters are chosen and put together here, and the store in `continuum.stores`."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, TypeAlias

import structlog

from continuum.settings import Settings, SettingsError
from continuum.stores import COMMAND_WAIT, opened_store
from exploration.activity.local import LocalActivity
from exploration.activity.port import Activity
from exploration.dispatch.local import LocalDispatch
from exploration.dispatch.port import Dispatch
from exploration.feed.local import LocalFeed
from exploration.feed.port import Feed
from exploration.ownership import Pace, Tools
from exploration.request import Limits
from exploration.runner import Runner
from exploration.service import Explorer
from exploration.sources import Build, SourceBook
from exploration.stored import StoredGraph
from exploration.sweep import Sweep
from exploration.tasks import cancel
from exploration.watch import Watch
from graphstore.port import Database
from providers.knowledge.registry import SourceRegistry

if TYPE_CHECKING:
    from exploration.dispatch.redis import RedisDispatch

_log = structlog.get_logger(__name__)

QUEUE_HOLD = 3.0
"""Seconds after its last sign of life at which the queue counts a worker as dead; never longer than a lease."""
ACTIVITY_GRACE = 30
"""Seconds for which an agent's activity is remembered beyond the longest answer of a source."""


Sources: TypeAlias = Mapping[str, Build] | None
"""Other knowledge sources than the shipped ones."""


class Role(StrEnum):
    """What a process is there for."""

    SERVER = "server"
    """Answers requests. Without Redis it does the work as well."""
    WORKER = "worker"
    """Does the work that Redis hands to it."""
    COMMAND = "command"
    """Runs one exploration of its own in a terminal, and takes up no other."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """A server that a process depends on."""

    check: Callable[[], Awaitable[None]]
    """Raises with a message for a person when it cannot be used."""
    needed: bool = True
    """Whether nothing useful can be done without it."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that a process of Continuum is made of."""

    settings: Settings
    database: Database
    sources: SourceBook
    feed: Feed
    activity: Activity
    watch: Watch
    runner: Runner
    dispatch: Dispatch
    explorer: Explorer
    dependencies: Mapping[str, Dependency]
    finish_work: Callable[[], Awaitable[None]]
    """Take no more work, and wait until what runs here has ended; the runner was told to stop."""

    async def drain(self) -> None:
        """Begin no further step, and let running ones finish for as long as the settings give them; what runs even
        then is aborted and handed back when the parts are closed."""
        self.runner.stop()
        try:
            async with asyncio.timeout(self.settings.shutdown_seconds):
                await self.finish_work()
        except TimeoutError:
            _log.warning("steps_aborted", seconds=self.settings.shutdown_seconds)


@dataclass(frozen=True, slots=True)
class _Exchange:
    """How processes hear of each other: without Redis they do not."""

    feed: Feed = field(default_factory=LocalFeed)
    activity: Activity = field(default_factory=LocalActivity)
    queue: "RedisDispatch | None" = None
    checks: Mapping[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)


@asynccontextmanager
async def assembled(
    settings: Settings,
    role: Role = Role.SERVER,
    *,
    sweep: bool = True,
    sources: Sources = None,
) -> AsyncIterator[Parts]:
    """The parts, running; closed in the opposite order when the context ends.

    `sweep`: where work is done, take up unfinished explorations that nobody holds.
    """
    async with AsyncExitStack() as stack:
        builders = sources or _shipped_sources()
        check_sources(settings, builders)
        wait = COMMAND_WAIT if role is Role.COMMAND else settings.startup_wait_seconds
        database = await stack.enter_async_context(opened_store(settings, wait=wait))
        book = SourceBook(builders, settings.knowledge_sources, time_limit=settings.source_timeout_seconds)
        exchange = await _exchange(settings, stack)
        watch = await stack.enter_async_context(Watch(database, exchange.feed))
        jitter = partial(random.uniform, 0.5, 1.5)
        runner = Runner(Tools(database, book, exchange.feed, exchange.activity, _pace(settings), jitter))
        dispatch, finish = await _dispatch(settings, role, runner, exchange.queue, stack)
        if sweep and (role is Role.WORKER or (role is Role.SERVER and exchange.queue is None)):
            await _sweeping(settings, database, dispatch, stack)
        yield Parts(
            settings=settings,
            database=database,
            sources=book,
            feed=exchange.feed,
            activity=exchange.activity,
            watch=watch,
            runner=runner,
            dispatch=dispatch,
            explorer=Explorer(book, dispatch, exchange.feed, Limits()),
            dependencies=_dependencies(role, database, exchange),
            finish_work=finish,
        )


def _pace(settings: Settings) -> Pace:
    return Pace(
        steps_at_once=settings.steps_at_once,
        lease=settings.lease_seconds,
        source_limit=settings.source_timeout_seconds,
    )


async def _exchange(settings: Settings, stack: AsyncExitStack) -> _Exchange:
    if settings.redis_url is None:
        return _Exchange()
    # Loaded where they are needed: the embedded default starts sooner without them.
    from exploration.activity.redis import RedisActivity  # noqa: PLC0415
    from exploration.dispatch.redis import RedisDispatch  # noqa: PLC0415
    from exploration.feed.redis import RedisFeed  # noqa: PLC0415
    from exploration.redis.link import connected  # noqa: PLC0415

    link = cache = await stack.enter_async_context(connected(settings.redis_url.get_secret_value()))
    checks = {"redis": link.ping}
    if settings.redis_cache_url is not None:
        cache = await stack.enter_async_context(connected(settings.redis_cache_url.get_secret_value()))
        checks["redis_cache"] = cache.ping
    life = ceil(settings.source_timeout_seconds) + ACTIVITY_GRACE
    queue = RedisDispatch(link, hold=min(QUEUE_HOLD, settings.lease_seconds))
    return _Exchange(RedisFeed(link), RedisActivity(cache, life=life), queue, checks)


async def _dispatch(
    settings: Settings, role: Role, runner: Runner, queue: "RedisDispatch | None", stack: AsyncExitStack
) -> tuple[Dispatch, Callable[[], Awaitable[None]]]:
    """Who runs the work, and how to finish what runs here."""
    if queue is None:
        local = await stack.enter_async_context(LocalDispatch(runner.run, settings.explorations_at_once))
        return local, local.drain
    if role is Role.WORKER:
        await stack.enter_async_context(queue.working(runner.run, settings.explorations_at_once))
        return queue, queue.drain
    return queue, _nothing


async def _nothing() -> None:
    """What a process finishes that runs no work."""


async def _sweeping(settings: Settings, database: Database, dispatch: Dispatch, stack: AsyncExitStack) -> None:
    sweep = Sweep(
        database.operations,
        dispatch,
        every=settings.lease_seconds / 2,
        retention_days=settings.event_retention_days,
    )
    task = asyncio.create_task(sweep.run(), name="sweep")
    stack.push_async_callback(cancel, task)


def _dependencies(role: Role, database: Database, exchange: _Exchange) -> dict[str, Dependency]:
    """A worker does nothing without its queue. A server without it still answers, and what is started meanwhile is
    stored: the sweep of a worker finds it."""
    queue = {name: role is Role.WORKER and name == "redis" for name in exchange.checks}
    return {
        "store": Dependency(database.operations.ping),
        **{name: Dependency(exchange.checks[name], needed) for name, needed in queue.items()},
    }


def check_sources(settings: Settings, known: Iterable[str] | None = None) -> None:
    """Raise `SettingsError` for a default source that is not among the known ones: the shipped, if none are named."""
    known = tuple(_shipped_sources() if known is None else known)
    for name in settings.knowledge_sources:
        if name not in known:
            wrong = ",".join(settings.knowledge_sources)
            raise SettingsError(f"KNOWLEDGE_SOURCES={wrong!r}: there is no {name!r}; there are: {', '.join(known)}")


def _shipped_sources() -> dict[str, Build]:
    """The sources that ask something outside, each serving all workspaces, and the stored graph."""
    registry = SourceRegistry()
    outside: dict[str, Build] = {name: _shared(registry, name) for name in registry.names}
    return {**outside, StoredGraph.name: StoredGraph}


def _shared(registry: SourceRegistry, name: str) -> Build:
    return lambda _store: registry.source(name)
