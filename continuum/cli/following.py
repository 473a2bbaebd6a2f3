"""One exploration that this process starts, owns and watches."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field

from continuum.assembly import Parts
from exploration.activity.port import AgentActivity
from exploration.dispatch.observed import underway
from exploration.dispatch.port import EXPLORATION, Job
from exploration.request import Request
from exploration.watch import Told
from graphstore.errors import StatusConflict
from graphstore.ids import new_id
from graphstore.model import ENDED, Exploration
from graphstore.port import Store
from telemetry.traces import carried


@dataclass(slots=True)
class Following:
    """An exploration from its start to its end, as the terminal sees it."""

    parts: Parts
    store: Store
    exploration: Exploration
    token: str
    interrupted: bool = False
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _cancelling: asyncio.Task[None] | None = None

    @classmethod
    async def begin(cls, parts: Parts, workspace: str, request: Request) -> "Following":
        """Start it, leased to this process: nobody else takes it up while we live. Raises as `Explorer.start` does."""
        store = parts.database.within(workspace)
        token = new_id()
        exploration = await parts.explorer.start_leased(store, request, (token, parts.settings.lease_seconds))
        return cls(parts, store, exploration, token)

    async def run(self, show: Callable[[Told], None]) -> Exploration:
        """Work on it and show each event until it has ended; it as it is then.

        Ctrl-C cancels it once; a second one ends the process. When its events cannot be shown any more (a pipe that
        was closed), it is cancelled too.
        """
        try:
            with self._ctrl_c_cancels():
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._own(), name=f"exploration {self.exploration.id}")
                    async for told in self._events():
                        show(told)
        except BaseExceptionGroup as failures:
            if failures.subgroup(BrokenPipeError):
                await self.cancel("nobody reads its output any more")
            raise
        finally:
            if self._cancelling is not None:
                await self._cancelling
        return (await self.store.explorations.get([self.exploration.id]))[self.exploration.id]

    async def cancel(self, reason: str) -> None:
        """End it, keeping what was found."""
        with contextlib.suppress(StatusConflict):  # it ended by itself in the same moment
            await self.parts.explorer.cancel(self.store, self.exploration.id, reason)
        self._wake.set()

    async def agents(self) -> list[AgentActivity]:
        """Who works on what just now."""
        ref = (self.store.workspace, self.exploration.id)
        return list((await self.parts.activity.current([ref])).get(ref, ()))

    async def _own(self) -> None:
        with underway(Job(self.store.workspace, EXPLORATION, self.exploration.id, carried())):
            await self.parts.runner.own(self.exploration, self.store, self.token, self._wake)

    async def _events(self) -> AsyncIterator[Told]:
        stream = self.parts.watch.events(self.store.workspace, self.exploration.id, 0)
        async with contextlib.aclosing(stream) as events:
            async for told in events:
                if isinstance(told, Told):
                    yield told
                    if told.event.status in ENDED:
                        return

    @contextlib.contextmanager
    def _ctrl_c_cancels(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()

        def interrupt() -> None:
            loop.remove_signal_handler(signal.SIGINT)
            self.interrupted = True
            self._cancelling = loop.create_task(self.cancel("interrupted by Ctrl-C"), name="cancel")

        loop.add_signal_handler(signal.SIGINT, interrupt)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGINT)
