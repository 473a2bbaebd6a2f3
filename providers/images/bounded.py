"""Bounds of what is asked of a provider: in number and in time."""

import asyncio
from collections.abc import Sequence

from providers.errors import TransientError
from providers.images.port import ImageCard, ImageProvider, Picture, PictureRequest, Told, unheard


class Bounded:
    """Makes each call wait for one of the `places`, which others may share, and ends it after so many seconds.

    The wait for a place is not counted: it ends as the calls ahead of it do.
    """

    def __init__(self, provider: ImageProvider, places: asyncio.Semaphore, seconds: float) -> None:
        self._provider = provider
        self.name = provider.name
        self._places = places
        self._seconds = seconds

    def card(self) -> ImageCard:
        """See `ImageProvider.card`."""
        return self._provider.card()

    async def generate(self, request: PictureRequest, told: Told = unheard) -> Sequence[Picture]:
        """See `ImageProvider.generate`. Raises `TransientError` when the time is over."""
        async with self._places:
            try:
                async with asyncio.timeout(self._seconds):
                    return await self._provider.generate(request, told)
            except TimeoutError as slow:
                raise TransientError(f"{self.name} made no picture within {self._seconds:g} s") from slow
