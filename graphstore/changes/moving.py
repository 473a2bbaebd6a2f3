"""Images follow what becomes of the concepts that they show."""

from collections.abc import Sequence
from dataclasses import replace

from graphstore.model import Image
from graphstore.transaction import Transaction


async def move_images(tx: Transaction, images: Sequence[Image]) -> None:
    """Let images, which are locked, be of the concepts in which those they were made for live now: after a merge, or
    its undoing."""
    home = await tx.concepts(sorted({image.made_for for image in images}))
    moved = [(i, replace(i, concept=home[i.made_for].id)) for i in images if i.made_for in home]
    await tx.put_images([new for old, new in moved if new != old])
