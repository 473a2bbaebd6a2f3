"""Lanes: the steps of one kind that an exploration runs at a time. Lanes do not wait for each other."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from graphstore.model import Event, Exploration, Step, StepKind


class Craft(Protocol):
    """How steps of one kind are done."""

    async def attempt(self, exploration: Exploration, step: Step) -> Sequence[Event]:
        """One attempt, what it found stored; the events that were written. Raises `BudgetExceeded` before anything is
        asked for that does not fit, and what can go wrong where it asks and stores."""
        ...


@dataclass(slots=True)
class Lane:
    """The steps of one kind."""

    kind: StepKind
    at_once: int
    craft: Craft
    running: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    """By the step's id."""
    closed: str | None = None
    """The budget that it found exhausted: what runs is finished, and no step is begun any more."""

    @property
    def free(self) -> int:
        """How many steps may be begun."""
        return 0 if self.closed else self.at_once - len(self.running)
