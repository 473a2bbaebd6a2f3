"""A service outside of all processes: a small real server on a free port that answers in whatever mood it is."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

MIB = 1024 * 1024
FLOOD = 200 * MIB
"""Bytes of an answer that nobody should read to its end."""
PIECE = bytes(MIB).replace(b"\0", b"A")
LATER = "7"
"""What a busy server says in Retry-After."""


@dataclass(frozen=True)
class Asked:
    """One request that it got."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]


@dataclass
class FakeServer:
    """The server: its moods are what it does with the next calls, one each; none: it answers."""

    moods: deque[str] = field(default_factory=deque)
    """`answer`, `busy` (429), `away` (503), `broken` (500), `denied` (401), `forbidden` (403), `refused` (400, by its
    rules), `wrong` (400), `no credit` (429), `moved` (307), `hang`, `drip`, `drop`, `garbage`, `prose`, `half` (of a
    body), `cut` (half of a JSON text), `endless` (a body without a length), `flood` (one that says its length),
    `packed` (compressed), `no http`; and whatever `answer` of the service knows beyond."""
    asked: list[Asked] = field(default_factory=list)
    """All calls, in order."""
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    """There was a call."""
    address: str = ""
    sent: int = 0
    """Bytes of endless bodies that it could get rid of."""
    seconds: float = 0.0
    """How long an answer takes."""

    async def reply(self, request: web.Request, answer: Callable[[str, dict[str, Any]], Any]) -> web.StreamResponse:
        """Do what its mood says; `answer` makes what it says in a good one, of the mood and the body it was sent."""
        asked = Asked(request.path_qs, dict(request.headers), await request.json())
        self.asked.append(asked)
        self.heard.set()
        mood = self.moods.popleft() if self.moods else "answer"
        if mood in _STATUSES:
            return _refusal(mood, asked)
        if mood in {"hang", "drip", "drop", "no http", "endless", "flood", "half"}:
            return await self._misbehaved(request, mood)
        await asyncio.sleep(self.seconds)
        whole = web.json_response(answer(mood, asked.body))
        text = whole.text or ""
        if mood == "garbage":
            return web.Response(body=b"\x00\xff<html>", content_type="application/json")
        if mood == "prose":
            return web.Response(text="<html>Welcome!</html>", content_type="text/html")
        if mood == "cut":
            return web.Response(text=text[: len(text) // 2], content_type="application/json")
        if mood == "packed":
            whole.enable_compression(web.ContentCoding.gzip)
        return whole

    async def _misbehaved(self, request: web.Request, mood: str) -> web.StreamResponse:
        transport = request.transport
        assert transport is not None
        if mood == "hang":
            await asyncio.sleep(3_600)
        elif mood == "no http":
            transport.write(b"HELO fake\r\n\r\n")
            transport.close()
        elif mood != "drop":
            with suppress(ConnectionResetError):
                await self._streamed(request, mood)
        transport.abort()
        return web.Response()

    async def _streamed(self, request: web.Request, mood: str) -> None:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        if mood in {"flood", "half"}:
            response.content_length = FLOOD if mood == "flood" else 2 * MIB
        await response.prepare(request)
        await response.write(b'{"data": "')
        for _ in range(1 if mood == "half" else FLOOD // MIB - 1):
            await response.write(b"." if mood == "drip" else PIECE)
            self.sent += MIB
            await asyncio.sleep(0.05 if mood == "drip" else 0)


_STATUSES: dict[str, tuple[int, str, str | None]] = {
    "busy": (429, "slow down", "rate_limit_exceeded"),
    "no credit": (429, "no credit", "insufficient_quota"),
    "away": (503, "overloaded", None),
    "broken": (500, "oops", "server_error"),
    "denied": (401, "wrong key: {key}", "invalid_api_key"),
    "forbidden": (403, "not with this key: {key}", None),
    "refused": (400, "rejected by the safety system", "moderation_blocked"),
    "wrong": (400, "no such thing, says {key} \n\x1b[31m" + "very " * 1_000, "invalid_value"),
    "moved": (307, "elsewhere", None),
}


def _refusal(mood: str, asked: Asked) -> web.Response:
    status, message, code = _STATUSES[mood]
    shown = message.replace("{key}", asked.headers.get("Authorization", "nobody"))
    headers = {"busy": {"Retry-After": LATER}, "moved": {"Location": "/elsewhere"}}.get(mood, {})
    return web.json_response({"error": {"message": shown, "code": code}}, status=status, headers=headers)


@asynccontextmanager
async def served(app: web.Application, fake: FakeServer) -> AsyncIterator[None]:
    """The application on a free port, whose address the fake is told."""
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        fake.address = "http://{}:{}".format(*runner.addresses[0][:2])
        yield
    finally:
        await runner.cleanup()
