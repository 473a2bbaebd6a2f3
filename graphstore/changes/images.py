"""The `ImageJobs` port: images are asked for, made under a lease, cancelled and deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import orjson

from graphstore.changes.curation import recall, remember
from graphstore.errors import LeaseLost, NotFoundError, StatusConflict
from graphstore.ids import new_id
from graphstore.model import (
    UNFINISHED,
    ConceptId,
    Idempotency,
    Image,
    ImageDraft,
    ImageError,
    ImageStatus,
    Lease,
    Painted,
)
from graphstore.transaction import Transact, Transaction

MAX_ATTEMPTS = 3
"""So often an image is begun whose makers die; after that it is FAILED, so that it cannot cost without end."""

_ABANDONED = ImageError("ABANDONED", f"it was begun {MAX_ATTEMPTS} times, and each time its maker went away")


class StoreImageJobs:
    """`graphstore.port.ImageJobs` over any adapter's transactions."""

    def __init__(self, transact: Transact) -> None:
        self._transact = transact

    async def request(self, drafts: Sequence[ImageDraft], idempotency: Idempotency | None = None) -> Sequence[Image]:
        """See `ImageJobs.request`."""

        async def procedure(tx: Transaction) -> Sequence[Image]:
            await tx.lock_graph()  # a concept that is being deleted would take its images along
            if idempotency and (before := await recall(tx, idempotency)) is not None:
                ids = orjson.loads(before)["images"]
                stored = await tx.images(ids)
                return [stored[id] for id in ids if id in stored]
            concepts = await tx.concepts([draft.concept for draft in drafts])
            if missing := [draft.concept for draft in drafts if draft.concept not in concepts]:
                raise NotFoundError("concept", missing[0])
            queued = [image for d in drafts for image in _queued(tx, d, concepts[d.concept].id)]
            await tx.put_images(queued)
            if idempotency:
                await remember(tx, idempotency, orjson.dumps({"images": [image.id for image in queued]}).decode())
            return queued

        return await self._transact(procedure)

    async def claim(self, job: str, token: str, seconds: float) -> Sequence[Image]:
        """See `ImageJobs.claim`."""

        async def procedure(tx: Transaction) -> Sequence[Image]:
            images = [image for image in await tx.lock_job(job) if image.status in UNFINISHED]
            if any(image.lease is not None and image.lease.until > tx.now for image in images):
                return ()
            lease = Lease(token, tx.now + timedelta(seconds=seconds))
            begun = [_begun(tx, image, lease) for image in images if image.attempts < MAX_ATTEMPTS]
            given_up = [_ended(tx, image, ImageStatus.FAILED) for image in images if image.attempts >= MAX_ATTEMPTS]
            await tx.put_images([*begun, *(replace(image, error=_ABANDONED) for image in given_up)])
            return begun

        return await self._transact(procedure)

    async def renew(self, job: str, token: str, seconds: float) -> Sequence[Image]:
        """See `ImageJobs.renew`."""

        async def procedure(tx: Transaction) -> Sequence[Image]:
            lease = Lease(token, tx.now + timedelta(seconds=seconds))
            renewed = [replace(image, lease=lease) for image in await _owned(tx, job, token)]
            await tx.put_images(renewed)
            return renewed

        return await self._transact(procedure)

    async def complete(self, job: str, token: str, results: Mapping[str, Painted]) -> Sequence[Image]:
        """See `ImageJobs.complete`."""

        async def procedure(tx: Transaction) -> Sequence[Image]:
            await tx.lock_graph()  # else one whose concept is being deleted would be put back
            done = [_painted(tx, i, results[i.id]) for i in await _owned(tx, job, token) if i.id in results]
            await tx.put_images(done)
            return done

        return await self._transact(procedure)

    async def release(self, job: str, token: str) -> None:
        """See `ImageJobs.release`."""

        async def procedure(tx: Transaction) -> None:
            held = [image for image in await tx.lock_job(job) if _held_by(image, token)]
            await tx.put_images([_handed_back(image) for image in held])

        await self._transact(procedure)

    async def cancel(self, id: str) -> Image:
        """See `ImageJobs.cancel`."""

        async def procedure(tx: Transaction) -> Image:
            image = await _locked(tx, id)
            if image.status not in UNFINISHED:
                raise StatusConflict("cancel", image.status, UNFINISHED, what="image")
            cancelled = _ended(tx, image, ImageStatus.CANCELLED)
            await tx.put_images([cancelled])
            return cancelled

        return await self._transact(procedure)

    async def delete(self, id: str) -> None:
        """See `ImageJobs.delete`."""

        async def procedure(tx: Transaction) -> None:
            await _locked(tx, id)
            await tx.delete_images([id])

        await self._transact(procedure)


def _queued(tx: Transaction, draft: ImageDraft, concept: ConceptId) -> list[Image]:
    job = new_id()
    return [
        Image(
            id=new_id() if position else job,
            job=job,
            position=position,
            concept=concept,
            made_for=concept,
            exploration=None,
            options=draft.options,
            status=ImageStatus.QUEUED,
            attempts=0,
            version=1,
            prompt=None,
            concept_version=None,
            picture=None,
            error=None,
            lease=None,
            created=tx.now,
            started=None,
            finished=None,
        )
        for position in range(draft.count)
    ]


def _held_by(image: Image, token: str) -> bool:
    return image.lease is not None and image.lease.token == token and image.status is ImageStatus.GENERATING


async def _owned(tx: Transaction, job: str, token: str) -> Sequence[Image]:
    """The images of the job that this token holds, locked. Lock first, compare after."""
    owned = [image for image in await tx.lock_job(job) if _held_by(image, token)]
    if not owned:
        raise LeaseLost(job, what="image")
    return owned


async def _locked(tx: Transaction, id: str) -> Image:
    found = (await tx.images([id])).get(id)
    if found is None:
        raise NotFoundError("image", id)
    locked = {image.id: image for image in await tx.lock_job(found.job)}
    if id not in locked:
        raise NotFoundError("image", id)
    return locked[id]


def _begun(tx: Transaction, image: Image, lease: Lease) -> Image:
    return replace(
        image,
        status=ImageStatus.GENERATING,
        attempts=image.attempts + 1,
        version=image.version + 1,
        lease=lease,
        started=image.started or tx.now,
    )


def _handed_back(image: Image) -> Image:
    return replace(image, status=ImageStatus.QUEUED, attempts=image.attempts - 1, version=image.version + 1, lease=None)


def _ended(tx: Transaction, image: Image, status: ImageStatus) -> Image:
    return replace(image, status=status, version=image.version + 1, lease=None, finished=tx.now)


def _painted(tx: Transaction, image: Image, painted: Painted) -> Image:
    told = replace(image, prompt=painted.prompt, concept_version=painted.concept_version)
    if isinstance(painted.result, ImageError):
        return replace(_ended(tx, told, ImageStatus.FAILED), error=painted.result)
    return replace(_ended(tx, told, ImageStatus.READY), picture=painted.result)
