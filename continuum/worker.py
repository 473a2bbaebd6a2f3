"""The worker process: it explores, and makes pictures, as Redis hands them to it, and answers for its health."""

from aiohttp import web

from continuum.assembly import Parts, Role
from continuum.health import Health
from continuum.process import Port, run
from continuum.providing import Sources
from continuum.requests import observe_requests
from continuum.settings import Settings, SettingsError
from continuum.vitals import Vitals


class Worker:
    """`continuum.process.Service`: nothing but its health and its metrics can be asked for."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._parts: Parts | None = None
        self._health = Health(secrets=settings.secrets)
        self._vitals = Vitals(self._health)
        self.app = web.Application()
        observe_requests(self.app)
        self._health.add_to(self.app)
        self._vitals.add_to(self.app)

    def begin(self, parts: Parts) -> None:
        """See `Service.begin`."""
        self._parts = parts
        self._health.begin(parts.dependencies)
        self._vitals.begin(parts)

    def greeting(self, address: str) -> str:
        """See `Service.greeting`."""
        settings = self._settings
        return (
            f"A worker of Continuum is up.\n\n  Store         {settings.store_location}\n"
            f"  Queue         {settings.redis_location}\n"
            f"  At once       {settings.explorations_at_once} explorations, {settings.steps_at_once} steps of each; "
            f"{settings.images_at_once} pictures\n"
            f"  Health        {address}/health  and  {address}/ready\n\n"
            "Stop with Ctrl-C: what runs is finished or handed back."
        )

    async def drain(self) -> None:
        """Take no more, say so, and finish what runs or hand it back."""
        self._health.draining = True
        if self._parts is not None:
            await self._parts.drain()


async def work(settings: Settings, sources: Sources = None) -> None:
    """Work until SIGTERM or SIGINT. Raises `SettingsError` or `StoreError` when it cannot start."""
    if settings.redis_url is None:
        raise SettingsError(
            "REDIS_URL is not set, and Redis is what hands work to workers: set it for them and for the servers, or "
            "run `continuum serve` alone, which without REDIS_URL does the work itself"
        )
    await run(Worker(settings), settings, Role.WORKER, Port("WORKER_PORT", settings.worker_port), sources)
