"""What tests of the flow of images work with: a maker of pictures that does what it is told, and ways to wait."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import BytesIO

import PIL.Image

from continuum.assembly import Parts
from exploration.images.request import ImageRequest
from graphstore.model import UNFINISHED, Image, ImageStatus
from graphstore.port import Store
from providers.images.port import ImageCard, Picture, PictureRequest, Told, unheard
from tests.support.exploring import until


@dataclass
class Scribbler:
    """An image provider that makes small pictures, each of another colour."""

    name: str = "scribbler"
    reason: str | None = None
    """Why it is not available."""
    max_batch: int = 4
    seeds: bool = True
    price: float = 0.0
    """Of one picture, in US dollars: the most it can cost, and what it costs."""
    fail: Callable[[PictureRequest, int], Exception | None] = lambda _request, _attempt: None
    """By the request and the number of the call, from 1: what to raise."""
    gate: asyncio.Event | None = None
    """Pictures wait for it, but for those of the concept that it spares."""
    spared: str | None = None
    shares: Sequence[float] = ()
    """What it tells of how far it is, before the gate."""
    asked: list[PictureRequest] = field(default_factory=list)
    running: int = 0
    most_at_once: int = 0
    cancelled: int = 0

    def card(self) -> ImageCard:
        return ImageCard(
            name=self.name,
            description="A provider for tests.",
            available=self.reason is None,
            reason=self.reason,
            model="crayon",
            sizes=("16x16", "32x16"),
            qualities=("auto", "high"),
            formats=("image/png",),
            max_batch=self.max_batch,
            seeds=self.seeds,
            cost_usd=self.price,
        )

    async def generate(self, request: PictureRequest, told: Told = unheard) -> Sequence[Picture]:
        self.asked.append(request)
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        number = len(self.asked)
        try:
            for share in self.shares:
                told(share)
            if self.gate and request.scene.name != self.spared:
                await self.gate.wait()
            if (error := self.fail(request, number)) is not None:
                raise error
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1
        colours = [(number % 256, (request.first + place) % 256, len(self.name)) for place in range(request.count)]
        return [self._picture(request, colour, place) for place, colour in enumerate(colours)]

    def _picture(self, request: PictureRequest, colour: tuple[int, int, int], place: int) -> Picture:
        content = BytesIO()
        PIL.Image.new("RGB", request.size, colour).save(content, "PNG")
        seed = None if request.seed is None else request.seed + request.first + place
        return Picture(content.getvalue(), "image/png", self.name, "crayon", seed=seed, cost_usd=self.price)


async def painted(parts: Parts, *concepts: str, **request: object) -> Sequence[Image]:
    """Ask for images of these concepts; as they are first."""
    return await parts.studio.request(workspace(parts), ImageRequest(concepts, **request))  # type: ignore[arg-type]


def workspace(parts: Parts) -> Store:
    """The default one."""
    return parts.database.within("main")


async def now(parts: Parts, *images: Image) -> list[Image]:
    """The images as they are now."""
    found = await workspace(parts).images.get([image.id for image in images])
    return [found[image.id] for image in images]


async def ended(parts: Parts, *images: Image) -> list[Image]:
    """Wait until the images have ended, as a watcher does; they as they are then."""
    async with asyncio.timeout(20):
        async for _ in parts.image_watch.changes("main", [image.id for image in images]):
            pass
    found = await now(parts, *images)
    assert not {image.status for image in found} & UNFINISHED
    return found


async def has_status(parts: Parts, image: Image, status: ImageStatus) -> None:
    """Wait until the image has this status."""

    async def is_so() -> bool:
        return (await now(parts, image))[0].status is status

    await until(is_so)


async def calls(scribbler: Scribbler, count: int) -> None:
    """Wait until the provider was asked so often."""

    async def were_made() -> bool:
        return len(scribbler.asked) >= count

    await until(were_made)
