"""Drawing: a concept becomes a prompt, the prompt becomes pictures, and their bytes are kept."""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from exploration.agents.execution import execution
from exploration.errors import ConceptGone
from exploration.images.patience import patiently
from exploration.images.prompt import NEIGHBOURS, prompt_of, scene_of
from graphstore.bytes import PictureBytes
from graphstore.errors import UnavailableError
from graphstore.model import Direction, ImageError, ImageOptions, PageRequest, Picture
from graphstore.port import Store
from providers.errors import (
    ContentPolicyError,
    GarbledError,
    NotConfiguredError,
    RefusedError,
    TransientError,
)
from providers.images import port
from providers.images.catalogue import ImageCatalogue
from providers.images.port import PictureRequest, Scene, Told, unheard
from providers.registry import UnknownNameError

AGENT = "painter"
"""What the agent is called that has pictures made."""
CONSIDERED = 3 * NEIGHBOURS
"""Relations that are read: several may lead to one neighbour."""
PLACE_GOOD_FOR = 5.0
"""Seconds for which a place for bytes that was there counts as being there."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """A picture before it is made."""

    name: str
    """The concept's."""
    concept_version: int
    prompt: str
    scene: Scene


@dataclass(frozen=True, slots=True)
class Drawn:
    """Pictures that were made, in their order; their bytes are kept."""

    prompt: str
    concept_version: int
    pictures: Sequence[Picture]


class NotKept(UnavailableError):
    """Pictures were made, and the place where they are kept is away."""

    def __init__(self, reason: str, cost_usd: float) -> None:
        super().__init__(f"the pictures that were made cannot be kept: {reason}")
        self.cost_usd = cost_usd


class Drawing:
    """Has pictures of concepts made, and their bytes kept."""

    def __init__(self, catalogue: ImageCatalogue, pictures: PictureBytes) -> None:
        self._catalogue = catalogue
        self._pictures = pictures
        self._seen = -PLACE_GOOD_FOR

    async def ready(self) -> None:
        """Raise `UnavailableError` when pictures could not be kept: then none should be paid for."""
        if time.monotonic() - self._seen >= PLACE_GOOD_FOR:
            await self._pictures.ping()
            self._seen = time.monotonic()

    def cost(self, options: ImageOptions) -> float:
        """The most that one picture can cost, in US dollars. Raises `UnknownNameError`."""
        card = self._catalogue.card(options.provider)
        return card.cost_usd if card.available and options.real else 0.0

    async def sketch(self, store: Store, concept_id: str, options: ImageOptions) -> Sketch:
        """What is to be asked for. Raises `ConceptGone`."""
        concept = (await store.concepts.get([concept_id])).get(concept_id)
        if concept is None:
            raise ConceptGone
        pages = await store.relations.of([concept.id], Direction.BOTH, None, PageRequest(CONSIDERED))
        edges = [item.value for item in pages[concept.id].items] if concept.id in pages else []
        scene = scene_of(concept, edges)
        prompt = prompt_of(concept, scene, style=options.style, own=options.prompt)
        return Sketch(concept.name, concept.version, prompt, scene)

    async def draw(
        self,
        store: Store,
        sketch: Sketch,
        options: ImageOptions,
        *,
        count: int = 1,
        first: int = 0,
        told: Told = unheard,
    ) -> Drawn:
        """Have pictures made, from place `first` of their series on, and keep them.

        Raises `ProviderError`, `UnknownNameError`, `NotKept`.
        """
        request = _request(store.workspace, sketch, options, count, first)
        with execution(AGENT):
            made = await self._catalogue.agent(options.provider).generate(request, told)
            kept = await self._all_kept(store.workspace, made)
        return Drawn(sketch.prompt, sketch.concept_version, kept)

    async def _all_kept(self, workspace: str, made: Sequence[port.Picture]) -> Sequence[Picture]:
        try:
            return [await self._kept(workspace, picture) for picture in made]
        except UnavailableError as error:
            self._seen = -PLACE_GOOD_FOR
            raise NotKept(str(error), sum(picture.cost_usd for picture in made)) from error

    async def _kept(self, workspace: str, made: port.Picture) -> Picture:
        digest = await asyncio.to_thread(lambda: hashlib.sha256(made.content).hexdigest())
        await patiently(lambda: self._pictures.put(workspace, digest, made.content))
        return Picture(
            digest=digest,
            media_type=made.media_type,
            width=made.width,
            height=made.height,
            bytes=len(made.content),
            provider=made.provider,
            model=made.model,
            seed=made.seed,
            cost_usd=made.cost_usd,
            cached=made.cached,
            fallback=made.fallback,
        )


def image_error(error: Exception) -> ImageError:
    """Why there is no picture, in the words of `ImageError`. What nobody meant to raise is not shown."""
    for kind, code in _CODES:
        if isinstance(error, kind):
            return ImageError(code, str(error))
    return ImageError("INTERNAL_ERROR", f"internal error ({type(error).__name__}); the log has more")


_CODES = (
    (ConceptGone, "CONCEPT_GONE"),
    (ContentPolicyError, "CONTENT_POLICY"),
    (RefusedError, "PROVIDER_REFUSED"),
    (TransientError, "PROVIDER_UNAVAILABLE"),
    (NotConfiguredError, "PROVIDER_NOT_CONFIGURED"),
    (UnknownNameError, "PROVIDER_NOT_CONFIGURED"),
    (GarbledError, "BAD_PICTURE"),
)


def _request(workspace: str, sketch: Sketch, options: ImageOptions, count: int, first: int) -> PictureRequest:
    width, height = (int(side) for side in options.size.split("x"))
    o = options
    request = PictureRequest(workspace, sketch.scene, sketch.prompt, (width, height), count, first)
    return replace(
        request, quality=o.quality, style=o.style, seed=o.seed, real=o.real, fallback=o.fallback, reuse=o.reuse
    )
