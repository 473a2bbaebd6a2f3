"""Pictures by OpenAI's image models, or by a server that speaks as OpenAI does."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from providers.errors import GarbledError
from providers.http import MIB
from providers.images.allowed import check
from providers.images.encoded import decoded
from providers.images.port import ImageCard, Picture, PictureRequest, Told, unheard
from providers.openai.client import OpenAiClient
from providers.openai.config import OpenAiConfig
from providers.text import without_surrogates

if TYPE_CHECKING:
    from openai.types import ImagesResponse

SIZES = ("1024x1024", "1536x1024", "1024x1536")
QUALITIES = ("auto", "low", "medium", "high")
MAX_BATCH = 10
MOST_BYTES = 64 * MIB
"""Of an answer: ten large pictures in base64."""


class OpenAiImages:
    """Asks once for all pictures of a request. How far they are it does not hear before they are there."""

    name = "openai"

    def __init__(self, config: OpenAiConfig) -> None:
        self._config = config
        self._client = OpenAiClient(config, MOST_BYTES)

    def card(self) -> ImageCard:
        """What it is."""
        c = self._config
        return ImageCard(
            name=self.name,
            description=f"The image model {c.image_model}.",
            available=c.reason is None,
            reason=c.reason,
            model=c.image_model,
            sizes=SIZES,
            qualities=QUALITIES,
            formats=("image/png",),
            max_batch=MAX_BATCH,
            seeds=False,
            cost_usd=c.image_cost_usd,
        )

    async def generate(self, request: PictureRequest, told: Told = unheard) -> Sequence[Picture]:
        """The pictures, by one call."""
        check(self.card(), request)
        answer = await self._client.opened().images.generate(**self._call(request))
        contents = await asyncio.to_thread(_decoded, answer, request.count)
        told(1.0)
        return tuple(self._picture(content) for content in contents)

    async def close(self) -> None:
        """Close its connections."""
        await self._client.close()

    def _call(self, request: PictureRequest) -> dict[str, Any]:
        return {
            "model": self._config.image_model,
            "prompt": without_surrogates(request.prompt),
            "n": request.count,
            "size": "{}x{}".format(*request.size),
            "quality": request.quality,
            "output_format": "png",
        }

    def _picture(self, content: bytes) -> Picture:
        c = self._config
        return Picture(content, "image/png", self.name, c.image_model, cost_usd=c.image_cost_usd)


def _decoded(answer: "ImagesResponse", count: int) -> list[bytes]:
    """The first so many pictures of an answer, which the library has not checked. Raises `GarbledError`."""
    images = answer.data if isinstance(answer.data, list) else []
    if len(images) < count:
        raise GarbledError(f"OpenAI answered with {len(images)} of {count} pictures")
    return [decoded(getattr(image, "b64_json", None), "OpenAI") for image in images[:count]]
