"""Loaders of explorations, their members, steps, events and live activity."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from exploration.activity.port import Activity, AgentActivity
from graphstore.model import Event, Exploration, Member, Page, PageRequest, Step, StepFilter
from graphstore.port import Store
from resolvers.loaders.loader import Loader, by_arguments


class ExplorationLoader(Loader[str, Exploration | None]):
    """Explorations by id."""

    async def batch_load_fn(self, keys: list[str]) -> list[Exploration | None]:
        """One read for all ids."""
        found = await self.store.explorations.get(keys)
        return [found.get(key) for key in keys]


class MembersOf(NamedTuple):
    """A page of what an exploration found."""

    exploration: str
    page: PageRequest


class MemberPageLoader(Loader[MembersOf, Page[Member]]):
    """Pages of members, in the order in which they were found."""

    async def batch_load_fn(self, keys: list[MembersOf]) -> list[Page[Member]]:
        """One read for all explorations of which the same page is asked for."""
        found = await by_arguments(keys, self.store.explorations.members)
        return [found.get(key, Page()) for key in keys]


class StepsOf(NamedTuple):
    """A page of an exploration's steps."""

    exploration: str
    filter: StepFilter
    page: PageRequest


class StepPageLoader(Loader[StepsOf, Page[Step]]):
    """Pages of steps, in the order in which they were made."""

    async def batch_load_fn(self, keys: list[StepsOf]) -> list[Page[Step]]:
        """One read for all explorations of which the same page is asked for."""
        found = await by_arguments(keys, self.store.explorations.steps)
        return [found.get(key, Page()) for key in keys]


class StepLoader(Loader[str, Step | None]):
    """Steps by id."""

    async def batch_load_fn(self, keys: list[str]) -> list[Step | None]:
        """One read for all ids."""
        found = await self.store.explorations.steps_by_id(keys)
        return [found.get(key) for key in keys]


class EventsOf(NamedTuple):
    """Events of an exploration after a number."""

    exploration: str
    after: int
    limit: int


class EventsLoader(Loader[EventsOf, Sequence[Event]]):
    """Stored events, by number."""

    async def batch_load_fn(self, keys: list[EventsOf]) -> list[Sequence[Event]]:
        """A read for each exploration: the port reads events for one of them at a time."""
        return list(await asyncio.gather(*(self.store.explorations.events(*key) for key in keys)))


class ActivityLoader(Loader[str, Sequence[AgentActivity]]):
    """What goes on in an exploration just now."""

    def __init__(self, store: Store, activity: Activity) -> None:
        super().__init__(store)
        self._activity = activity

    async def batch_load_fn(self, keys: list[str]) -> list[Sequence[AgentActivity]]:
        """One look for all explorations."""
        refs = [(self.store.workspace, key) for key in keys]
        found = await self._activity.current(refs)
        return [found.get(ref, ()) for ref in refs]
