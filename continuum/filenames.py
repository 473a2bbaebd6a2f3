"""The name under which a browser saves what it is sent: RFC 6266, and RFC 8187 for names beyond ASCII."""

import unicodedata
from typing import Final
from urllib.parse import quote

_ENDINGS: Final = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
_KEPT: Final = " -_.,()"
_LONGEST: Final = 80


def disposition(name: str, media_type: str) -> str:
    """The value of `Content-Disposition` for a picture of that name, whatever the name contains."""
    stem = "".join(_safe(character) for character in name[:_LONGEST]).strip(" .") or "picture"
    ending = _ENDINGS.get(media_type, "bin")
    plain = "".join(character if character.isascii() else "_" for character in stem)
    shown = f'inline; filename="{plain}.{ending}"'
    return shown if stem.isascii() else f"{shown}; filename*=UTF-8''{quote(stem, safe='')}.{ending}"


def _safe(character: str) -> str:
    """Letters, marks and figures of every alphabet; nothing that leads elsewhere, ends a line or turns it round."""
    return character if character in _KEPT or unicodedata.category(character)[0] in "LMN" else "_"
