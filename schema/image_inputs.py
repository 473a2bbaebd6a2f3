"""What mutations of images are given, and how it reads in the domain."""

import strawberry

from exploration.images.request import MOST_CONCEPTS, MOST_IMAGES, MOST_PICTURES, ImageRequest
from exploration.request import PicturesRequest
from resolvers import ids
from schema.words import input_type


@input_type
class PicturesInput:
    """That each concept of an exploration is to have a picture, and how it is to be made."""

    provider: str | None = strawberry.field(
        default=None, description="Who is to make them (see `imageProviders`); the server's choice by default."
    )
    size: str | None = strawberry.field(
        default=None, description="WIDTHxHEIGHT in pixels, one of the provider's `sizes`; its usual one by default."
    )
    quality: str | None = strawberry.field(
        default=None, description="One of the provider's `qualities`; its usual one by default."
    )
    style: str | None = strawberry.field(default=None, description="In which style, in a few words.")

    def request(self) -> PicturesRequest:
        """As the engine knows it."""
        return PicturesRequest(self.provider, self.size, self.quality, self.style or "")


@input_type
class GenerateImagesInput:
    """Of which concepts pictures are wanted, and how they are to be made."""

    concept_ids: list[strawberry.ID] = strawberry.field(description=f"The concepts: 1 to {MOST_CONCEPTS}.")
    provider: str | None = strawberry.field(
        default=None, description="Who is to make them (see `imageProviders`); the server's choice by default."
    )
    count: int = strawberry.field(
        default=1,
        description=f"Pictures of each concept: 1 to {MOST_PICTURES}, and at most the provider's `maxBatch`; "
        f"of all concepts together at most {MOST_IMAGES}.",
    )
    size: str | None = strawberry.field(
        default=None, description="WIDTHxHEIGHT in pixels, one of the provider's `sizes`; its usual one by default."
    )
    quality: str | None = strawberry.field(
        default=None, description="One of the provider's `qualities`; its usual one by default."
    )
    style: str | None = strawberry.field(default=None, description="In which style, in a few words.")
    prompt: str | None = strawberry.field(
        default=None, description="What to show; by default it is made from the concept and its strongest relations."
    )
    seed: int | None = strawberry.field(
        default=None,
        description="The number that chance begins with, for providers with `seeds`; pictures count on from it.",
    )
    generate: bool = strawberry.field(default=True, description="False: have them drawn, whoever is the provider.")
    fallback: bool = strawberry.field(
        default=True,
        description="Whether they are drawn when the provider cannot make them; else they are FAILED then.",
    )
    reuse: bool = strawberry.field(
        default=True, description="Whether the pictures that an equal request was given lately will do."
    )
    idempotency_key: str | None = strawberry.field(
        default=None, description="Repeating a request with this key within 24 hours gives the same images."
    )

    def request(self) -> ImageRequest:
        """As the engine knows it."""
        return ImageRequest(
            concepts=tuple(ids.raw_id("input.conceptIds", id, ids.CONCEPT) for id in self.concept_ids),
            provider=self.provider,
            count=self.count,
            size=self.size,
            quality=self.quality,
            style=self.style or "",
            prompt=self.prompt or "",
            seed=self.seed,
            real=self.generate,
            fallback=self.fallback,
            reuse=self.reuse,
        )


@input_type
class CancelImageInput:
    """Which image not to make after all."""

    id: strawberry.ID = strawberry.field(description="The image.")


@input_type
class DeleteImageInput:
    """Which image to delete."""

    id: strawberry.ID = strawberry.field(description="The image.")
