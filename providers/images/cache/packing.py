"""Pictures as bytes that any process can read again: one line of JSON, then the picture's own bytes."""

import json
from typing import Any

from providers.images.port import Picture

LONGEST_HEADER = 65_536
_TYPES: dict[str, tuple[type, ...]] = {
    "media_type": (str,),
    "provider": (str,),
    "model": (str,),
    "width": (int,),
    "height": (int,),
    "seed": (int, type(None)),
    "cost_usd": (float, int),
}
"""What is told of a picture. Whether it was cached, and why it was drawn, is nothing of the picture's own."""
_LENGTH = "bytes"


def packed(picture: Picture) -> bytes:
    """The picture as bytes."""
    header = {name: getattr(picture, name) for name in _TYPES} | {_LENGTH: len(picture.content)}
    return json.dumps(header).encode("ascii") + b"\n" + picture.content


def unpacked(value: bytes) -> Picture | None:
    """The picture that was packed; None for bytes that are nothing of the kind."""
    end = value.find(b"\n", 0, LONGEST_HEADER)
    try:
        header: Any = json.loads(value[:end]) if end >= 0 else None
    except (ValueError, RecursionError):
        return None
    content = value[end + 1 :]
    if not _is_header(header) or header[_LENGTH] != len(content):
        return None
    return Picture(content, **{name: header[name] for name in _TYPES})


def _is_header(header: Any) -> bool:
    return (
        isinstance(header, dict)
        and header.keys() == {*_TYPES, _LENGTH}
        and all(isinstance(header[name], types) for name, types in _TYPES.items())
    )
