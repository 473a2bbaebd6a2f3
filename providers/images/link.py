"""What is needed here of a connection to Redis."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Link(Protocol):
    """Leads to a server that may be away at any time."""

    async def attempt(self, command: Callable[[Any], Awaitable[T]], otherwise: T) -> T:
        """What the command gives for a `redis.asyncio.Redis`; `otherwise` when the server is away or refuses. Ends
        within half a second, raises nothing of the server's, and tells once that it is away and once that it is
        back."""
        ...
