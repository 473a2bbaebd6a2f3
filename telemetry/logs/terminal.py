"""Terminals: what is written to one may come from anywhere, and must not steer it."""

import re
from collections.abc import Mapping
from typing import Any

_STEERING = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of writing; not the ends of lines, of which tracebacks are
made."""


def unsteering(_logger: object, _method: str, line: Mapping[str, Any]) -> dict[str, Any]:
    """A processor for lines that are about to become words: what would be obeyed is shown. An event is one line."""
    told = {name: _shown(value) if isinstance(value, str) else value for name, value in line.items()}
    return {**told, "event": str(told.get("event", "")).replace("\n", r"\n")}


def _shown(text: str) -> str:
    return _STEERING.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
