"""Health: whether the process lives, and whether it can do its work."""

import asyncio
from collections.abc import Collection, Mapping

from aiohttp import hdrs, web

from continuum.assembly import Dependency
from telemetry.logs.masks import Masks


class Health:
    """`GET /health` says that the process lives; `GET /ready` asks each dependency."""

    def __init__(self, *, secrets: Collection[str] = (), time_limit: float = 2.0) -> None:
        """`secrets` are masked in what dependencies say. `time_limit`: seconds after which one counts as down."""
        self._masks = Masks(secrets)
        self._time_limit = time_limit
        self._dependencies: Mapping[str, Dependency] | None = None
        self.draining = False
        """Set when the process is about to stop: it is alive, but no longer ready."""

    def add_to(self, app: web.Application) -> None:
        """Add both routes. While the process drains, every answer of the application is the last on its connection, so
        that clients who keep theirs open come back by another one, to another process, before this one is gone."""
        app.router.add_get("/health", self._alive)
        app.router.add_get("/ready", self._ready)
        app.on_response_prepare.append(self._send_elsewhere)

    def begin(self, dependencies: Mapping[str, Dependency]) -> None:
        """From now on the process can do its work, as far as its dependencies let it."""
        self._dependencies = dependencies

    async def checks(self) -> Mapping[str, Mapping[str, str]]:
        """What each dependency says, all asked at once: a `status`, `up` or `down`, and the `reason` of the latter."""
        if self._dependencies is None:
            return {"store": {"status": "down", "reason": "it is waited for"}}
        dependencies = self._dependencies
        results = await asyncio.gather(*map(self._result, dependencies.values()))
        return dict(zip(dependencies, results, strict=True))

    async def _send_elsewhere(self, _request: web.Request, response: web.StreamResponse) -> None:
        if self.draining and not isinstance(response, web.WebSocketResponse):
            response.force_close()
            response.headers[hdrs.CONNECTION] = "close"  # the headers are made before this is called

    async def _alive(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def _ready(self, _request: web.Request) -> web.Response:
        dependencies, checks = self._dependencies, await self.checks()
        if dependencies is None:
            return web.json_response({"status": "starting", "checks": checks}, status=503)
        status = self._status([d for name, d in dependencies.items() if checks[name]["status"] == "down"])
        return web.json_response(
            {"status": status, "checks": checks}, status=200 if status in {"ready", "degraded"} else 503
        )

    def _status(self, down: Collection[Dependency]) -> str:
        if self.draining:
            return "draining"
        if any(dependency.needed for dependency in down):
            return "not ready"
        return "degraded" if down else "ready"

    async def _result(self, dependency: Dependency) -> dict[str, str]:
        try:
            async with asyncio.timeout(self._time_limit):
                await dependency.check()
        except TimeoutError:
            return {"status": "down", "reason": f"no answer within {self._time_limit:g} s"}
        except Exception as error:  # the edge: whatever a dependency raises is what is wrong with it
            return {"status": "down", "reason": self._masks.shortened(str(error))}
        return {"status": "up"}
