"""A language model outside of all processes: a small server that speaks as OpenAI's does, in whatever mood it is."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

BRANCHES = 3
TOKENS = {"prompt_tokens": 700, "completion_tokens": 300, "total_tokens": 1_000}


def answer_about(name: str, breadth: int = BRANCHES) -> dict[str, Any]:
    """What it knows of a concept: the same at each call, a wide graph of `name`, `name 1`, `name 2`, ..."""
    topic, _, number = name.rpartition(" ") if name.rpartition(" ")[2].isdecimal() else (name, "", "")
    n = int(number or 0)
    others = [f"{topic} {BRANCHES * n + i}" for i in range(1, BRANCHES + 1)][:breadth]
    relations = [
        {
            "type": "leads to",
            "direction": "out",
            "name": other,
            "kind": "idea",
            "summary": f"{other} is an idea.",
            "reason": f"{name} leads to {other}.",
            "confidence": 0.95,
        }
        for other in others
    ]
    return {
        "known": True,
        "summary": f"{name} is an idea.",
        "kind": "idea",
        "domain": "tests",
        "aliases": [],
        "relations": relations,
    }


@dataclass
class FakeChat:
    """The server: its moods are what it does with the next calls, one each; none: it answers."""

    address: str = ""
    """For OPENAI_BASE_URL."""
    moods: deque[str] = field(default_factory=deque)
    """`answer`, `busy` (429), `broken` (500), `hang`, `drop`, `garbage`, `half`, `prose`, `misshapen`, `refusal`,
    `filtered`, `unknown`, `odd`, `no usage`, `no choice`, `denied` (401), `no credit` (429)."""
    asked: list[Mapping[str, Any]] = field(default_factory=list)
    """The bodies of all calls, in order."""
    headers: list[Mapping[str, str]] = field(default_factory=list)
    """Their headers."""
    subjects: Counter[str] = field(default_factory=Counter)
    billed: int = 0
    """Tokens that it charges for: calls that it worked on, however they ended."""
    usage: Any = field(default_factory=lambda: TOKENS)
    """The tokens that it says it counted."""
    content: Any = None
    """What it says, whatever it was asked, in place of what it knows."""
    refusal: str = "I would rather not."
    seconds: float = 0.0
    """How long an answer takes."""

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """One call."""
        body = await request.json()
        self.asked.append(body)
        self.headers.append(dict(request.headers))
        content = orjson.loads(body["messages"][1]["content"])
        name = content["concept"]["name"]
        self.subjects[name] += 1
        mood = self.moods.popleft() if self.moods else "answer"
        if (refused := _refused(mood)) is not None:
            return refused
        self.billed += TOKENS["total_tokens"]
        await asyncio.sleep(3_600 if mood == "hang" else self.seconds)
        if mood == "drop":
            assert request.transport is not None
            request.transport.abort()
        return self._answered(mood, answer_about(name, content["relations"]), body)

    def _answered(self, mood: str, answer: dict[str, Any], body: Mapping[str, Any]) -> web.StreamResponse:
        content = _text(mood, answer) if self.content is None else self.content
        message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": None}
        if mood == "refusal":
            message = {"role": "assistant", "content": None, "refusal": self.refusal}
        choice = {
            "index": 0,
            "message": message,
            "finish_reason": {"filtered": "content_filter", "half": "length"}.get(mood, "stop"),
        }
        completion = {
            "id": f"c{len(self.asked)}",
            "object": "chat.completion",
            "created": 1,
            "model": body["model"],
            "choices": [] if mood == "no choice" else [choice],
            **({} if mood == "no usage" else {"usage": self.usage}),
        }
        if mood == "odd":
            return web.json_response({"choices": "abc", "usage": 7})
        if mood == "garbage":
            return web.Response(body=b"\x00\xff<html>", content_type="application/json")
        return web.json_response(completion)


def _refused(mood: str) -> web.Response | None:
    error = {"busy": (429, "slow down", "rate_limit_exceeded"), "broken": (500, "oops", "server_error")}
    error |= {"denied": (401, "wrong key", "invalid_api_key"), "no credit": (429, "no credit", "insufficient_quota")}
    if mood not in error:
        return None
    status, message, code = error[mood]
    headers = {"Retry-After": "0.05"} if mood == "busy" else {}
    return web.json_response({"error": {"message": message, "code": code}}, status=status, headers=headers)


def _text(mood: str, answer: dict[str, Any]) -> str:
    whole = orjson.dumps(answer).decode()
    texts = {
        "half": whole[: len(whole) // 2],
        "prose": "Gladly! It is an idea.",
        "misshapen": orjson.dumps({**answer, "relations": [{"type": "IS_A"}]}).decode(),
        "unknown": orjson.dumps(
            {"known": False, "summary": "", "kind": "", "domain": "", "aliases": [], "relations": []}
        ).decode(),
    }
    return texts.get(mood, whole)


@asynccontextmanager
async def fake_chat(*moods: str) -> AsyncIterator[FakeChat]:
    """The server on a free port."""
    fake = FakeChat(moods=deque(moods))
    app = web.Application()
    app.router.add_post("/v1/chat/completions", fake.complete)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    try:
        await site.start()
        fake.address = "http://{}:{}/v1".format(*runner.addresses[0][:2])
        yield fake
    finally:
        await runner.cleanup()
