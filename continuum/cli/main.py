"""The command `continuum` and its global options."""

import io
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from continuum.access.principal import checked_workspace
from continuum.cli.backup import backup
from continuum.cli.doctor import doctor
from continuum.cli.explore import explore
from continuum.cli.failures import DONE, exit_code
from continuum.cli.image import image
from continuum.cli.migrate import migrate
from continuum.cli.restore import restore
from continuum.cli.schema import schema
from continuum.cli.search import search
from continuum.cli.serve import serve
from continuum.cli.shell import Shell
from continuum.cli.transfer import export_command, import_command
from continuum.cli.worker import worker
from continuum.version import VERSION


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--workspace", metavar="NAME", help="Whose graph to work on.  [default: main]")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Where everything is stored; goes before DATA_DIR.  [default: data]",
)
@click.option("--debug", is_flag=True, help="Show where in the program an error comes from.")
@click.version_option(VERSION, prog_name="continuum", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context, *, workspace: str | None, data_dir: Path | None, debug: bool) -> None:
    """Continuum explores a topic and grows a typed, sourced graph of concepts from it.

    Settings are variables such as DATA_DIR and PORT (see README.md). Every command has its own --help.
    """
    context.obj = Shell(checked_workspace(workspace), data_dir, debug)


for command in (
    *(serve, worker, explore, image, search, import_command, export_command),
    *(backup, restore, migrate, schema, doctor),
):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None, program: str = "continuum") -> None:
    """Run the command line and exit. `program` is what the person typed to get here, for help and hints."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that cannot show a letter is no reason to fail
            stream.reconfigure(errors="replace")
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        # Not `cli.main()`, which has an exit code of its own for pipes that were closed.
        with cli.make_context(program, list(arguments)) as context:
            code = cli.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as done:
        code = done.exit_code
    except (Exception, KeyboardInterrupt) as error:  # the edge of the program
        code = exit_code(error, debug="--debug" in arguments)
    sys.exit(code if isinstance(code, int) else DONE)
