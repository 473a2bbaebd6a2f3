"""A process that goes on until it is told to stop: it listens, opens its parts, works, and ends in good order."""

import asyncio
import errno
import logging
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Protocol

import structlog
from aiohttp import web

from continuum.assembly import Parts, Role, assembled
from continuum.malformed import LOGGERS, MalformedRequests
from continuum.providing import Sources
from continuum.settings import Settings, SettingsError
from continuum.tracing import traced
from graphstore.errors import StoreError

_log = structlog.get_logger(__name__)

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_MALFORMED = MalformedRequests()


class Service(Protocol):
    """What such a process does."""

    @property
    def app(self) -> web.Application:
        """What it answers over HTTP, from the first moment: its health, if nothing else."""
        ...

    def begin(self, parts: Parts) -> None:
        """Its parts are there."""
        ...

    def greeting(self, address: str) -> str:
        """What the person who started it is told."""
        ...

    async def drain(self) -> None:
        """End in good order what was begun; the parts are closed afterwards."""
        ...


@dataclass(frozen=True, slots=True)
class Port:
    """A port to listen on, and the variable that names it."""

    variable: str
    number: int


async def run(service: Service, settings: Settings, role: Role, port: Port, sources: Sources = None) -> None:
    """Run until SIGTERM or SIGINT. Raises `SettingsError` or `StoreError` when it cannot start."""
    try:
        await _run(service, settings, role, port, sources)
    except (SettingsError, StoreError):
        raise  # a person can do something about it, and is told
    except Exception:  # the edge: where it happened is known here for the last time
        _log.critical("crashed", exc_info=True)
        raise


async def _run(service: Service, settings: Settings, role: Role, port: Port, sources: Sources) -> None:
    stop = _Stop()
    # The parts are opened later than the port, and closed later as well: requests may still use them. Last of all the
    # spans of what they did are sent.
    async with (
        traced(settings, role),
        AsyncExitStack() as stack,
        listening(service.app, settings.host, port) as address,
    ):
        with stop.cancelling():
            parts = await stack.enter_async_context(assembled(settings, role, sources=sources))
        if stop.asked.is_set():
            return
        service.begin(parts)
        print(service.greeting(address), flush=True)  # noqa: T201 - for the person who started it
        _log.info("serving", role=role, address=address, store=settings.store_location, queue=settings.redis_location)
        await stop.asked.wait()
        _log.info("draining")
        await service.drain()
    _log.info("stopped")


@asynccontextmanager
async def listening(app: web.Application, host: str, port: Port) -> AsyncIterator[str]:
    """Answer HTTP while the context is open, under this address. Raises `SettingsError` when the port is taken."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_MALFORMED)
    runner = web.AppRunner(
        app,
        handler_cancellation=True,
        auto_decompress=False,  # a small body must not become a large one
        shutdown_timeout=5.0,
        access_log=None,
    )
    await runner.setup()
    try:
        await _bind(web.TCPSite(runner, host, port.number), host, port)
        name, number = runner.addresses[0][:2]
        yield f"http://[{name}]:{number}" if ":" in name else f"http://{name}:{number}"
    finally:
        await runner.cleanup()


async def _bind(site: web.TCPSite, host: str, port: Port) -> None:
    try:
        await site.start()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise SettingsError(f"HOST={host!r}: cannot listen there: {error.strerror}") from error
        taken = f"{port.variable}={port.number}: another program listens there; choose another, or 0 for a free one"
        raise SettingsError(taken) from error


class _Stop:
    """SIGTERM and SIGINT: the first asks for an orderly end, the second ends the process at once."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self._starting: asyncio.Task[object] | None = None
        for number in _SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._ask)

    @contextmanager
    def cancelling(self) -> Iterator[None]:
        """Until the context ends, being asked cancels it: nothing was begun that must be ended in order."""
        self._starting = asyncio.current_task()
        try:
            yield
        except asyncio.CancelledError:
            if not self.asked.is_set() or self._starting is None:
                raise
            self._starting.uncancel()
        finally:
            self._starting = None

    def _ask(self) -> None:
        for number in _SIGNALS:
            asyncio.get_running_loop().remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
        self.asked.set()
        if self._starting is not None:
            self._starting.cancel()
