"""Asking again, where that may help and cannot be paid for twice."""

import asyncio
import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import structlog

from providers.errors import TransientError
from providers.images.port import ImageCard, ImageProvider, Picture, PictureRequest, Told, unheard

_log = structlog.get_logger(__name__)

JITTER: Final[Callable[[], float]] = partial(random.uniform, 0.5, 1.5)
"""So that those who failed together do not come back together."""


class Retrying:
    """Asks up to `attempts` times, with exponential backoff and jitter, never sooner than the provider asked for.

    Only a `TransientError` is tried again, and only one that has cost nothing: whoever asks has reserved the price of
    one call. A provider that wants to be left alone for longer than `longest_wait` is: to come back sooner would be
    refused, too. The whole takes as long as so many calls and waits at most; that each call ends is what it wraps.

    The loop is its own, since stamina's hooks are one for the whole process, and there speak of the store.
    """

    def __init__(
        self,
        provider: ImageProvider,
        *,
        attempts: int = 3,
        longest_wait: float = 20.0,
        first_wait: float = 1.0,
        jitter: Callable[[], float] = JITTER,
    ) -> None:
        """Times are in seconds; the first wait doubles with each further one."""
        self._provider = provider
        self.name = provider.name
        self._attempts = attempts
        self._longest_wait = longest_wait
        self._first_wait = first_wait
        self._jitter = jitter

    def card(self) -> ImageCard:
        """See `ImageProvider.card`."""
        return self._provider.card()

    async def generate(self, request: PictureRequest, told: Told = unheard) -> Sequence[Picture]:
        """See `ImageProvider.generate`."""
        attempt = 1
        while True:
            try:
                return await self._provider.generate(request, told)
            except TransientError as error:
                wait = self._wait(attempt, error)
                if wait is None:
                    raise
                _log.info("image_retry", provider=self.name, attempt=attempt, wait=wait, error=type(error).__name__)
            await asyncio.sleep(wait)
            attempt += 1

    def _wait(self, attempt: int, error: TransientError) -> float | None:
        """Seconds until the next attempt; None when there is none."""
        asked = error.retry_after or 0.0
        if attempt >= self._attempts or asked > self._longest_wait or self._may_have_cost(error):
            return None
        backoff = self._first_wait * 2 ** (attempt - 1) * self._jitter()
        return float(min(asked + backoff, self._longest_wait))

    def _may_have_cost(self, error: TransientError) -> bool:
        """Of an attempt that tells nothing of its cost, the worst is assumed."""
        return (self.card().cost_usd if error.used is None else error.used.cost_usd) > 0
