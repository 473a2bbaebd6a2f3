"""Masks: what is secret is not written, and what is endless is cut."""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import quote

LONGEST = 2_000
"""Characters of one value."""
LONGEST_TRACEBACK = 8_000
"""Characters of a traceback, whose end tells most. Container runtimes break lines of more than 16 KiB in pieces, and
then they are JSON no more."""
_EXCEPTION = "exception"
_STARS = "***"


class Masks:
    """A processor that takes the secrets out of all values of a line, once its traceback is text.

    It does so before the line is written as JSON, which a number that is somebody's password must not break.
    """

    def __init__(self, secrets: Collection[str] = ()) -> None:
        forms = {form for secret in secrets if secret for form in _forms(secret)}
        self._longest_first = sorted(forms, key=len, reverse=True)

    def __call__(self, _logger: object, _method: str, line: Mapping[str, Any]) -> dict[str, Any]:
        """Mask and cut every value."""
        return {name: self._value(name, value) for name, value in line.items()}

    def masked(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._longest_first:
            text = text.replace(secret, _STARS)
        return text

    def shortened(self, text: str, most: int = LONGEST) -> str:
        """The same, cut where it is endless."""
        return _cut(self.masked(text), most)

    def _value(self, name: str, value: Any) -> Any:
        if isinstance(value, str):
            return self.shortened(value, LONGEST_TRACEBACK if name == _EXCEPTION else LONGEST)
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {str(key): self._value(name, each) for key, each in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self._value(name, each) for each in value]
        return self.shortened(str(value))


def _forms(secret: str) -> Iterator[str]:
    """As it is, and as it looks within a text that was quoted or encoded."""
    yield secret
    yield quote(secret, safe="")
    yield repr(secret)[1:-1]
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]


def _cut(text: str, most: int) -> str:
    """The text, or its beginning and its end."""
    if len(text) <= most:
        return text
    return f"{text[: most // 4]} […] {text[-(most - most // 4) :]}"
