"""Bounds of what is asked of a provider in number."""

import asyncio
from collections.abc import Sequence

from providers.images.port import ImageCard, ImageProvider, Picture, PictureRequest, Told, unheard


class Bounded:
    """Makes each call wait for one of the `places`, which others may share: it comes as the calls ahead of it end."""

    def __init__(self, provider: ImageProvider, places: asyncio.Semaphore) -> None:
        self._provider = provider
        self.name = provider.name
        self._places = places

    def card(self) -> ImageCard:
        """See `ImageProvider.card`."""
        return self._provider.card()

    async def generate(self, request: PictureRequest, told: Told = unheard) -> Sequence[Picture]:
        """See `ImageProvider.generate`."""
        async with self._places:
            return await self._provider.generate(request, told)
