"""A Stable Diffusion server with the API of AUTOMATIC1111's web UI, as far as it is used here."""

import asyncio
import base64
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.support.drawn import drawn
from tests.support.fake_server import FakeServer, served

MODEL = "dreamy_v7"


@dataclass
class FakeA1111(FakeServer):
    """Further moods: `fewer` (pictures), `no images`, `no base64`, `no info`, `odd info`, `wild info`, `sheet`
    (one with all of them comes first), `urls` (data:), `out of memory`, `no api`, `picky` (422)."""

    shares: deque[float] = field(default_factory=deque)
    """How far it says it is, question by question. A picture is ready when all were told."""
    tells: bool = True
    """Whether it says so at all."""
    polled: int = 0
    """How often it was asked."""
    told: asyncio.Event = field(default_factory=asyncio.Event)

    async def txt2img(self, request: web.Request) -> web.StreamResponse:
        """POST /sdapi/v1/txt2img."""
        own = _OWN.get(self.moods[0]) if self.moods else None
        if own is not None:
            self.moods.popleft()
            status, body = own
            return web.json_response(body, status=status)
        if self.shares:
            await self.told.wait()
        return await self.reply(request, _answer)

    async def progress(self, _request: web.Request) -> web.Response:
        """GET /sdapi/v1/progress."""
        self.polled += 1
        if not self.tells:
            self.told.set()
            raise web.HTTPNotFound
        share = self.shares.popleft() if self.shares else 0.0
        if not self.shares:
            self.told.set()
        return web.json_response({"progress": share, "eta_relative": 1.0, "state": {}, "current_image": None})


_OWN: dict[str, tuple[int, dict[str, Any]]] = {
    "out of memory": (500, {"error": "OutOfMemoryError", "detail": "", "body": "", "errors": "CUDA out of memory"}),
    "no api": (404, {"detail": "Not Found"}),
    "picky": (422, {"detail": [{"loc": ["body", "steps"], "msg": "value is not a valid integer"}]}),
}


def _answer(mood: str, call: dict[str, Any]) -> Any:
    seed = 4_242 if call["seed"] == -1 else call["seed"]
    count = call["batch_size"] - (mood == "fewer")
    images = [_encoded(mood, call, number) for number in range(count)]
    info = {"all_seeds": [seed + n for n in range(count)], "sd_model_name": MODEL, "index_of_first_image": 0}
    if mood == "sheet":
        images.insert(0, _encoded(mood, {**call, "width": 2 * call["width"]}, 9))
        info["index_of_first_image"] = 1
    answer: dict[str, Any] = {"images": images, "parameters": call, "info": json.dumps(info)}
    changes: dict[str, dict[str, Any]] = {
        "no images": {"images": None},
        "no info": {"info": None},
        "wild info": {"info": json.dumps({"all_seeds": [-5, 2**64 - 1], "sd_model_name": "dreamy\0"})},
        "odd info": {"info": '{"all_seeds": "many", "sd_model_name": 7, "index_of_first_image": -1}'},
    }
    return answer | changes.get(mood, {})


def _encoded(mood: str, call: dict[str, Any], number: int) -> str:
    text = base64.b64encode(drawn(call["width"], call["height"], number=number)).decode()
    return {"no base64": "certainly not!", "urls": f"data:image/png;base64,{text}"}.get(mood, text)


@asynccontextmanager
async def fake_a1111(*moods: str) -> AsyncIterator[FakeA1111]:
    """The server."""
    fake = FakeA1111(deque(moods))
    app = web.Application()
    app.router.add_post("/sdapi/v1/txt2img", fake.txt2img)
    app.router.add_get("/sdapi/v1/progress", fake.progress)
    async with served(app, fake):
        yield fake
