"""What tests of what stands before image providers work with: a provider that does what it is told, and counts."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from io import BytesIO
from typing import Any

from PIL import Image

from providers.images.port import ImageCard, Picture, PictureRequest, Scene, Told, unheard

WHALE = PictureRequest("main", Scene("Whale"), "a whale", (8, 8))
PICTURE = Picture(b"pixels", "image/png", "fake", "brush", 8, 8, cost_usd=0.05)


@cache
def png(call: int, index: int) -> bytes:
    """A PNG of 8x8 pixels in a colour of its own."""
    file = BytesIO()
    Image.new("RGB", (8, 8), (call % 256, call // 256, index)).save(file, "PNG")
    return file.getvalue()


@dataclass
class FakeImages:
    """An image provider that makes small PNGs, no two alike."""

    name: str = "fake"
    cost_usd: float = 0.0
    available: bool = True
    fail: Callable[[int], Exception | None] = lambda _call: None
    """By the number of the call, from 1: what to raise."""
    gate: asyncio.Event | None = None
    """Calls wait for it."""
    content: Callable[[int, int], bytes] = png
    """By the numbers of the call and of the picture."""
    calls: list[PictureRequest] = field(default_factory=list)
    called: asyncio.Event = field(default_factory=asyncio.Event)
    running: int = 0
    most_at_once: int = 0
    cancelled: int = 0
    closed: bool = False

    def card(self) -> ImageCard:
        return ImageCard(
            name=self.name,
            description="a provider for tests",
            available=self.available,
            reason=None if self.available else "set FAKE_KEY",
            model="brush",
            sizes=("8x8",),
            qualities=("auto",),
            formats=("image/png",),
            max_batch=10,
            seeds=True,
            cost_usd=self.cost_usd,
        )

    async def generate(self, request: PictureRequest, told: Told = unheard) -> Sequence[Picture]:
        self.calls.append(request)
        number = len(self.calls)
        self.called.set()
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        try:
            await asyncio.sleep(0)
            if self.gate is not None:
                await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1
        if (error := self.fail(number)) is not None:
            raise error
        told(1.0)
        return [self._picture(number, request.first + place) for place in range(request.count)]

    async def close(self) -> None:
        self.closed = True

    def _picture(self, call: int, index: int) -> Picture:
        content = self.content(call, index)
        return Picture(content, "image/png", self.name, "brush", 8, 8, seed=index, cost_usd=self.cost_usd)


def wanted(**changes: Any) -> PictureRequest:
    """A request, like `WHALE` but for these."""
    return replace(WHALE, **changes)
