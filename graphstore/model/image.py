"""Images: pictures of concepts, from being asked for to being there."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from graphstore.model.exploration import Lease
from graphstore.model.graph import ConceptId


class ImageStatus(StrEnum):
    """Where an image stands."""

    QUEUED = "QUEUED"
    GENERATING = "GENERATING"
    READY = "READY"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


UNFINISHED = frozenset({ImageStatus.QUEUED, ImageStatus.GENERATING})
"""The statuses in which something is still to happen by itself."""


@dataclass(frozen=True, slots=True)
class ImageOptions:
    """How a picture is to be made."""

    provider: str
    size: str
    """WIDTHxHEIGHT in pixels."""
    quality: str = "auto"
    style: str = ""
    prompt: str = ""
    """Words of the person who asked; empty: they are made from the concept."""
    seed: int | None = None
    """Of the first picture; further ones count on from it."""
    real: bool = True
    """False: have it drawn, whatever the provider."""
    fallback: bool = True
    """Have it drawn when the provider cannot make it."""
    reuse: bool = True
    """Take the picture that an equal request was given lately."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was made. Its bytes lie under the workspace and the digest."""

    digest: str
    """SHA-256 of its bytes, in hexadecimal."""
    media_type: str
    width: int
    height: int
    bytes: int
    """How many there are."""
    provider: str
    """Who made it in the end."""
    model: str
    seed: int | None
    cost_usd: float
    cached: bool = False
    """It was made for an equal request before, and cost nothing."""
    fallback: str | None = None
    """Why it was drawn instead of being made by the provider that was asked for."""


@dataclass(frozen=True, slots=True)
class ImageError:
    """Why there is no picture."""

    code: str
    """`CONTENT_POLICY`, `PROVIDER_REFUSED`, `PROVIDER_UNAVAILABLE`, `PROVIDER_NOT_CONFIGURED`, `BAD_PICTURE`,
    `CONCEPT_GONE`, `ABANDONED` or `INTERNAL_ERROR`."""
    message: str


@dataclass(frozen=True, slots=True)
class Image:
    """One picture of one concept, made or to be made."""

    id: str
    job: str
    """Images that are made together, by one call of the provider, have one job; it bears the first one's id."""
    position: int
    """Within its job, from 0."""
    concept: ConceptId
    """Whose picture it is now, merges followed."""
    made_for: ConceptId
    """Whose picture it was to be at first, so that a merge can be undone."""
    exploration: str | None
    """The one that made it as a step, where one did."""
    options: ImageOptions
    status: ImageStatus
    attempts: int
    """How often somebody began to make it."""
    version: int
    """1 at first, one more with each change: what was heard of it and what is newer."""
    prompt: str | None
    """What the provider was asked; None before."""
    concept_version: int | None
    """The concept's version that it shows."""
    picture: Picture | None
    """READY: what was made."""
    error: ImageError | None
    """FAILED: why."""
    lease: Lease | None
    created: datetime
    started: datetime | None
    finished: datetime | None


@dataclass(frozen=True, slots=True)
class ImageDraft:
    """Pictures of one concept that somebody asks for."""

    concept: ConceptId
    count: int
    options: ImageOptions


@dataclass(frozen=True, slots=True)
class Painted:
    """What came of making an image."""

    prompt: str | None
    """None, like the concept's version: it did not come to that."""
    concept_version: int | None
    result: Picture | ImageError


@dataclass(frozen=True, slots=True)
class Illustration:
    """All that a step that made a picture brought, to be stored in one commit."""

    exploration: str
    token: str
    """The lease under which the step ran."""
    step: str
    options: ImageOptions
    prompt: str
    concept_version: int
    picture: Picture
    seconds: float = 0.0
    """Of work, to be booked; the picture's cost takes the place of what this attempt had reserved."""
