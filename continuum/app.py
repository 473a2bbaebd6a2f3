"""The server process: routes, start, and an orderly end."""

import asyncio
import errno
import signal
from contextlib import AsyncExitStack

import structlog
from aiohttp import web

from continuum.assembly import Parts, assembled
from continuum.health import Health
from continuum.pages import add_pages
from continuum.settings import Settings, SettingsError
from continuum.view import GraphQLEndpoint

_log = structlog.get_logger(__name__)

FIRST_QUERY = """\
mutation {
  startExploration(input: {topic: "photosynthesis", depth: 2, budget: {concepts: 40}}) {
    exploration { id status topic }
  }
}"""


class Server:
    """The HTTP server over assembled parts."""

    def __init__(self, parts: Parts) -> None:
        self._settings = parts.settings
        self._parts = parts
        self._health = Health({"store": parts.database.operations.ping})
        self._endpoint = GraphQLEndpoint(parts)
        self.app = web.Application(client_max_size=parts.settings.max_body_bytes)
        self._endpoint.add_to(self.app)
        self._health.add_to(self.app)
        add_pages(self.app, parts.settings.pages_dir, graphiql=parts.settings.graphiql)

    async def listen(self, stack: AsyncExitStack) -> str:
        """Listen until the stack is closed; the address. Raises `SettingsError` when the port is taken."""
        runner = web.AppRunner(
            self.app,
            handler_cancellation=True,
            auto_decompress=False,  # a small body must not become a large one
            shutdown_timeout=5.0,
            access_log=None,
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, self._settings.host, self._settings.port)
        try:
            await site.start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise SettingsError(f"HOST={self._settings.host!r}: cannot listen there: {error.strerror}") from error
            raise SettingsError(f"PORT={self._settings.port}: another program listens there; choose another") from error
        host, port = runner.addresses[0][:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def drain(self) -> None:
        """Say that we are not ready, finish running steps or hand them back, and let clients reconnect elsewhere."""
        self._health.draining = True
        await self._endpoint.close_sockets()
        try:
            await self._parts.drain()
        except TimeoutError:
            _log.warning("steps_aborted", seconds=self._settings.shutdown_seconds)


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises `SettingsError` when it cannot start."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with assembled(settings) as parts, AsyncExitStack() as stack:
        server = Server(parts)
        address = await server.listen(stack)
        _greet(address, settings)
        _log.info("serving", address=address, data_dir=str(settings.data_dir))
        await stop.wait()
        _log.info("draining")
        await server.drain()
    _log.info("stopped")


def _greet(address: str, settings: Settings) -> None:
    graphiql = f"  GraphiQL      {address}/graphiql\n" if settings.graphiql else ""
    query = "\n".join(f"    {line}" for line in FIRST_QUERY.splitlines())
    print(  # noqa: T201 - the server's greeting, for the person who started it
        f"Continuum is up.\n\n  Explorer      {address}/\n{graphiql}  GraphQL       {address}/graphql\n"
        f"  Health        {address}/health  and  {address}/ready\n\n"
        f"A first query, for GraphiQL:\n\n{query}\n\nStop with Ctrl-C. Data is kept in {settings.data_dir}/.",
        flush=True,
    )
