"""How an exploration is shown: a live display, plain lines, or JSON for scripts."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol

import click
import orjson
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from continuum.cli.following import Following
from continuum.cli.found import Found
from continuum.cli.shell import logs_above
from continuum.cli.words import counted, lasted, named, safe, styled
from exploration.activity.port import AgentActivity
from exploration.watch import Told
from graphstore.formats.values import written_time
from graphstore.model import EventKind, Exploration, Image, Progress
from resolvers.ids import CONCEPT, EXPLORATION, IMAGE, STEP, global_id

_EVERY = 0.1
"""Seconds between two looks at what the agents do."""
_AGENTS = 4
_NAMES = 5


class View(Protocol):
    """Shows an exploration while it runs."""

    found: Found

    def open(self, following: Following) -> contextlib.AbstractAsyncContextManager[None]:
        """Show it while the context is open."""
        ...

    def show(self, told: Told) -> None:
        """Show an event."""
        ...


class LiveView:
    """A display that is drawn anew several times a second."""

    def __init__(self, console: Console) -> None:
        self.found = Found()
        self._console = console
        self._began = time.monotonic()
        self._agents: Sequence[AgentActivity] = ()
        self._newest: list[str] = []
        self._exploration: Exploration | None = None

    @contextlib.asynccontextmanager
    async def open(self, following: Following) -> AsyncIterator[None]:
        """See `View.open`."""
        self._exploration = following.exploration
        display = Live(self, console=self._console, refresh_per_second=8, transient=True)
        with display, logs_above(self._console):
            looking = asyncio.create_task(self._look(following), name="look at the agents")
            try:
                yield
            finally:
                looking.cancel()
                await asyncio.gather(looking, return_exceptions=True)

    def show(self, told: Told) -> None:
        """See `View.show`."""
        fresh = self.found.add(told)
        self._newest = [c.name for c in fresh] or self._newest
        if told.event.kind is EventKind.STEP_FAILED:
            self._console.print(styled(_failure(told), "yellow"))

    def __rich__(self) -> RenderableType:
        assert self._exploration is not None  # noqa: S101 - drawn while it is open
        progress, budget = self.found.progress, self._exploration.budget.concepts
        bar = Table.grid(padding=(0, 1))
        bar.add_row(
            styled(self._exploration.topic, "bold"),
            ProgressBar(total=budget, completed=progress.concepts_found, width=30) if budget else "",
            f"{progress.concepts_found:,}{f' of {budget:,}' if budget else ''} concepts",
            _steps(progress),
            lasted(time.monotonic() - self._began),
        )
        agents = [
            Text.assemble(("  " + a.agent.ljust(12), "cyan"), safe(a.subject), overflow="ellipsis", no_wrap=True)
            for a in self._agents[:_AGENTS]
        ]
        newest = styled(f"  found        {named(self._newest, _NAMES)}", "dim") if self._newest else Text("")
        newest.no_wrap, newest.overflow = True, "ellipsis"
        return Group(bar, *agents, newest)

    async def _look(self, following: Following) -> None:
        while True:
            self._agents = await following.agents()
            await asyncio.sleep(_EVERY)


class LinesView:
    """A line for each event: for files, pipes and terminals that cannot do more."""

    def __init__(self) -> None:
        self.found = Found()

    @contextlib.asynccontextmanager
    async def open(self, following: Following) -> AsyncIterator[None]:
        """See `View.open`."""
        click.echo(f"Exploring {safe(following.exploration.topic)}.", err=True)
        yield

    def show(self, told: Told) -> None:
        """See `View.show`."""
        fresh, progress = self.found.add(told), told.event.progress
        if fresh:
            names = named([c.name for c in fresh], _NAMES)
            click.echo(f"{counted(progress.concepts_found, 'concept')}, {_steps(progress)}: {names}", err=True)
        elif told.event.kind is EventKind.STEP_FAILED:
            click.echo(_failure(told), err=True)


class JsonView:
    """One JSON object for each event."""

    _TYPES = {  # noqa: RUF012 - a table that nobody changes
        EventKind.EXPLORATION_STARTED: "ExplorationStarted",
        EventKind.GRAPH_GREW: "GraphGrew",
        EventKind.IMAGE_READY: "ImageReady",
        EventKind.STEP_FAILED: "StepFailed",
        EventKind.STATUS_CHANGED: "StatusChanged",
    }

    def __init__(self) -> None:
        self.found = Found()

    @contextlib.asynccontextmanager
    async def open(self, following: Following) -> AsyncIterator[None]:  # noqa: ARG002 - the protocol's signature
        """See `View.open`."""
        yield

    def show(self, told: Told) -> None:
        """See `View.show`."""
        self.found.add(told)
        event = told.event
        line = {
            "type": self._TYPES[event.kind],
            "exploration": global_id(EXPLORATION, event.exploration),
            "seq": event.seq,
            "at": written_time(event.at),
            "progress": progress_object(event.progress),
        }
        click.echo(orjson.dumps({**line, **self._details(told)}))

    def _details(self, told: Told) -> dict[str, Any]:
        event = told.event
        match event.kind:
            case EventKind.GRAPH_GREW:
                return {
                    "concepts": [{"id": global_id(CONCEPT, c.id), "name": c.name} for c in told.concepts.values()],
                    "created": [global_id(CONCEPT, id) for id in event.created],
                    "relations": [
                        {"type": key.type, "source": edge.source.name, "target": edge.target.name}
                        for key, edge in told.relations.items()
                    ],
                }
            case EventKind.IMAGE_READY:
                return {"image": image_object(told.images.get(event.image or ""))}
            case EventKind.STEP_FAILED:
                step = global_id(STEP, event.step) if event.step else None
                return {"step": step, "error": event.error, "willRetry": event.will_retry}
            case EventKind.STATUS_CHANGED:
                return {"status": event.status, "reason": event.reason}
        return {}


def image_object(image: Image | None) -> dict[str, Any] | None:
    """An image as the API shows it; None when it was deleted since."""
    if image is None or image.picture is None:
        return None
    return {
        "id": global_id(IMAGE, image.id),
        "concept": global_id(CONCEPT, image.concept),
        "provider": image.picture.provider,
        "fallbackReason": image.picture.fallback,
    }


def summary_object(exploration: Exploration, found: Found, workspace: str) -> dict[str, Any]:
    """The last line for scripts."""
    spent = exploration.spent
    return {
        "type": "Summary",
        "id": global_id(EXPLORATION, exploration.id),
        "workspace": workspace,
        "topic": exploration.topic,
        "status": exploration.status,
        "reason": exploration.reason,
        "root": global_id(CONCEPT, exploration.root) if exploration.root else None,
        "progress": progress_object(exploration.progress),
        "created": found.created,
        "relations": len(found.relations),
        "spent": {
            "concepts": spent.concepts,
            "seconds": spent.seconds,
            "tokens": spent.tokens,
            "costUsd": spent.cost_usd,
            "pictures": spent.pictures,
        },
    }


def progress_object(progress: Progress) -> dict[str, int]:
    """Progress as the API shows it."""
    return {
        "conceptsFound": progress.concepts_found,
        "stepsDone": progress.steps_done,
        "stepsPending": progress.steps_pending,
        "stepsFailed": progress.steps_failed,
    }


def _steps(progress: Progress) -> str:
    failed = f", {progress.steps_failed:,} failed" if progress.steps_failed else ""
    return f"steps: {progress.steps_done:,} done, {progress.steps_pending:,} to do{failed}"


def _failure(told: Told) -> str:
    again = "it will be tried again" if told.event.will_retry else "it is given up"
    return safe(f"A step failed ({again}): {told.event.error}")
