"""Asking a server from this process, one call after another: for what is not the users' business."""

from collections.abc import Mapping
from typing import Any

import aiohttp

from tests.load.operations import HEALTH, QUERIES, Answer
from tests.load.profiles import PATIENCE_SECONDS


def session(server: str) -> aiohttp.ClientSession:
    """For calls of one server, with a limit of time for each."""
    return aiohttp.ClientSession(server, timeout=aiohttp.ClientTimeout(total=PATIENCE_SECONDS))


async def ask(session: aiohttp.ClientSession, kind: str, **variables: Any) -> Answer:
    """One call; whatever keeps the answer away is its problem."""
    try:
        if kind == HEALTH:
            return await _health(session)
        body: Mapping[str, Any] = {"query": QUERIES[kind], "variables": variables}
        async with session.post("/graphql", json=body) as response:
            return Answer.read(kind, response.status, await response.read())
    except (TimeoutError, aiohttp.ClientError) as error:
        return Answer({}, type(error).__name__)


async def _health(session: aiohttp.ClientSession) -> Answer:
    async with session.get("/health") as response:
        await response.read()
        return Answer({}, "" if response.ok else f"HTTP {response.status}")
