"""The smart agent: equal pictures are made once."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from providers.images.cache.port import ImageCache
from providers.images.flights.port import Flights
from providers.images.flights.shared import Shared
from providers.images.identity import keys
from providers.images.port import ImageCard, ImageProvider, Picture, PictureRequest, Told, unheard

Places: TypeAlias = Mapping[int, str]
"""The keys of pictures that are wanted, by their places in the request."""
Found: TypeAlias = Mapping[int, Picture]


class SmartImageAgent:
    """Gives the pictures that an equal request was given lately, and asks for the others: in one call, unless such as
    are there already lie between them.

    Those who want the same at the same time share one call. Within the process it is one task for all; between
    processes one goes for it, and the others wait and then look again. What it costs is told to one of them.

    Pictures that were drawn in place of others are not kept: they cost nothing to draw again, and the next request is
    to find out whether the provider is back.
    """

    def __init__(self, provider: ImageProvider, cache: ImageCache, flights: Flights, ttl: float) -> None:
        """`ttl`: seconds for which pictures are kept; 0 for not at all, and then only requests at the same time
        within this process share a call: what others were given could not be found."""
        self._provider = provider
        self.name = provider.name
        self._cache = cache
        self._flights = flights
        self._ttl = ttl
        self._shared: Shared[Found] = Shared()

    def card(self) -> ImageCard:
        """See `ImageProvider.card`."""
        return self._provider.card()

    async def generate(self, request: PictureRequest, told: Told = unheard) -> Sequence[Picture]:
        """See `ImageProvider.generate`."""
        wanted = dict(enumerate(keys(request, self.card())))
        if not request.reuse:
            return _in_order(await self._made(request, wanted, told))
        found = await self._found(request, wanted, self._cache.get)
        if missing := _without(wanted, found):
            found = {**found, **await self._shared_with_others(request, missing, told)}
        return _in_order(found)

    async def _shared_with_others(self, request: PictureRequest, missing: Places, told: Told) -> Found:
        """Those who would rather have an error than a drawing are no company for those who would not."""
        flight = (tuple(missing.values()), request.fallback)
        made, first = await self._shared.join(flight, partial(self._sought, request, missing), told)
        pictures = made if first else {place: _again(picture) for place, picture in made.items()}
        return dict(zip(missing, pictures.values(), strict=True))  # places are each request's own

    async def _sought(self, request: PictureRequest, missing: Places, told: Told) -> Found:
        """Pictures that were missing a moment ago, by one process at a time. In the order of the places."""
        async with AsyncExitStack() as held:
            # By sorted keys, so that requests which want some of the same do not wait for each other in a circle.
            for key in sorted(missing.values()) if self._ttl else ():
                await held.enter_async_context(self._flights.exclusive(key))
            found = await self._found(request, missing, self._cache.peek)
            made = await self._made(request, _without(missing, found), told)
        return {place: found[place] if place in found else made[place] for place in missing}

    async def _found(
        self, request: PictureRequest, wanted: Places, look: Callable[[str, str], Awaitable[Picture | None]]
    ) -> Found:
        if not self._ttl:
            return {}
        looked = {place: await look(request.workspace, key) for place, key in wanted.items()}
        return {place: _again(picture) for place, picture in looked.items() if picture is not None}

    async def _made(self, request: PictureRequest, missing: Places, told: Told) -> Found:
        """New pictures, which are kept from now on."""
        made: dict[int, Picture] = {}
        for run in _runs(sorted(missing)):
            call = replace(request, first=request.first + run.start, count=len(run))
            for place, picture in zip(run, await self._provider.generate(call, told), strict=True):
                made[place] = picture
                if self._ttl and picture.fallback is None:
                    await self._cache.put(request.workspace, missing[place], picture, self._ttl)
        return made


def _again(picture: Picture) -> Picture:
    """A picture that was made for another request."""
    return replace(picture, cached=True, cost_usd=0.0)


def _without(wanted: Places, found: Found) -> Places:
    return {place: key for place, key in wanted.items() if place not in found}


def _in_order(found: Found) -> Sequence[Picture]:
    return [found[place] for place in sorted(found)]


def _runs(places: Sequence[int]) -> Iterator[range]:
    """Neighbouring places together: a call makes pictures whose numbers follow each other."""
    start = 0
    for end in range(1, len(places) + 1):
        if end == len(places) or places[end] != places[end - 1] + 1:
            yield range(places[start], places[end - 1] + 1)
            start = end
