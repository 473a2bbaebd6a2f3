"""The catalogue: who can make pictures, by name, and what stands between them and whoever asks."""

import asyncio
from collections.abc import Mapping, Sequence

from providers.images.bounded import Bounded
from providers.images.cache.port import CacheStats, ImageCache
from providers.images.flights.port import Flights
from providers.images.hybrid import HybridImageAgent
from providers.images.observed import Observed
from providers.images.port import ImageCard, ImageProvider
from providers.images.punctual import Punctual
from providers.images.retrying import Retrying
from providers.images.smart import SmartImageAgent
from providers.images.stable_diffusion_config import StableDiffusionConfig
from providers.openai.config import OpenAiConfig
from providers.registry import Builder, Registry, importing

MOCK = "mock"
"""Who draws what nobody makes."""


class ImageCatalogue:
    """All providers of this process, the best first; each is imported and made when it is first asked for."""

    def __init__(
        self,
        builders: Mapping[str, Builder[ImageProvider]],
        *,
        cache: ImageCache,
        flights: Flights,
        enabled: bool,
        ttl: float,
        at_once: int,
        seconds: float,
        default: str | None = None,
    ) -> None:
        """One of the builders is for `mock`. `enabled`: whether anybody else is asked. `ttl`: seconds for which equal
        requests are given equal pictures. `at_once`: calls at a time; `seconds`: that one may take. `default`: who is
        asked when nobody is named. Raises `UnknownNameError` for one that is not there."""
        self._registry: Registry[ImageProvider] = Registry("image provider", ImageProvider, builders)
        if default is not None:
            self._registry.check(default)
        self._registry.check(MOCK)
        self._cache = cache
        self._flights = flights
        self._enabled = enabled
        self._ttl = ttl
        self._seconds = seconds
        self._default = default
        # Drawings do not wait for providers that may be slow.
        self._places, self._easels = asyncio.Semaphore(at_once), asyncio.Semaphore(at_once)
        self._agents: dict[str, SmartImageAgent] = {}

    @property
    def names(self) -> Sequence[str]:
        """All of them."""
        return self._registry.names

    @property
    def default(self) -> str:
        """Who is asked when nobody is named: the settings' choice, else the first that is available."""
        return self._default or next(name for name in self.names if self.card(name).available)

    def card(self, name: str) -> ImageCard:
        """What a provider says of itself. Raises `UnknownNameError`."""
        return self._registry.named(name).card()

    def cards(self) -> Sequence[ImageCard]:
        """What all of them say, those that are not available as well."""
        return [self.card(name) for name in self.names]

    def agent(self, name: str) -> ImageProvider:
        """The provider with all that belongs before it; the same at each call. Raises `UnknownNameError`."""
        if name not in self._agents:
            self._agents[name] = self._stacked(name)
        return self._agents[name]

    async def stats(self, workspace: str) -> CacheStats:
        """What came of looking for pictures."""
        return await self._cache.stats(workspace)

    async def clear(self, workspace: str) -> int:
        """Forget which pictures answered which requests; how many were forgotten."""
        return await self._cache.clear(workspace)

    async def close(self) -> None:
        """Close the connections of those providers that have any."""
        await self._registry.close()

    def _stacked(self, name: str) -> SmartImageAgent:
        """All that stands before a provider, from the outside in.

        - Smart: what is there already needs nothing of the rest, and who waits for another's call takes no place.
        - Hybrid: draws when all attempts came to nothing. Inside of Smart, which sees what was drawn and keeps none of
          it; the drawing shares the call as well.
        - Retrying: outside of the bounds, so that the place is free for others while it waits.
        - Bounded: so many calls at a time. The wait for a place is nobody's time.
        - Observed: counts what came of each attempt. Outside of the time limit, or what is too slow would look to it
          as what nobody wants any more; and of the verification, or a spoilt picture would look like a good one.
        - Punctual: each attempt has its own time, the verification included, which takes the machine's.
        - Verified: next to the provider, so that nothing else is handed bytes that nobody has looked at.
        """
        made = self._bounded(name)
        if name != MOCK:
            made = HybridImageAgent(Retrying(made), self._bounded(MOCK), enabled=self._enabled)
        return SmartImageAgent(made, self._cache, self._flights, self._ttl)

    def _bounded(self, name: str) -> ImageProvider:
        # Not imported at the top: who makes no picture need not wait for Pillow.
        verified: ImageProvider = importing("providers.images.verified:Verified", self._registry.named(name))()
        seen = Observed(Punctual(verified, self._seconds))
        return Bounded(seen, self._easels if name == MOCK else self._places)


def shipped(openai: OpenAiConfig, stable_diffusion: StableDiffusionConfig) -> dict[str, Builder[ImageProvider]]:
    """The providers that come with the program, the best first."""
    return {
        "openai": importing("providers.images.openai:OpenAiImages", openai),
        "stable-diffusion": importing("providers.images.stable_diffusion:StableDiffusionImages", stable_diffusion),
        MOCK: importing("providers.images.mock.mock:MockImages"),
    }
