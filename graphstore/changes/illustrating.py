"""An exploration's step stores the picture that it had made: image, spend and the event."""

from dataclasses import replace

from graphstore.changes.curation import existing_concept
from graphstore.changes.journal import note
from graphstore.changes.spending import done, settled
from graphstore.ids import new_id
from graphstore.model import Event, EventKind, Exploration, Illustration, Image, ImageStatus, Spend, Step
from graphstore.transaction import Transaction


async def illustrate(tx: Transaction, exploration: Exploration, step: Step, illustration: Illustration) -> Event:
    """End a pending picture step with its READY image; the event that tells of it."""
    spent = Spend(seconds=illustration.seconds, cost_usd=illustration.picture.cost_usd, pictures=1)
    exploration, step = settled(exploration, step, spent)
    image = await _image(tx, step, illustration)
    await tx.put_images([image])
    await tx.put_steps([done(tx, step)])
    p = exploration.progress
    progress = replace(p, steps_done=p.steps_done + 1, steps_pending=p.steps_pending - 1)
    exploration = replace(exploration, progress=progress)
    _, event = await note(tx, exploration, EventKind.IMAGE_READY, step=step.id, image=image.id)
    return event


async def _image(tx: Transaction, step: Step, made: Illustration) -> Image:
    """The image that a picture step has made. Raises `NotFoundError` when its concept was deleted meanwhile."""
    id, concept = new_id(), (await existing_concept(tx, step.concept or "")).id
    return Image(
        id=id,
        job=id,
        position=0,
        concept=concept,
        made_for=concept,
        exploration=step.exploration,
        options=made.options,
        status=ImageStatus.READY,
        attempts=max(step.attempts, 1),
        version=1,
        prompt=made.prompt,
        concept_version=made.concept_version,
        picture=made.picture,
        error=None,
        lease=None,
        created=tx.now,
        started=tx.now,
        finished=tx.now,
    )
