"""Health: whether the process lives, and whether it can do its work."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from aiohttp import web

Check: TypeAlias = Callable[[], Awaitable[None]]
"""Raises with a message for a person when what it checks cannot be used."""


class Health:
    """`GET /health` says that the process lives; `GET /ready` asks each dependency."""

    def __init__(self, checks: Mapping[str, Check], *, time_limit: float = 2.0) -> None:
        """`time_limit`: seconds after which a dependency counts as down."""
        self._checks = checks
        self._time_limit = time_limit
        self.draining = False
        """Set when the process is about to stop: it is alive, but no longer ready."""

    def add_to(self, app: web.Application) -> None:
        """Add both routes."""
        app.router.add_get("/health", self._alive)
        app.router.add_get("/ready", self._ready)

    async def _alive(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def _ready(self, _request: web.Request) -> web.Response:
        results = await asyncio.gather(*map(self._result, self._checks.values()))
        checks = dict(zip(self._checks, results, strict=True))
        ready = not self.draining and all(c["status"] == "up" for c in checks.values())
        status = "draining" if self.draining else "ready" if ready else "not ready"
        return web.json_response({"status": status, "checks": checks}, status=200 if ready else 503)

    async def _result(self, check: Check) -> dict[str, str]:
        try:
            async with asyncio.timeout(self._time_limit):
                await check()
        except TimeoutError:
            return {"status": "down", "reason": f"no answer within {self._time_limit:g} s"}
        except Exception as error:  # the edge: whatever a dependency raises is what is wrong with it
            return {"status": "down", "reason": str(error)}
        return {"status": "up"}
