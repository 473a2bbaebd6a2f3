"""The library's client, with limits on time and bytes, and with errors of our own."""

import asyncio
import inspect
import json
from collections.abc import AsyncIterator
from typing import Any, Final, cast

import aiohttp
import httpx2
import openai

from providers.errors import ContentPolicyError, GarbledError, NotConfiguredError, ProviderError
from providers.http import Answer, check_headers, limited, unanswered
from providers.openai.config import OpenAiConfig
from providers.price import NOTHING
from providers.text import storable

OPENAI = "https://api.openai.com/v1"
CONNECT_SECONDS = 10.0
NO_KEY: Final = "none"
"""Sent as the key to servers that need none: the library sends nothing without one."""
LONGEST_KEPT = 2_000
"""Characters of an unreadable answer that are kept for inspection."""

_UNREADABLE = (json.JSONDecodeError, UnicodeDecodeError, RecursionError, openai.APIResponseValidationError)
_FAILURES = (openai.OpenAIError, aiohttp.ClientError, TimeoutError, *_UNREADABLE)


class LimitedClient(openai.AsyncOpenAI):
    """Its calls raise nothing but `ProviderError`, end within the time limit of the settings, and answer with what was
    asked for."""

    def __init__(self, config: OpenAiConfig, most_bytes: int) -> None:
        """`most_bytes` of one answer are read. Raises `NotConfiguredError`."""
        self._most_seconds = config.timeout
        timeout = openai.Timeout(config.timeout, connect=min(config.timeout, CONNECT_SECONDS))
        super().__init__(
            api_key=_key(config),
            base_url=config.base_url or OPENAI,
            timeout=timeout,
            max_retries=0,
            # How large a compressed answer becomes is not known before it is.
            default_headers={"Accept-Encoding": "identity"},
            http_client=openai.DefaultAioHttpClient(
                timeout=timeout,
                follow_redirects=False,  # the key is for this server
                event_hooks={"response": [_Limit(most_bytes)]},
            ),
        )

    async def request(self, cast_to: Any, options: Any, **how: Any) -> Any:
        """One call. Raises `ProviderError`, which has no cause: the library's errors hold the request with its key."""
        try:
            # The library's own limits are for each read: an answer that drips would never reach them.
            async with asyncio.timeout(self._most_seconds):
                answer = await super().request(cast_to, options, **how)
        except _FAILURES as error:
            failure = translated(error, _server(self.base_url))
        else:
            if not inspect.isclass(cast_to) or isinstance(answer, cast_to):
                return answer
            failure = GarbledError(
                f"{_server(self.base_url)} gave an answer of another form", answer=_kept(str(answer))
            )
        raise failure


class _Limit:
    """Keeps answers from being read when they are too large."""

    def __init__(self, most: int) -> None:
        self._most = most

    async def __call__(self, response: httpx2.Response) -> None:
        """Look at the headers, and have the body watched while it comes."""
        server = _server(response.request.url)
        check_headers(response.headers, self._most, server)
        response.stream = _Limited(cast("httpx2.AsyncByteStream", response.stream), self._most, server)


class _Limited(httpx2.AsyncByteStream):
    """A body of at most so many bytes."""

    def __init__(self, stream: httpx2.AsyncByteStream, most: int, server: str) -> None:
        self._stream = stream
        self._most = most
        self._server = server

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in limited(self._stream, self._most, self._server):
            yield chunk

    async def aclose(self) -> None:
        """Close what it wraps."""
        await self._stream.aclose()


def translated(error: BaseException, server: str = "the server") -> ProviderError:
    """The error in our words; one that is in our words already stays as it is."""
    if isinstance(error, ProviderError):
        return error
    if isinstance(error, openai.APIStatusError):
        return _refusal(error)
    if isinstance(error, openai.ContentFilterFinishReasonError):
        return ContentPolicyError("the rules of the model forbid an answer")
    if isinstance(error, _UNREADABLE):
        return GarbledError(f"{server} gave an answer that cannot be read", answer=_kept(getattr(error, "doc", None)))
    return unanswered(error, server)


def _refusal(error: openai.APIStatusError) -> ProviderError:
    request, response = error.request, error.response
    key = request.headers.get("Authorization", "").removeprefix("Bearer ")
    answer = Answer(_server(request.url), response.status_code, response.headers, response.content)
    return answer.error("OPENAI_API_KEY", {key} - {NO_KEY})


def _server(url: httpx2.URL) -> str:
    """As a person would call it; the port as well, where one is named: a machine may have several servers."""
    return url.netloc.decode()


def _key(config: OpenAiConfig) -> str:
    """What is sent as the key. Raises `NotConfiguredError`."""
    if config.reason is not None:
        raise NotConfiguredError(config.reason, used=NOTHING)
    key = config.api_key or NO_KEY
    if not (key.isascii() and key.isprintable()):
        raise NotConfiguredError("OPENAI_API_KEY has characters that no key has", used=NOTHING)
    return key


def _kept(text: object) -> str | None:
    return storable(text[:LONGEST_KEPT]) if isinstance(text, str) else None
