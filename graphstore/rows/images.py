"""Images as rows of plain values, and back."""

import orjson

from graphstore.model import Image, ImageError, ImageOptions, ImageStatus, Picture
from graphstore.rows.graph import Row, as_json, known, lease, maybe_microseconds, maybe_moment, microseconds, moment

IMAGE = (
    *("id", "job", "position", "concept", "made_for", "exploration", "options", "status", "attempts", "version"),
    *("prompt", "concept_version", "picture", "error", "digest", "lease_token", "lease_until"),
    *("created", "started", "finished"),
)
MAYBE_OF_IMAGE = (
    *("exploration", "prompt", "concept_version", "picture", "error", "digest", "lease_token", "lease_until"),
    *("started", "finished"),
)


def image(row: Row) -> Image:
    """From `IMAGE`, whatever stands behind that in the row."""
    r = dict(zip(IMAGE, row, strict=False))
    return Image(
        id=r["id"],
        job=r["job"],
        position=r["position"],
        concept=r["concept"],
        made_for=r["made_for"],
        exploration=r["exploration"],
        options=known(ImageOptions, orjson.loads(r["options"])),
        status=ImageStatus(r["status"]),
        attempts=r["attempts"],
        version=r["version"],
        prompt=r["prompt"],
        concept_version=r["concept_version"],
        picture=None if r["picture"] is None else known(Picture, orjson.loads(r["picture"])),
        error=None if r["error"] is None else known(ImageError, orjson.loads(r["error"])),
        lease=lease(r["lease_token"], r["lease_until"]),
        created=moment(r["created"]),
        started=maybe_moment(r["started"]),
        finished=maybe_moment(r["finished"]),
    )


def image_row(image: Image) -> Row:
    """To `IMAGE`."""
    i = image
    return (
        *(i.id, i.job, i.position, i.concept, i.made_for, i.exploration, as_json(i.options).decode(), i.status),
        *(i.attempts, i.version, i.prompt, i.concept_version),
        None if i.picture is None else as_json(i.picture).decode(),
        None if i.error is None else as_json(i.error).decode(),
        None if i.picture is None else i.picture.digest,
        *((i.lease.token, microseconds(i.lease.until)) if i.lease else (None, None)),
        *(microseconds(i.created), maybe_microseconds(i.started), maybe_microseconds(i.finished)),
    )
