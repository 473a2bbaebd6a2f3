"""The composition root: adapters are chosen and put together here, and nowhere else."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from continuum.settings import Settings, SettingsError
from exploration.activity.local import LocalActivity
from exploration.activity.port import Activity
from exploration.dispatch.local import LocalDispatch
from exploration.feed.local import LocalFeed
from exploration.feed.port import Feed
from exploration.ownership import Pace, Tools
from exploration.request import Limits
from exploration.runner import Runner
from exploration.service import Explorer
from exploration.sources import Build, SourceBook
from exploration.stored import StoredGraph
from exploration.sweep import Sweep
from exploration.watch import Watch
from graphstore.port import Database
from graphstore.sqlite import open_database
from providers.knowledge.registry import SourceRegistry


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
    dispatch: LocalDispatch
    explorer: Explorer

    async def drain(self) -> None:
        """Begin no further step, and let running ones finish for as long as the settings give them."""
        self.runner.stop()
        async with asyncio.timeout(self.settings.shutdown_seconds):
            await self.dispatch.drain()


@asynccontextmanager
async def assembled(
    settings: Settings, *, sweep: bool = True, sources: Mapping[str, Build] | None = None
) -> AsyncIterator[Parts]:
    """The parts, running; closed in the opposite order when the context ends.

    `sweep`: take up unfinished explorations that nobody holds. `sources`: other knowledge sources than the shipped.
    """
    async with AsyncExitStack() as stack:
        builders = sources or _shipped_sources()
        check_sources(settings, builders)
        make_data_dir(settings)
        database = await open_database(settings.database_path, read_time_limit=settings.query_timeout_seconds)
        stack.push_async_callback(database.close)
        book = SourceBook(builders, settings.knowledge_sources, time_limit=settings.source_timeout_seconds)
        feed, activity = LocalFeed(), LocalActivity()
        watch = await stack.enter_async_context(Watch(database, feed))
        pace = Pace(
            steps_at_once=settings.steps_at_once,
            lease=settings.lease_seconds,
            source_limit=settings.source_timeout_seconds,
        )
        jitter = partial(random.uniform, 0.5, 1.5)
        runner = Runner(Tools(database, book, feed, activity, pace, jitter))
        dispatch = await stack.enter_async_context(LocalDispatch(runner.run, settings.explorations_at_once))
        explorer = Explorer(book, dispatch, feed, Limits())
        if sweep:
            sweeper = Sweep(
                database.operations,
                dispatch,
                every=settings.lease_seconds / 2,
                retention_days=settings.event_retention_days,
            )
            task = asyncio.create_task(sweeper.run(), name="sweep")
            stack.push_async_callback(_cancelled, task)
        yield Parts(settings, database, book, feed, activity, watch, runner, dispatch, explorer)


def make_data_dir(settings: Settings) -> None:
    """Make the folder for everything that is written. Raises `SettingsError`."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"DATA_DIR={str(settings.data_dir)!r}: cannot be made: {error.strerror}") from error


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


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
