"""Images of concepts, who makes them, and how often they need not be made anew."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Self

import strawberry

from graphstore.model import Image as Record
from graphstore.model import ImageStatus
from providers.images.cache.port import CacheStats
from providers.images.port import ImageCard
from resolvers import ids, images
from schema.graph import Concept
from schema.node import Node
from schema.step import stored_concept
from schema.words import Info, View, enum, field, object_type, recorded

if TYPE_CHECKING:
    from schema.exploration import Exploration

enum(
    ImageStatus,
    {
        "QUEUED": "It waits to be made.",
        "GENERATING": "It is being made.",
        "READY": "It is there, at `url`.",
        "FAILED": "It could not be made; `error` says why.",
        "CANCELLED": "Somebody wanted it no longer before it was made.",
    },
)


@object_type
class ImageError:
    """Why there is no picture."""

    code: str = recorded(
        "`CONTENT_POLICY`, `PROVIDER_REFUSED`, `PROVIDER_UNAVAILABLE`, `PROVIDER_NOT_CONFIGURED`, `BAD_PICTURE`, "
        "`CONCEPT_GONE`, `ABANDONED` or `INTERNAL_ERROR`."
    )
    message: str = recorded("The same in words.")


def _of_picture(name: str, description: str) -> Any:
    """A field of the picture: null until it is made."""
    return strawberry.field(
        resolver=lambda root: getattr(root.record.picture, name, None),
        description=description,
    )


def _of_options(name: str, description: str) -> Any:
    """A field of what was asked for."""
    return strawberry.field(resolver=lambda root: getattr(root.record.options, name), description=description)


@object_type
class Image(View, Node):
    """One picture of one concept, made or to be made."""

    record: strawberry.Private[Record]
    status: ImageStatus = recorded("Where it stands.")
    width: int | None = _of_picture("width", "Its width in pixels; null until it is READY.")
    height: int | None = _of_picture("height", "Its height in pixels; null until it is READY.")
    media_type: str | None = _of_picture(
        "media_type", "`image/png`, `image/webp` or `image/jpeg`; null until it is READY."
    )
    bytes: int | None = _of_picture("bytes", "How many bytes its file has; null until it is READY.")
    model: str | None = _of_picture("model", "The model that made it; null until it is READY.")
    cost_usd: float | None = _of_picture("cost_usd", "What it cost in US dollars; null until it is READY.")
    fallback_reason: str | None = _of_picture(
        "fallback", "Why it was drawn instead of being made by the provider that was asked; null where it was not."
    )
    size: str = _of_options("size", "The size that was asked for, as WIDTHxHEIGHT in pixels.")
    quality: str = _of_options("quality", "The quality that was asked for.")
    style: str = _of_options("style", "The style that was asked for; empty where none was.")
    prompt: str | None = recorded("What the provider was asked, word for word; null before.")
    concept_version: int | None = recorded("The `version` of the concept that it shows.")
    error: ImageError | None = recorded("Why there is no picture, when it is FAILED.")
    created: datetime = recorded("When it was asked for.", name="createdAt")
    started: datetime | None = recorded("When somebody first began to make it.", name="startedAt")
    finished: datetime | None = recorded("When it was READY, FAILED or CANCELLED.", name="finishedAt")

    @classmethod
    def of(cls, record: Record) -> Self:
        """As clients see it."""
        return cls(id=strawberry.ID(ids.global_id(ids.IMAGE, record.id)), record=record)

    @field
    def provider(self) -> str:
        """Who made it; until it is READY, who was asked to."""
        return (self.record.picture or self.record.options).provider

    @field
    def seed(self) -> float | None:
        """The number that chance begins with, a whole one, often too great for an Int; null where nobody knows."""
        return images.seed(self.record)

    @field
    def fallback(self) -> bool:
        """Whether it was drawn instead of being made by the provider that was asked."""
        return self.record.picture is not None and self.record.picture.fallback is not None

    @field
    def cached(self) -> bool:
        """Whether it was made for an equal request before, and cost nothing."""
        return self.record.picture is not None and self.record.picture.cached

    @field
    def url(self, info: Info) -> str | None:
        """The path at this server under which it is served; null until it is READY."""
        return images.url(info.context, self.record)

    @field
    def thumbnail_url(
        self,
        info: Info,
        width: Annotated[int, strawberry.argument(description=f"Its width in pixels: {images.WIDTHS_NAMED}.")] = 256,
    ) -> str | None:
        """The path under which it is served at a smaller width; null until it is READY."""
        return images.thumbnail_url(info.context, self.record, width)

    @field
    async def progress(self, info: Info) -> float | None:
        """How far it is, from 0 to 1; null when that is not known."""
        return await images.progress(info.context, self.record)

    @field
    async def concept(self, info: Info) -> Concept | None:
        """The concept that it shows."""
        return await stored_concept(info, self.record.concept)

    @field
    async def exploration(self, info: Info) -> Annotated["Exploration", strawberry.lazy("schema.exploration")] | None:
        """The exploration that had it made, where one did and is not deleted."""
        from schema.exploration import Exploration  # noqa: PLC0415 - events of explorations tell of images

        id = self.record.exploration
        found = None if id is None else await info.context.loaders.exploration.load(id)
        return None if found is None else Exploration.of(found)


@object_type
class ImageProvider(View):
    """Somebody who makes pictures."""

    record: strawberry.Private[ImageCard]
    name: str = recorded("Its name, for `generateImages`.")
    description: str = recorded("What it is.")
    available: bool = recorded("Whether it can be asked now.")
    reason: str | None = recorded("Why not, and what it needs.")
    default: bool = strawberry.field(description="Whether it is asked when a request names nobody.")
    model: str = recorded("The model that it uses.")
    sizes: list[str] = recorded("The sizes it makes, as WIDTHxHEIGHT in pixels, the usual one first.")
    qualities: list[str] = recorded("The qualities it knows, the usual one first.")
    formats: list[str] = recorded("The media types that it gives.")
    max_batch: int = recorded("How many pictures it makes in one call.")
    seeds: bool = recorded("Whether the same seed gives the same picture.")
    cost_usd: float = recorded("The most that one picture costs, in US dollars.")


@object_type
class ImageCacheStats(View):
    """What came of looking for pictures that were made before, since the cache was last cleared."""

    record: strawberry.Private[CacheStats]
    backend: str = recorded("Where they are remembered: `memory` or `redis`.")
    hits: int = recorded("How often there was one.")
    misses: int = recorded("How often there was none.")
    entries: int = recorded("How many are remembered now.")
    hit_rate: float = recorded("The share of hits: 0 to 1; 0 when nothing was looked for.")
