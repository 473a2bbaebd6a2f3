"""The hybrid agent: pictures are made by a provider, or drawn where that cannot be."""

from collections.abc import Sequence
from dataclasses import replace

from providers.errors import GarbledError, NotConfiguredError, ProviderError
from providers.images.port import ImageCard, ImageProvider, Picture, PictureRequest, Told, unheard
from providers.price import NOTHING
from telemetry.metrics.graph import IMAGE_FALLBACKS

BY_FLAG = "disabled by IMAGE_GENERATION_ENABLED"
BY_REQUEST = "disabled by the request"


class HybridImageAgent:
    """Asks the real provider where that is enabled, here and by the request, and has pictures drawn otherwise, or when
    it fails. Each picture that was drawn says why in `fallback`.

    What was delivered and cannot be used is no reason to draw: see docs/decisions/0009.
    """

    def __init__(self, real: ImageProvider, mock: ImageProvider, *, enabled: bool) -> None:
        self._real = real
        self._mock = mock
        self._enabled = enabled
        self.name = real.name

    def card(self) -> ImageCard:
        """The real provider's: who asks for it wants to know what it can do."""
        return self._real.card()

    async def generate(self, request: PictureRequest, told: Told = unheard) -> Sequence[Picture]:
        """See `ImageProvider.generate`."""
        if not request.real:
            return await self._drawn(request, told, BY_REQUEST)
        try:
            if not self._enabled:
                raise NotConfiguredError(BY_FLAG, used=NOTHING)
            return await self._real.generate(request, told)
        except GarbledError:
            raise
        except ProviderError as error:
            if not request.fallback:
                raise
            drawn = await self._drawn(request, told, str(error), self._cost(request, error))
            if self._enabled:
                IMAGE_FALLBACKS.labels(self.name).inc(len(drawn))
            return drawn

    async def _drawn(self, request: PictureRequest, told: Told, why: str, cost: float = 0.0) -> Sequence[Picture]:
        """Pictures that bear what the failed attempt has cost: whoever counts costs hears of no other."""
        pictures = await self._mock.generate(request, told)
        return [replace(p, fallback=why, cost_usd=p.cost_usd + cost / len(pictures)) for p in pictures]

    def _cost(self, request: PictureRequest, error: ProviderError) -> float:
        """Of a failed attempt, in US dollars; the worst where that cannot be told."""
        return self.card().cost_usd * request.count if error.used is None else error.used.cost_usd
