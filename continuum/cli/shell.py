"""What all commands share: the global options, the settings, and a place to write."""

import asyncio
import contextlib
import logging
import sys
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console

from continuum.assembly import Role
from continuum.settings import Settings
from continuum.version import VERSION
from telemetry.logs import Program, configure_logs

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shell:
    """The global options of one call."""

    workspace: str
    data_dir: Path | None
    debug: bool

    def settings(self, role: Role = Role.COMMAND, **values: Any) -> Settings:
        """The settings, but what was given on the command line goes before them. Raises `SettingsError`.

        Logs are set up by them.
        """
        given = {"data_dir": self.data_dir, **values}
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
        log_as(role, settings)
        return settings


def log_as(role: Role, settings: Settings) -> None:
    """Set up the logs of a process that is there for this."""
    configure_logs(
        settings.log_level,
        settings.log_levels,
        json=settings.log_json,
        secrets=settings.secrets,
        program=Program(settings.otel_service_name, VERSION, role),
    )


_WIDE = 200

pass_shell = click.make_pass_decorator(Shell)


def program() -> str:
    """What the person typed to get here, to be typed again."""
    return click.get_current_context().find_root().info_name or "continuum"


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work to its end."""
    return asyncio.run(work)


def messages() -> Console:
    """Where a person is told what happens: standard error, so that standard output holds results alone."""
    return _console(stderr=True)


def results() -> Console:
    """Where results for a person go."""
    return _console(stderr=False)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Let the program's edge deal with it, as with any output."""
        raise BrokenPipeError


def _console(*, stderr: bool) -> Console:
    console = _Console(stderr=stderr, highlight=False, soft_wrap=True)
    if not console.is_terminal:  # only a terminal has a width that must be kept to
        console.width = _WIDE
    return console


def is_live(console: Console) -> bool:
    """Whether lines there can be drawn anew."""
    return console.is_terminal and not console.is_dumb_terminal


@contextlib.contextmanager
def logs_above(console: Console) -> Iterator[None]:
    """While a live display is on this console, print logs above it instead of across it."""
    handlers = [h for h in logging.getLogger().handlers if isinstance(h, logging.StreamHandler)]
    before = [h.setStream(sys.stderr) for h in handlers] if is_live(console) else []
    try:
        yield
    finally:
        for handler, stream in zip(handlers, before, strict=False):
            if stream is not None:
                handler.setStream(stream)
