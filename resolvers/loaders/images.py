"""Loaders of images."""

from typing import NamedTuple

from graphstore.model import ConceptId, Image, Page, PageRequest
from resolvers.loaders.loader import Loader, by_arguments


class ImageLoader(Loader[str, Image | None]):
    """Images by id."""

    async def batch_load_fn(self, keys: list[str]) -> list[Image | None]:
        """One read for all ids."""
        found = await self.store.images.get(keys)
        return [found.get(key) for key in keys]


class ImagesOf(NamedTuple):
    """A page of a concept's images."""

    concept: ConceptId
    page: PageRequest


class ImagePageLoader(Loader[ImagesOf, Page[Image]]):
    """Pages of images, the newest first."""

    async def batch_load_fn(self, keys: list[ImagesOf]) -> list[Page[Image]]:
        """One read for all concepts of which the same page is asked for."""
        found = await by_arguments(keys, self.store.images.of)
        return [found.get(key, Page()) for key in keys]


class ImageCountLoader(Loader[ConceptId, int]):
    """How many images a concept has."""

    async def batch_load_fn(self, keys: list[ConceptId]) -> list[int]:
        """One read for all concepts."""
        found = await self.store.images.count(keys)
        return [found.get(key, 0) for key in keys]
