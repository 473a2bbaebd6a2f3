"""Patience with a store that is away, where a picture that was paid for would be lost."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from graphstore.errors import UnavailableError

_log = structlog.get_logger(__name__)

T = TypeVar("T")

PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds between tries."""


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """What the call gives, tried again while the store is away. Raises `UnavailableError` when it stays away."""
    for pause in PAUSES:
        try:
            return await call()
        except UnavailableError as error:
            _log.warning("picture_not_stored_yet", error=str(error))
        await asyncio.sleep(pause)
    return await call()
