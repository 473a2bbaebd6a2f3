"""The servers that are put under load, gone with all they hold at the end."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.servers import Started, cpu_seconds, started
from scripts.servers.services import NEO4J, REDIS
from tests.load import options
from tests.load.options import Options
from tests.support.processes import OurProcess, server, worker

NOWHERE = {"neo4j_uri": "", "redis_url": "", "redis_cache_url": ""}
"""What the environment names is not what is measured."""
OFFLINE = {"knowledge_sources": "atlas"}
"""Nor does anybody pay for it."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What runs."""

    servers: Sequence[str]
    """Addresses."""
    workers: Sequence[str] = ()
    pids: Mapping[str, int] = field(default_factory=dict)
    """By what a person calls the process; none where they are not ours to look at."""

    def cpu(self) -> Mapping[str, float]:
        """Seconds of the processor that each has used, of those that live, where the system tells."""
        used = {}
        for name, pid in self.pids.items():
            with suppress(FileNotFoundError):  # it has ended, or there is no /proc
                used[name] = cpu_seconds(pid)
        return used


@contextmanager
def services(wanted: Options) -> Iterator[Mapping[str, Started]]:
    """Neo4j and Redis, where they are wanted."""
    with ExitStack() as stack:
        needed = (NEO4J, REDIS) if wanted.store == options.NEO4J else ()
        yield {service.title: stack.enter_context(started(service, wanted.data_dir)) for service in needed}


@asynccontextmanager
async def ground(wanted: Options, folder: Path, services: Mapping[str, Started]) -> AsyncIterator[Ground]:
    """All processes; what they write, logs included, lies in the folder."""
    if wanted.urls:
        yield Ground(wanted.urls)
        return
    settings = {**NOWHERE, **OFFLINE}
    for each in services.values():
        settings |= each.settings
    async with AsyncExitStack() as stack:
        servers: dict[str, OurProcess] = {}
        for name in _names("server", wanted.servers):
            servers[name] = await stack.enter_async_context(server(folder / name, **settings))
        workers: dict[str, OurProcess] = {}
        for name in _names("worker", wanted.workers):
            workers[name] = await stack.enter_async_context(worker(folder / name, **settings))
        pids = {name: each.process.pid for name, each in (*servers.items(), *workers.items())}
        pids |= {title: each.pid for title, each in services.items()}
        yield Ground(_addresses(servers), _addresses(workers), pids)


def _names(kind: str, number: int) -> list[str]:
    return [f"{kind}-{i + 1}" for i in range(number)]


def _addresses(processes: Mapping[str, OurProcess]) -> list[str]:
    return [each.address for each in processes.values()]
