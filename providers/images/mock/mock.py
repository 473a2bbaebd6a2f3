"""Pictures that are drawn here, with nothing from outside."""

import asyncio
from collections.abc import Sequence

from providers.images.mock.drawing import drawn
from providers.images.port import ImageCard, Picture, PictureRequest, Told, unheard

SMALLEST, LARGEST = 64, 2048
"""Of either side, in pixels."""


class MockImages:
    """Draws the scene of a request: the concept's name and kind, and its neighbourhood as a small graph, in colours
    and forms that follow from the concept, varied by seed, by the place in the series and by style. What the prompt
    says is not drawn.

    Always available, never fails. The same request gives the same bytes on one machine; on another they may differ,
    since names in other than plain Latin letters are set in the typefaces which that machine has.
    """

    name = "mock"

    def card(self) -> ImageCard:
        """See `ImageProvider.card`."""
        return ImageCard(
            name=self.name,
            description="Draws the concept's name and neighbourhood as an ornament of its own. Free, at once, offline.",
            available=True,
            reason=None,
            model="pillow",
            sizes=("512x512", "256x256", "1024x1024", "768x512", "512x768", "1536x1024", "1024x1536"),
            qualities=("auto",),
            formats=("image/png",),
            max_batch=10,
            seeds=True,
            cost_usd=0.0,
        )

    async def generate(self, request: PictureRequest, told: Told = unheard) -> Sequence[Picture]:
        """See `ImageProvider.generate`. Any size is drawn, not only those of the card; a side that is too short or too
        long is drawn as the shortest or longest that there is. Without a seed, picture number n has the seed n."""
        width, height = (min(LARGEST, max(SMALLEST, side)) for side in request.size)
        pictures: list[Picture] = []
        for place in range(request.count):
            seed = (request.seed or 0) + request.first + place
            content = await asyncio.to_thread(drawn, request.scene, (width, height), request.style, seed)
            pictures.append(Picture(content, "image/png", self.name, "pillow", width, height, seed))
            told((place + 1) / request.count)
        return pictures
