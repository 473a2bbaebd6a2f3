"""`continuum worker`."""

import sys

import click
import uvloop

from continuum.assembly import Role
from continuum.cli.shell import Shell, pass_shell


@click.command(short_help="Start a worker, which explores and makes pictures for servers.")
@click.option(
    "--concurrency",
    type=click.IntRange(1, 100),
    metavar="N",
    help="Explorations to run at a time; goes before EXPLORATIONS_AT_ONCE.  [default: 4]",
)
@click.option(
    "--host", metavar="ADDRESS", help="Address of /health and /ready; goes before HOST.  [default: 127.0.0.1]"
)
@click.option("--port", type=int, metavar="NUMBER", help="Their port; goes before WORKER_PORT.  [default: 8001]")
@pass_shell
def worker(shell: Shell, concurrency: int | None, host: str | None, port: int | None) -> None:
    """Start a worker: it runs the explorations that servers start. It needs REDIS_URL, as its servers do.

    Ctrl-C or SIGTERM ends it in order, within SHUTDOWN_SECONDS: what runs is finished or handed back. A second one
    ends it at once.
    """
    from continuum.worker import work  # noqa: PLC0415 - the other commands need no HTTP server

    settings = shell.settings(Role.WORKER, explorations_at_once=concurrency, host=host, worker_port=port)
    uvloop.run(work(settings))
    if sys.stderr.isatty():  # where the prompt would follow "^C" on its line
        click.echo("\nStopped.", err=True)
