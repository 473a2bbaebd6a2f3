"""An opened store."""

from typing import Protocol

from graphstore.port.operations import Operations
from graphstore.port.store import Store


class Database(Protocol):
    """An opened store, before it is bound to a workspace. Whoever opened it closes it."""

    @property
    def operations(self) -> Operations:
        """What concerns all workspaces."""
        ...

    def within(self, workspace: str) -> Store:
        """The store of one workspace. Costs nothing."""
        ...

    async def close(self) -> None:
        """Let running work finish and close."""
        ...
