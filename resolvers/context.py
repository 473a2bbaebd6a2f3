"""What every resolver is given: who asks, the store of one workspace, and loaders over it."""

from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from exploration.activity.port import Activity
from exploration.images.service import Studio
from exploration.images.watch import ImageWatch
from exploration.service import Explorer
from exploration.watch import Watch
from graphstore.port import Database, Store
from resolvers.loaders import Loaders
from resolvers.writes import Writes

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Services:
    """What the process offers to all requests. Made, and closed, by the composition root."""

    database: Database
    explorer: Explorer
    watch: Watch
    studio: Studio
    image_watch: ImageWatch
    activity: Activity
    version: str
    walk_seconds: float = 5.0
    """How long a search for a path may take."""
    writes: Writes = field(default_factory=Writes)


@dataclass(slots=True)
class Caller:
    """Who is at the other end of a connection, and in which workspace."""

    services: Services
    principal: str
    workspace: str


@dataclass(slots=True)
class RequestContext:
    """One operation. Not frozen: its loaders are renewed with each event and after each change."""

    services: Services
    principal: str
    store: Store
    loaders: Loaders

    @classmethod
    def of(cls, caller: Caller) -> Self:
        """The context of a new operation. To be called inside the running event loop."""
        services = caller.services
        store = services.database.within(caller.workspace)
        return cls(services, caller.principal, store, Loaders.over(store, services.activity))

    def renew_loaders(self) -> None:
        """Forget what was read."""
        self.loaders = Loaders.over(self.store, self.services.activity)

    async def write(self, change: Coroutine[Any, Any, T]) -> T:
        """Carry out a change to its end, also when the client leaves meanwhile."""
        try:
            return await self.services.writes.run(change)
        finally:
            self.renew_loaders()
