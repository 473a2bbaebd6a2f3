"""Servers of the benchmark's own, gone with all they hold when it ends; and what a process has used."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import click

from continuum.settings import Settings
from scripts.servers.place import Place, Running
from scripts.servers.running import down, up
from scripts.servers.services import Service


@dataclass(frozen=True, slots=True)
class Started:
    """A server that runs."""

    settings: Mapping[str, str]
    """What a program is told of it, for `tests.support.processes.environment`."""
    port: int
    pid: int


@contextmanager
def started(service: Service, data_dir: Path | None = None) -> Iterator[Started]:
    """A server in a set named for this process; its data is deleted with it. `data_dir` goes before the setting."""
    if all(way.missing() for way in service.ways):
        raise click.ClickException(f"{service.title} cannot be had here. It needs {service.to_get_it}.")
    place = Place((data_dir or Settings().data_dir).resolve() / "services" / f"bench-{os.getpid()}" / service.name)
    try:
        running = up(service, place, lambda text: click.echo(text, err=True))
        settings = {name.lower(): value for name, value in service.settings(running.port).items()}
        yield Started(settings, running.port, _pid(running))
    finally:
        down(service, place)
        place.delete()


def _pid(running: Running) -> int:
    """The server's process, be it in a container."""
    if running.id.isdigit():
        return int(running.id)
    asked = ["docker", "inspect", "--format", "{{.State.Pid}}", running.id]
    return int(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)  # noqa: S603 - a name of ours


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads (proc(5), fields 14 and 15 of stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ports(pid: int) -> frozenset[int]:
    """The ports of this machine at which the process has TCP connections over IPv4."""
    sockets: set[str] = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            sockets.update(re.findall(r"socket:\[(\d+)\]", str(descriptor.readlink())))
    table = Path(f"/proc/{pid}/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    rows = [line.split() for line in table]
    return frozenset(int(row[1].split(":")[1], 16) for row in rows if row[9] in sockets)
