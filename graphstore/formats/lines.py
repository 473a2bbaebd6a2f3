"""The lines of a file as JSON objects, one by one, in bounded memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from graphstore.formats.compression import DAMAGE, Readable
from graphstore.formats.errors import LineError

JsonObject: TypeAlias = dict[str, Any]

PLAIN_LIMIT = 1_048_576
"""Bytes in one line of the plain form, at most."""
FULL_LIMIT = 16 * PLAIN_LIMIT
"""The same of the full form, where one record may hold much: a merge, for example, with all its memberships."""

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not empty."""

    number: int
    """1 is the first."""
    content: JsonObject | LineError
    """A JSON object, or why there is none."""


class Lines:
    """Reads a stream line by line. `limit` may be changed on the way; it holds from the next line on."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self.limit = PLAIN_LIMIT

    def __iter__(self) -> Iterator[Line]:
        number = 0
        try:
            while raw := self._stream.readline(self.limit + 1):
                number += 1
                if number == 1:
                    raw = raw.removeprefix(_BOM)
                if len(raw) > self.limit:
                    self._skip_rest(raw)
                    yield Line(number, LineError(f"the line is longer than {self.limit // 1024:,} KiB"))
                elif text := raw.strip():
                    yield Line(number, _parsed(text))
        except tuple(DAMAGE) as error:
            reason = next(text for kind, text in DAMAGE.items() if isinstance(error, kind))
            yield Line(number + 1, LineError(reason))

    def _skip_rest(self, piece: bytes) -> None:
        while piece and not piece.endswith(b"\n"):
            piece = self._stream.readline(self.limit)


def _parsed(text: bytes) -> JsonObject | LineError:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return LineError(f"not JSON: {error.msg} at column {error.colno}")
    if not isinstance(value, dict):
        return LineError("not a JSON object")
    return value
