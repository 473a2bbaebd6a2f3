"""`continuum doctor`."""

import platform
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import click
from rich.text import Text

from continuum.cli.check import Check, Level
from continuum.cli.check_backups import backup_checks
from continuum.cli.check_pictures import painter_check, place_check
from continuum.cli.check_redis import redis_checks
from continuum.cli.check_store import store_checks
from continuum.cli.failures import DONE, PARTLY
from continuum.cli.shell import Shell, pass_shell, program, results, run
from continuum.cli.words import indented, styled
from continuum.exchange import Exchange
from continuum.providing import check_sources, image_catalogue
from continuum.settings import Settings, SettingsError
from continuum.stores import make_data_dir
from providers.errors import ProviderError
from providers.knowledge.atlas.source import AtlasSource
from providers.knowledge.port import Known

PYTHON: Final = (3, 11)
LITTLE_SPACE: Final = 1_000_000_000
NO_SPACE: Final = 50_000_000
"""Bytes free on the disk: the first is worth a warning, with less than the second nothing can be stored."""


@click.command(short_help="Check everything, and say how to mend what is wrong.")
@pass_shell
def doctor(shell: Shell) -> int:
    """Check settings, store, Redis, disk, pictures, backups and pages, and say how to mend what is wrong.

    Exit codes: 0 nothing is wrong (a warning may be shown), 1 something is.
    """
    return run(_doctor(shell))


async def _doctor(shell: Shell) -> int:
    levels = set()
    out = results()
    colours = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}
    async for check in _checks(shell):
        levels.add(check.level)
        told = styled(f"{check.subject}: {check.state}", "default")
        out.print(Text(check.level.ljust(6), colours[check.level]).append_text(told))
        if check.mend:
            out.print(indented(check.mend, 6))
    return PARTLY if Level.FAIL in levels else DONE


async def _checks(shell: Shell) -> AsyncIterator[Check]:
    yield _python()
    try:
        settings = shell.settings()
        check_sources(settings)
        catalogue = image_catalogue(settings, Exchange())
    except SettingsError as error:
        yield Check(Level.FAIL, "settings", str(error), "Set this variable right, or unset it for its default.")
        return
    yield Check(Level.OK, "settings", "all can be used")
    folder = _data_folder(settings)
    yield folder
    if folder.level is not Level.FAIL:
        yield _disk(settings.data_dir)
    if folder.level is not Level.FAIL or settings.neo4j_uri is not None:
        async for check in store_checks(settings):
            yield check
    async for check in redis_checks(settings):
        yield check
    yield await _atlas()
    yield painter_check(settings, catalogue)
    yield await place_check(settings)
    async for check in backup_checks(settings):
        yield check
    yield _pages(settings)
    yield await _port(settings)


def _python() -> Check:
    version = platform.python_version()
    if sys.version_info[:2] == PYTHON:
        return Check(Level.OK, "Python", version)
    return Check(Level.FAIL, "Python", f"{version}, but Continuum is made for 3.11", "Run it with Python 3.11.")


def _data_folder(settings: Settings) -> Check:
    folder = settings.data_dir.absolute()
    try:
        make_data_dir(settings)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, SettingsError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        mend = "Give this user the right to write there, or name another folder by DATA_DIR or --data-dir."
        return Check(Level.FAIL, "data folder", f"{folder} cannot be written: {reason}", mend)
    return Check(Level.OK, "data folder", f"{folder} can be written")


def _disk(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    state = f"{free / 1e9:,.1f} GB free"
    if free >= LITTLE_SPACE:
        return Check(Level.OK, "disk", state)
    level = Level.WARN if free >= NO_SPACE else Level.FAIL
    return Check(level, "disk", state, "Free some space: a graph of 100,000 concepts takes about 0.3 GB.")


async def _atlas() -> Check:
    topic = "photosynthesis"
    try:
        resolution = await AtlasSource().resolve(topic)
    except (ProviderError, OSError, ValueError) as error:
        return Check(Level.FAIL, "atlas", f"cannot be read: {error}", "Install Continuum again.")
    if not isinstance(resolution, Known):
        return Check(Level.FAIL, "atlas", f"lacks {topic}, so it is not the one that belongs here", "Install again.")
    return Check(Level.OK, "atlas", "can be read")


def _pages(settings: Settings) -> Check:
    wanted = ["explorer.html", *(["graphiql.html"] if settings.graphiql else [])]
    missing = [name for name in wanted if not (settings.pages_path / name).is_file()]
    if not missing:
        return Check(Level.OK, "pages", f"built in {settings.pages_path}")
    mend = "scripts/pages builds them; it needs Node 20 or newer, or brings its own. The API works without."
    return Check(Level.WARN, "pages", f"{' and '.join(missing)} not built", mend)


async def _port(settings: Settings) -> Check:
    address = f"{settings.host}:{settings.port}"
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(where)
    except OSError as error:
        if await _answers(settings):
            return Check(Level.OK, "port", f"a server of Continuum runs at {address}")
        mend = f"Choose another by PORT (and HOST), or `{program()} serve --port NUMBER`."
        return Check(Level.WARN, "port", f"cannot listen at {address}: {error.strerror or error}", mend)
    return Check(Level.OK, "port", f"{address} is free")


async def _answers(settings: Settings) -> bool:
    """Whether a server of ours is alive there."""
    import aiohttp  # noqa: PLC0415 - the other commands need no HTTP

    limit = aiohttp.ClientTimeout(total=2)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    try:
        async with (
            aiohttp.ClientSession(timeout=limit) as session,
            session.get(f"http://{host}:{settings.port}/health") as response,
        ):
            return response.ok and isinstance(await response.json(), dict)
    except (TimeoutError, aiohttp.ClientError, ValueError):
        return False
