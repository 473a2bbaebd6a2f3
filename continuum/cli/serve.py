"""`continuum serve`."""

import sys

import click
import uvloop

from continuum.assembly import Role
from continuum.cli.shell import Shell, pass_shell


@click.command(short_help="Start the server.")
@click.option("--host", metavar="ADDRESS", help="Address to listen on; goes before HOST.  [default: 127.0.0.1]")
@click.option("--port", type=int, metavar="NUMBER", help="Port to listen on; goes before PORT.  [default: 8000]")
@pass_shell
def serve(shell: Shell, host: str | None, port: int | None) -> None:
    """Start the server: GraphQL, the explorer and GraphiQL.

    Ctrl-C or SIGTERM ends it in order; explorations that are not finished go on at the next start.
    """
    from continuum.app import serve as run_server  # noqa: PLC0415 - GraphQL takes a second to load; the others need none

    uvloop.run(run_server(shell.settings(Role.SERVER, host=host, port=port)))
    if sys.stderr.isatty():  # where the prompt would follow "^C" on its line
        click.echo("\nStopped.", err=True)
