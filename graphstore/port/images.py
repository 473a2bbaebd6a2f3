"""Reading, asking for and making images."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from graphstore.model import ConceptId, Idempotency, Image, ImageDraft, Page, PageRequest, Painted


class Images(Protocol):
    """Read images."""

    async def get(self, ids: Sequence[str]) -> Mapping[str, Image]:
        """Images by id."""
        ...

    async def of(self, concepts: Sequence[ConceptId], request: PageRequest) -> Mapping[ConceptId, Page[Image]]:
        """A page of each concept's images, whatever their status, newest first, in one read for all of them."""
        ...

    async def count(self, concepts: Sequence[ConceptId]) -> Mapping[ConceptId, int]:
        """How many images each concept has."""
        ...

    async def shown(self, digests: Sequence[str]) -> frozenset[str]:
        """Those of these digests that some image has: the bytes of the others are needed by nobody."""
        ...


class ImageJobs(Protocol):
    """Ask for images and make them. Each call is one transaction.

    A job is what one call of a provider makes: it is claimed, renewed and completed as a whole, under a lease timed by
    the store's clock.
    """

    async def request(self, drafts: Sequence[ImageDraft], idempotency: Idempotency | None = None) -> Sequence[Image]:
        """Store QUEUED images, a job for each draft, in their order; an earlier answer to the same idempotency key
        comes back, less what was deleted since.

        Raises `NotFoundError` for the first concept that is not there, `IdempotencyConflict`; then nothing is stored.
        """
        ...

    async def claim(self, job: str, token: str, seconds: float) -> Sequence[Image]:
        """Take the lease of a job's unfinished images, which become GENERATING and count an attempt; none when they
        have ended or somebody holds an unexpired lease. An image begun `MAX_ATTEMPTS` times in vain is FAILED
        (`ABANDONED`) instead."""
        ...

    async def renew(self, job: str, token: str, seconds: float) -> Sequence[Image]:
        """Hold the lease for that long from now; the images that are still to be made.
        Raises `LeaseLost` when none is held by this token."""
        ...

    async def complete(self, job: str, token: str, results: Mapping[str, Painted]) -> Sequence[Image]:
        """Record what came of the job's images, by id: READY or FAILED, the lease given up. Those that were cancelled
        or deleted meanwhile stay so. The images as they are now. Raises `LeaseLost` when none is held by this
        token."""
        ...

    async def release(self, job: str, token: str) -> None:
        """Hand back what is not made yet: QUEUED again, the attempt not counted. Never raises for a lost lease."""
        ...

    async def cancel(self, id: str) -> Image:
        """From QUEUED or GENERATING to CANCELLED. Raises `NotFoundError`, `StatusConflict`."""
        ...

    async def delete(self, id: str) -> None:
        """Delete an image, whatever its status. Raises `NotFoundError`."""
        ...
