"""A provider outside of all processes that repeats all it was sent, keys and prompts, in whatever answer it gives."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle

from aiohttp import web

from tests.support.fake_server import FakeServer, served

STATUSES = (500, 400, 403, 429, 200)


@dataclass
class FakeEcho(FakeServer):
    """The server, which knows no path and takes all."""

    words: Sequence[str] = ()
    """What it repeats first where it was sent it, since long answers are cut short."""
    told: list[str] = field(default_factory=list)
    """What it has repeated."""

    def __post_init__(self) -> None:
        self._statuses = cycle(STATUSES)

    async def repeat(self, request: web.Request) -> web.StreamResponse:
        """Any request."""
        body = (await request.read()).decode("utf-8", "replace")
        heard = " ".join(word for word in self.words if word in body)
        said = f"{heard} {request.headers.get('Authorization')} you said {body} with {dict(request.headers)}"
        self.told.append(said)
        self.heard.set()
        status = next(self._statuses)
        error = {"message": said, "code": "odd", "type": "odd"}
        headers = {"Retry-After": "0", "X-Echo": json.dumps(said)[:1_000]}
        return web.json_response({"error": error, "detail": said, "info": said}, status=status, headers=headers)


@asynccontextmanager
async def fake_echo(*words: str) -> AsyncIterator[FakeEcho]:
    """The server on a free port."""
    fake = FakeEcho(words=words)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", fake.repeat)
    async with served(app, fake):
        yield fake
