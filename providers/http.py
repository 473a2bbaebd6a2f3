"""What comes back from a server that is asked over HTTP: how much of it is read, and what it means when it is a no."""

import math
from collections.abc import AsyncIterable, AsyncIterator, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import aiohttp
import orjson

from providers.errors import (
    ContentPolicyError,
    GarbledError,
    NotConfiguredError,
    ProviderError,
    RefusedError,
    TransientError,
)
from providers.price import NOTHING

MIB = 1024 * 1024
LONGEST_MESSAGE = 300
"""Characters of a server's own words that are passed on."""
_MOST_WORDS = 10_000
"""Characters that are looked at for it: more than are shown, so that no secret is cut in two before it is found."""
LONGEST_WAIT = 3_600.0
"""Seconds: whoever is told to wait longer than that is told this."""

_POLICY = frozenset({"moderationblocked", "contentpolicyviolation", "contentfilter"})
_NO_CREDIT = frozenset({"insufficientquota", "billinghardlimitreached"})
_TRANSIENT = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
_SERVERS_FAULT = HTTPStatus.INTERNAL_SERVER_ERROR
_GAVE_UP = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})
"""From something between: the server behind it may go on, and want to be paid. One that reports its own failure with
500 does not charge for it."""
_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""What can only happen before a request has left."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is no success."""

    server: str
    """Who gave it, as a person would call it."""
    status: int
    headers: Mapping[str, str]
    body: bytes

    def error(self, setting: str, secrets: Collection[str]) -> ProviderError:
        """What it means. `setting` is where the key comes from, `secrets` are all forms of it: they are never shown,
        even where the server does."""
        if self.status == HTTPStatus.UNAUTHORIZED:
            return NotConfiguredError(f"{self.server} does not take the key: check {setting}", used=NOTHING)
        codes, words = _said(self.body)
        text = f"{self.server} answered {self.status}" + (f": {_bounded(words, secrets)}" if words else "")
        if self.status == HTTPStatus.FORBIDDEN:
            return NotConfiguredError(f"{text} (check {setting} and what it may do)", used=NOTHING)
        used = None if self.status in _GAVE_UP else NOTHING
        return self._kind(_plain(codes))(text, used=used, retry_after=retry_after(self.headers))

    def _kind(self, codes: frozenset[str]) -> type[TransientError | RefusedError]:
        if codes & _POLICY:
            return ContentPolicyError
        if codes & _NO_CREDIT:
            return RefusedError
        return TransientError if self.status in _TRANSIENT or self.status >= _SERVERS_FAULT else RefusedError


def unanswered(error: BaseException, server: str) -> TransientError:
    """What it means that a call ended without an answer, by this error or by one that caused it."""
    causes = tuple(_causes(error))
    if any(isinstance(cause, _NEVER_SENT) for cause in causes):
        return TransientError(f"{server} cannot be reached", used=NOTHING)
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return TransientError(f"{server} did not answer in time")
    return TransientError(f"{server} broke off in the middle of its answer")


async def limited(chunks: AsyncIterable[bytes], most: int, server: str) -> AsyncIterator[bytes]:
    """The chunks of a body, up to `most` bytes. Raises `GarbledError` for the first one beyond."""
    total = 0
    async for chunk in chunks:
        total += len(chunk)
        if total > most:
            raise too_large(server, most)
        yield chunk


def check_headers(headers: Mapping[str, str], most: int, server: str) -> None:
    """Raises `GarbledError` for a body that says beforehand that it is too large, or how large it will be cannot be
    told, since it is compressed."""
    length = headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > most:
        raise too_large(server, most)
    if headers.get("Content-Encoding", "identity") not in {"", "identity"}:
        raise GarbledError(f"{server} compressed its answer, which it was not asked to do")


def too_large(server: str, most: int) -> GarbledError:
    """The answer has more bytes than that."""
    return GarbledError(f"{server} answered with more than {most / MIB:g} MiB")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds until a server wants to be asked again, by its `Retry-After`: a number, or a date."""
    value = headers.get("Retry-After", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        seconds = _until(value)
    return min(max(seconds, 0.0), LONGEST_WAIT) if math.isfinite(seconds) else None


def _until(date: str) -> float:
    try:
        when = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return math.nan
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp()


def _said(body: bytes) -> tuple[tuple[str, ...], str]:
    """The codes and the words in the body of an error, of whatever common form it is."""
    try:
        said: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return (), body[:_MOST_WORDS].decode("utf-8", "replace")
    if isinstance(said, dict) and isinstance(said.get("error"), dict):
        said = said["error"]
    if not isinstance(said, dict):
        return (), str(said)[:_MOST_WORDS]
    words = next((said[name] for name in ("message", "detail", "errors", "error") if said.get(name)), "")
    return tuple(str(said[name]) for name in ("code", "type") if said.get(name)), str(words)[:_MOST_WORDS]


def _plain(codes: tuple[str, ...]) -> frozenset[str]:
    return frozenset(code.casefold().replace("_", "").replace("-", "") for code in codes)


def _bounded(words: str, secrets: Collection[str]) -> str:
    """The words as one line of bounded length, without the secrets."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        words = words.replace(secret, "***")
    line = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return line if len(line) <= LONGEST_MESSAGE else f"{line[:LONGEST_MESSAGE]}…"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
