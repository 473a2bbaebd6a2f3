"""An opened store."""

from dataclasses import dataclass
from typing import Protocol

from graphstore.port.operations import Operations
from graphstore.port.store import Store


@dataclass(frozen=True, slots=True)
class Connections:
    """What an opened store has of connections, at this moment."""

    active: int
    """In use."""
    most: int
    """That can be in use at once."""
    waiting: int
    """Calls that wait for one."""


class Database(Protocol):
    """An opened store, before it is bound to a workspace. Whoever opened it closes it."""

    @property
    def adapter(self) -> str:
        """Its kind, as OpenTelemetry names it: `sqlite` or `neo4j`."""
        ...

    @property
    def operations(self) -> Operations:
        """What concerns all workspaces."""
        ...

    @property
    def connections(self) -> Connections:
        """How busy it is. Nobody is asked for it."""
        ...

    def within(self, workspace: str) -> Store:
        """The store of one workspace. Costs nothing."""
        ...

    async def close(self) -> None:
        """Let running work finish and close."""
        ...
