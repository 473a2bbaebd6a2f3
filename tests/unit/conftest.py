"""Fixtures of the engine's tests: all parts over a real embedded store."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from continuum.assembly import Parts, assembled
from continuum.settings import Settings
from exploration.request import Request
from graphstore.model import Budget, Exploration
from graphstore.port import Store
from tests.support.exploring import TREE, Scripted
from tests.support.painting import Scribbler


@pytest.fixture
def scripted() -> Scripted:
    """A source over `TREE`."""
    return Scripted(TREE)


@pytest.fixture
def scribbler() -> Scribbler:
    """Who makes pictures, where nobody else is named."""
    return Scribbler()


@pytest.fixture
def stand_in() -> Scribbler:
    """Who draws what nobody makes."""
    return Scribbler(name="mock")


Opened = Callable[..., AbstractAsyncContextManager[Parts]]


@pytest.fixture
def opened(tmp_path: Path, scripted: Scripted, scribbler: Scribbler, stand_in: Scribbler) -> Opened:
    """Opens all parts over one data directory, which may be opened again; keywords are settings."""
    painters = {"scribbler": lambda: scribbler, "mock": lambda: stand_in}

    @asynccontextmanager
    async def open_parts(*, sweep: bool = True, source_name: str = "scripted", **settings: Any) -> AsyncIterator[Parts]:
        values = {"data_dir": tmp_path, "lease_seconds": 0.6, "knowledge_sources": (source_name,), **settings}
        sources = {source_name: lambda _store: scripted}
        async with assembled(Settings(**values), sweep=sweep, sources=sources, painters=painters) as parts:
            yield parts

    return open_parts


@pytest.fixture
async def parts(opened: Opened) -> AsyncIterator[Parts]:
    """All parts, running."""
    async with opened() as parts:
        yield parts


@pytest.fixture
def store(parts: Parts) -> Store:
    """The default workspace."""
    return parts.database.within("main")


Explore = Callable[..., Any]


@pytest.fixture
def explore(parts: Parts, store: Store) -> Explore:
    """Start an exploration of `a`; keywords are the request's."""

    async def start(topic: str = "a", **request: Any) -> Exploration:
        values = {"depth": 3, "budget": Budget(), **request}
        return await parts.explorer.start(store, Request(topic=topic, **values))

    return start
