"""Calls for pictures, as they are seen from outside."""

import time
from collections.abc import Sequence

from providers.errors import ProviderError
from providers.images.port import ImageCard, ImageProvider, Picture, PictureRequest, Told, unheard
from providers.observed import call
from telemetry.metrics import graph as metrics
from telemetry.metrics.work import COST


class Observed:
    """Counts the pictures that a provider makes, what they cost, and how long that takes."""

    def __init__(self, provider: ImageProvider) -> None:
        self._provider = provider
        self.name = provider.name

    def card(self) -> ImageCard:
        """See `ImageProvider.card`."""
        return self._provider.card()

    async def generate(self, request: PictureRequest, told: Told = unheard) -> Sequence[Picture]:
        """See `ImageProvider.generate`."""
        began = time.perf_counter()
        cost = self.card().cost_usd * request.count  # the worst, unless it is told
        try:
            with call(self.name):
                pictures = await self._provider.generate(request, told)
            cost = sum(picture.cost_usd for picture in pictures)
        except ProviderError as error:
            cost = cost if error.used is None else error.used.cost_usd
            raise
        finally:
            COST.labels(self.name).inc(max(0.0, cost))
        metrics.IMAGES.labels(self.name).inc(len(pictures))
        metrics.IMAGE_DURATION.labels(self.name).observe(time.perf_counter() - began)
        return pictures
