"""Flights: one of several processes that want the same at the same time goes for it, the others wait."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Flights(Protocol):
    """Locks by key, held for as long as their holder lives."""

    def exclusive(self, key: str) -> AbstractAsyncContextManager[None]:
        """Wait until nobody else holds this key, and hold it while the context is open.

        A holder that died is waited for no longer than a few seconds. Where a shared server is away, the key is held
        within this process alone: work is then done twice rather than not at all.
        """
        ...
