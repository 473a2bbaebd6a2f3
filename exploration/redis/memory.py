"""Memory of a Redis server."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Memory:
    """In bytes."""

    used: int
    most: int
    """0 for no bound."""
