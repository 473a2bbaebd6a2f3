"""Live activity: which agent works on what just now. It may be lost; nothing depends on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from graphstore.port import ExplorationRef


@dataclass(frozen=True, slots=True)
class AgentActivity:
    """One agent at work."""

    agent: str
    """research, connection, validation, content or painter."""
    subject: str
    """The name of the concept it works on."""
    step: str
    """For a painter that no exploration has asked: the image."""
    since: datetime
    share: float | None = None
    """How far it is, from 0 to 1, where that is known."""


class Activity(Protocol):
    """Where agents say what they do."""

    async def report(self, ref: ExplorationRef, activity: AgentActivity) -> None:
        """This step is now in this agent's hands. Never raises."""
        ...

    async def clear(self, ref: ExplorationRef, step: str) -> None:
        """This step is in nobody's hands. Never raises."""
        ...

    async def current(self, refs: Sequence[ExplorationRef]) -> Mapping[ExplorationRef, Sequence[AgentActivity]]:
        """What goes on in each exploration, the longest running first."""
        ...
