"""Bounds of what is asked of a provider in time."""

import asyncio
from collections.abc import Sequence

from providers.errors import TransientError
from providers.images.port import ImageCard, ImageProvider, Picture, PictureRequest, Told, unheard


class Punctual:
    """Ends each call after so many seconds."""

    def __init__(self, provider: ImageProvider, seconds: float) -> None:
        self._provider = provider
        self.name = provider.name
        self._seconds = seconds

    def card(self) -> ImageCard:
        """See `ImageProvider.card`."""
        return self._provider.card()

    async def generate(self, request: PictureRequest, told: Told = unheard) -> Sequence[Picture]:
        """See `ImageProvider.generate`. Raises `TransientError` when the time is over."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._provider.generate(request, told)
        except TimeoutError as slow:
            raise TransientError(f"{self.name} made no picture within {self._seconds:g} s") from slow
