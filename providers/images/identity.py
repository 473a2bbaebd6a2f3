"""What makes two pictures that are wanted the same one."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict

from providers.images.port import ImageCard, PictureRequest


def keys(request: PictureRequest, card: ImageCard) -> Sequence[str]:
    """The key of each picture of the request, in their order: SHA-256 in hexadecimal.

    Everything counts by which the picture may differ: whose it is, who makes it, of what, how, and its place in the
    series. How many are wanted with it does not, nor what to do when there is none.
    """
    same = {
        "workspace": request.workspace,
        "provider": card.name,
        "model": card.model,
        "prompt": request.prompt,
        "scene": asdict(request.scene),
        "size": request.size,
        "quality": request.quality,
        "style": request.style,
        "seed": request.seed,
        "real": request.real,
    }
    return [_digest({**same, "index": request.first + place}) for place in range(request.count)]


def _digest(wanted: object) -> str:
    """Of its one form as JSON, in ASCII: a text that cannot be sent anywhere has a key as well."""
    return hashlib.sha256(json.dumps(wanted, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()
