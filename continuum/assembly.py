"""The composition root: adapters are chosen and put together here; what they are put together from is made in
`continuum.stores`, `continuum.exchange` and `continuum.providing`."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

import structlog

from continuum.exchange import Exchange, opened_exchange
from continuum.providing import Painters, Sources, check_sources, image_catalogue, opened_sources, picture_bytes
from continuum.settings import Settings
from continuum.stores import COMMAND_WAIT, opened_store
from exploration.activity.port import Activity
from exploration.dispatch.by_kind import ByKind
from exploration.dispatch.local import LocalDispatch
from exploration.dispatch.observed import observed
from exploration.dispatch.port import EXPLORATION, IMAGES, Dispatch, Run
from exploration.feed.port import Feed
from exploration.images.collection import Collection
from exploration.images.drawing import Drawing
from exploration.images.painter import Easel, Painter
from exploration.images.service import Studio
from exploration.images.watch import ImageWatch
from exploration.redis.memory import Memory
from exploration.request import Limits
from exploration.runner import Runner
from exploration.service import Explorer
from exploration.sources import SourceBook
from exploration.sweep import Sweep
from exploration.tasks import cancel
from exploration.tools import Pace, Tools
from exploration.watch import Watch
from graphstore.bytes import PictureBytes
from graphstore.port import Database
from providers.images.catalogue import ImageCatalogue

if TYPE_CHECKING:
    from exploration.dispatch.redis import RedisDispatch

_log = structlog.get_logger(__name__)


class Role(StrEnum):
    """What a process is there for."""

    SERVER = "server"
    """Answers requests. Without Redis it does the work as well."""
    WORKER = "worker"
    """Does the work that Redis hands to it."""
    COMMAND = "command"
    """Does one piece of work of its own in a terminal, and takes up no other."""


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
    pictures: PictureBytes
    sources: SourceBook
    catalogue: ImageCatalogue
    feed: Feed
    activity: Activity
    watch: Watch
    image_watch: ImageWatch
    runner: Runner
    painter: Painter
    dispatch: Dispatch
    explorer: Explorer
    studio: Studio
    dependencies: Mapping[str, Dependency]
    memories: Mapping[str, Callable[[], Awaitable[Memory | None]]]
    """Of those that tell: how full they are; None while one is away."""
    finish_work: Callable[[], Awaitable[None]]
    """Take no more work, and wait until what runs here has ended; runner and painter were told to stop."""

    async def drain(self) -> None:
        """Begin no further step or picture, and let running ones finish for as long as the settings give them; what
        runs even then is aborted and handed back when the parts are closed."""
        self.runner.stop()
        self.painter.stop()
        try:
            async with asyncio.timeout(self.settings.shutdown_seconds):
                await self.finish_work()
        except TimeoutError:
            _log.warning("work_aborted", seconds=self.settings.shutdown_seconds)


@asynccontextmanager
async def assembled(
    settings: Settings,
    role: Role = Role.SERVER,
    *,
    sweep: bool = True,
    sources: Sources = None,
    painters: Painters = None,
) -> AsyncIterator[Parts]:
    """The parts, running; closed in the opposite order when the context ends.

    `sweep`: where work is done, take up unfinished work that nobody holds.
    """
    async with AsyncExitStack() as stack:
        builders = opened_sources(settings, stack) if sources is None else sources
        check_sources(settings, builders)
        wait = COMMAND_WAIT if role is Role.COMMAND else settings.startup_wait_seconds
        database = await stack.enter_async_context(opened_store(settings, wait=wait))
        pictures = picture_bytes(settings)
        exchange = await opened_exchange(settings, stack)
        catalogue = image_catalogue(settings, exchange, painters)
        stack.push_async_callback(catalogue.close)
        book = SourceBook(builders, settings.knowledge_sources, time_limit=settings.source_timeout_seconds)
        watch = await stack.enter_async_context(Watch(database, exchange.feed))
        image_watch = await stack.enter_async_context(ImageWatch(database, exchange.feed))
        drawing = Drawing(catalogue, pictures)
        jitter = partial(random.uniform, 0.5, 1.5)
        tools = Tools(database, book, drawing, exchange.feed, exchange.activity, _pace(settings), jitter)
        easel = Easel(database, drawing, exchange.feed, exchange.activity, settings.lease_seconds)
        runner, painter = Runner(tools), Painter(easel)
        work = _Work(role, exchange.queues, stack)
        by_kind: dict[str, Dispatch] = {
            EXPLORATION: await work.queue(EXPLORATION, runner.run, settings.explorations_at_once),
            IMAGES: await work.queue(IMAGES, painter.run, settings.images_at_once),
        }
        dispatch = ByKind(by_kind)
        if sweep and (role is Role.WORKER or (role is Role.SERVER and not exchange.queues)):
            _tidying(settings, database, pictures, dispatch, stack)
        yield Parts(
            settings=settings,
            database=database,
            pictures=pictures,
            sources=book,
            catalogue=catalogue,
            feed=exchange.feed,
            activity=exchange.activity,
            watch=watch,
            image_watch=image_watch,
            runner=runner,
            painter=painter,
            dispatch=dispatch,
            explorer=Explorer(book, catalogue, dispatch, exchange.feed, Limits()),
            studio=Studio(catalogue, dispatch, exchange.feed),
            dependencies=_dependencies(role, database, pictures, exchange),
            memories=exchange.memories,
            finish_work=work.finish,
        )


def _pace(settings: Settings) -> Pace:
    return Pace(
        steps_at_once=settings.steps_at_once,
        lease=settings.lease_seconds,
        source_limit=settings.source_timeout_seconds,
    )


class _Work:
    """Who runs the work: this process, others, or both."""

    def __init__(self, role: Role, queues: "Mapping[str, RedisDispatch]", stack: AsyncExitStack) -> None:
        self._role = role
        self._queues = queues
        self._stack = stack
        self._drains: list[Callable[[], Awaitable[None]]] = []

    async def queue(self, kind: str, run: Run, at_once: int) -> Dispatch:
        """The dispatch of one kind of jobs, of which so many run at once here if any do."""
        run = observed(run)  # whoever hands them out
        if (queue := self._queues.get(kind)) is None:
            local = await self._stack.enter_async_context(LocalDispatch(run, at_once))
            self._drains.append(local.drain)
            return local
        if self._role is Role.WORKER:
            await self._stack.enter_async_context(queue.working(run, at_once))
            self._drains.append(queue.drain)
        return queue

    async def finish(self) -> None:
        """Take no more, and wait until nothing runs here."""
        await asyncio.gather(*(drain() for drain in self._drains))


def _tidying(
    settings: Settings, database: Database, pictures: PictureBytes, dispatch: Dispatch, stack: AsyncExitStack
) -> None:
    """Have what was left lying taken up, and what nobody needs taken away."""
    sweep = Sweep(
        database.operations,
        dispatch,
        every=settings.lease_seconds / 2,
        retention_days=settings.event_retention_days,
    )
    for run, name in ((sweep.run, "sweep"), (Collection(database, pictures).run, "collection")):
        stack.push_async_callback(cancel, asyncio.create_task(run(), name=name))


def _dependencies(role: Role, database: Database, pictures: PictureBytes, exchange: Exchange) -> dict[str, Dependency]:
    """A worker does nothing without its queue. A server without it still answers, and what is started meanwhile is
    stored: the sweep of a worker finds it. Without the place of the pictures all else goes on."""
    queue = {name: role is Role.WORKER and name == "redis" for name in exchange.checks}
    return {
        "store": Dependency(database.operations.ping),
        "pictures": Dependency(pictures.ping, needed=False),
        **{name: Dependency(exchange.checks[name], needed) for name, needed in queue.items()},
    }
