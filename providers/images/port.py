"""What a provider of images does: it makes pictures of what a prompt says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A concept that a relation ties to the one in the picture."""

    name: str
    type: str
    """The relation's, for example `PART_OF`."""
    forward: bool
    """True: the concept in the picture TYPE this one. False: the other way."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a picture is of, for providers that draw it rather than read about it."""

    name: str
    kind: str = ""
    neighbours: tuple[Neighbour, ...] = ()
    """The strongest first."""


@dataclass(frozen=True, slots=True)
class PictureRequest:
    """Pictures that are wanted. Equal requests of one workspace are given equal pictures for a while."""

    workspace: str
    scene: Scene
    prompt: str
    size: tuple[int, int]
    """Width and height in pixels."""
    count: int = 1
    first: int = 0
    """The place of the first of them in a series: with a seed, picture number n has seed + n."""
    quality: str = "auto"
    style: str = ""
    """Is in the prompt as well; here for providers with styles of their own."""
    seed: int | None = None
    real: bool = True
    """False: have it drawn, whatever the provider."""
    fallback: bool = True
    """Have it drawn when the provider cannot make it."""
    reuse: bool = True
    """Take the pictures that an equal request was given lately."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture."""

    content: bytes
    media_type: str
    """`image/png`, `image/webp` or `image/jpeg`."""
    provider: str
    """Who made it."""
    model: str
    width: int = 0
    """In pixels, like `height`. Known once the content was verified."""
    height: int = 0
    seed: int | None = None
    cost_usd: float = 0.0
    cached: bool = False
    """It was made for an equal request before, and cost nothing."""
    fallback: str | None = None
    """Why it was drawn instead of being made by the provider that was asked."""


@dataclass(frozen=True, slots=True)
class ImageCard:
    """What a provider says of itself."""

    name: str
    description: str
    available: bool
    reason: str | None
    """Why it is not available, and what it needs."""
    model: str
    sizes: tuple[str, ...]
    """WIDTHxHEIGHT in pixels, the usual one first."""
    qualities: tuple[str, ...]
    """The usual one first."""
    formats: tuple[str, ...]
    """Media types."""
    max_batch: int
    """How many pictures one call can make."""
    seeds: bool
    """Whether the same seed gives the same picture."""
    cost_usd: float
    """The most that one picture can cost."""


Told: TypeAlias = Callable[[float], None]
"""Hears how far the pictures are, from 0 to 1, where the provider can tell."""


def unheard(_share: float) -> None:
    """For callers that do not care how far it is."""


@runtime_checkable
class ImageProvider(Protocol):
    """Somebody who makes pictures. Wrappers of it are ones as well."""

    name: str

    def card(self) -> ImageCard:
        """What it is; no I/O."""
        ...

    async def generate(self, request: PictureRequest, told: Told = unheard) -> Sequence[Picture]:
        """`request.count` pictures, in their order. Raises `providers.errors.ProviderError`; ends within a time limit
        of its own."""
        ...
