"""OpenAI's images, as far as they are used here."""

import base64
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.support.drawn import bomb, drawn, heavy
from tests.support.fake_server import FakeServer, served

USAGE = {"input_tokens": 20, "input_tokens_details": {"image_tokens": 0, "text_tokens": 20}, "output_tokens": 272}


@dataclass
class FakeOpenAi(FakeServer):
    """Further moods: `fewer` and `none` (pictures), `no base64`, `addresses` in their place, `other form`, `bomb`,
    `heavy` (20 MB), `truncated`, `no picture`."""

    async def images(self, request: web.Request) -> web.StreamResponse:
        """POST /v1/images/generations."""
        return await self.reply(request, _answer)


def _answer(mood: str, call: dict[str, Any]) -> Any:
    """As the models named gpt-image do: base64, and nothing else."""
    if mood == "other form":
        return ["no", "object"]
    width, height = map(int, call["size"].split("x"))
    count = {"fewer": call["n"] - 1, "none": 0}.get(mood, call["n"])
    images = [{"b64_json": _encoded(mood, width, height, number)} for number in range(count)]
    if mood == "addresses":
        images = [{"url": "http://127.0.0.1:9/picture.png"} for _ in images]
    usage = {**USAGE, "total_tokens": USAGE["input_tokens"] + 272 * count}
    return {"created": 1, "size": call["size"], "output_format": "png", "usage": usage, "data": images}


def _encoded(mood: str, width: int, height: int, number: int) -> str:
    if mood == "no base64":
        return "certainly not!"
    content = drawn(width, height, number=number)
    made: dict[str, Callable[[], bytes]] = {
        "bomb": bomb,
        "heavy": lambda: heavy(20_000_000),
        "truncated": lambda: content[: len(content) // 2],
        "no picture": lambda: b"MZ this is a program",
    }
    return base64.b64encode(made.get(mood, lambda: content)()).decode()


@asynccontextmanager
async def fake_openai(*moods: str) -> AsyncIterator[FakeOpenAi]:
    """The server; OPENAI_BASE_URL is its address with /v1 behind it."""
    fake = FakeOpenAi(deque(moods))
    app = web.Application()
    app.router.add_post("/v1/images/generations", fake.images)
    async with served(app, fake):
        yield fake
