"""The server process: what it answers, and its orderly end."""

import asyncio

from aiohttp import web

from continuum.assembly import Parts, Role
from continuum.health import Health
from continuum.images import ImageFiles
from continuum.pages import add_pages
from continuum.process import Port, run
from continuum.providing import Sources
from continuum.requests import observe_requests
from continuum.settings import Settings
from continuum.view import GraphQLEndpoint
from continuum.vitals import Vitals

FIRST_QUERY = """\
mutation {
  startExploration(input: {topic: "photosynthesis", depth: 2, budget: {concepts: 40}, pictures: {}}) {
    exploration { id status topic }
  }
}"""
SECOND_QUERY = '{ concept(name: "photosynthesis") { images(first: 1) { edges { node { status url } } } } }'


class Server:
    """`continuum.process.Service`: GraphQL, pictures and pages. Until its parts are there it says that they are not."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._parts: Parts | None = None
        self._health = Health(secrets=settings.secrets)
        self._vitals = Vitals(self._health)
        self._endpoint = GraphQLEndpoint(settings)
        self._images = ImageFiles(settings)
        self.app = web.Application(client_max_size=settings.max_body_bytes)
        observe_requests(self.app)
        self._endpoint.add_to(self.app)
        self._images.add_to(self.app)
        self._health.add_to(self.app)
        self._vitals.add_to(self.app)
        add_pages(self.app, settings.pages_path, graphiql=settings.graphiql)

    @classmethod
    def of(cls, parts: Parts) -> "Server":
        """The server over parts that are there."""
        server = cls(parts.settings)
        server.begin(parts)
        return server

    def begin(self, parts: Parts) -> None:
        """See `Service.begin`."""
        self._parts = parts
        self._endpoint.begin(parts)
        self._images.begin(parts)
        self._health.begin(parts.dependencies)
        self._vitals.begin(parts)

    def greeting(self, address: str) -> str:
        """See `Service.greeting`."""
        graphiql = f"  GraphiQL      {address}/graphiql\n" if self._settings.graphiql else ""
        query = "\n".join(f"    {line}" for line in FIRST_QUERY.splitlines())
        return (
            f"Continuum is up.\n\n  Explorer      {address}/\n{graphiql}  GraphQL       {address}/graphql\n"
            f"  Health        {address}/health  and  {address}/ready\n\n"
            f"A first query, for GraphiQL:\n\n{query}\n\n"
            f"Its first picture lies at {address} and the url that this gives:\n\n    {SECOND_QUERY}\n\n"
            f"Stop with Ctrl-C. {_where(self._settings)}"
        )

    async def drain(self) -> None:
        """Say that we are not ready and give that the time to be heard; let clients reconnect elsewhere; finish
        running steps or hand them back."""
        self._health.draining = True
        await asyncio.sleep(self._settings.drain_seconds)
        await self._endpoint.close_sockets()
        if self._parts is not None:
            await self._parts.drain()


async def serve(settings: Settings, sources: Sources = None) -> None:
    """Serve until SIGTERM or SIGINT. Raises `SettingsError` or `StoreError` when it cannot start."""
    await run(Server(settings), settings, Role.SERVER, Port("PORT", settings.port), sources)


def _where(settings: Settings) -> str:
    if settings.redis_location is None:
        kept = f"{settings.data_dir}/" if settings.neo4j_uri is None else settings.store_location
        return f"Data is kept in {kept}."
    return (
        f"Data is kept in {settings.store_location}.\n"
        f"Explorations wait in {settings.redis_location} for workers; the command `worker` starts one."
    )
