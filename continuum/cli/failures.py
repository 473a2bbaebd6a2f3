"""How a command that fails says so: one sentence, and an exit code.

0  all of it was done
1  part of it was not (a bad line of a file, a check that failed, an exploration that found nothing)
2  nothing could be done
130, 141  interrupted by Ctrl-C; the reader of its output went away
"""

import os
import sys
import traceback
from typing import Final

import click

from continuum.access.principal import WorkspaceNameError
from continuum.backups.errors import BackupError
from continuum.cli.words import safe
from continuum.settings import SettingsError
from exploration.errors import ExplorationError
from graphstore.errors import StoreError
from graphstore.formats import FormatError
from providers.errors import ProviderError
from providers.registry import UnknownNameError
from telemetry.logs import masked

DONE: Final = 0
PARTLY: Final = 1
NOTHING: Final = 2
INTERRUPTED: Final = 130
UNREAD: Final = 141

_EXPECTED = (
    SettingsError,
    StoreError,
    ExplorationError,
    ProviderError,
    UnknownNameError,
    FormatError,
    WorkspaceNameError,
    BackupError,
)
"""Errors whose messages were written for the person who reads them."""


def exit_code(error: BaseException, *, debug: bool) -> int:
    """Tell what went wrong; the code to exit with."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        [error] = error.exceptions
    try:
        if isinstance(error, BrokenPipeError):
            raise error
        return _told(error, debug=debug)
    except BrokenPipeError:
        _silence()
        return UNREAD


def _told(error: BaseException, *, debug: bool) -> int:
    if isinstance(error, KeyboardInterrupt | click.Abort):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    if debug:
        click.echo(masked("".join(traceback.format_exception(error))), err=True, nl=False)
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    click.echo(f"Error: {masked(_sentence(error))}", err=True)
    return NOTHING if isinstance(error, (*_EXPECTED, OSError)) else PARTLY


def _sentence(error: BaseException) -> str:
    if isinstance(error, _EXPECTED):
        return safe(str(error))
    if isinstance(error, OSError) and error.strerror:
        return safe(f"{error.filename}: {error.strerror}" if error.filename is not None else error.strerror)
    return safe(f"something is wrong inside Continuum ({type(error).__name__}: {error}); --debug shows where")


def _silence() -> None:
    """Keep the interpreter from complaining, when it ends, of output that nobody reads."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
