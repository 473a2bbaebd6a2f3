"""`continuum backup`."""

import time
from collections.abc import Sequence

import click

from continuum.access.principal import checked_workspace
from continuum.backups import BackupError, BackupPlace, Manifest, Pruned, Taken, Taking, backup_place, pruned
from continuum.backups.taking import chosen
from continuum.cli.failures import DONE, PARTLY
from continuum.cli.shell import Shell, pass_shell, program, run
from continuum.cli.status import shown_status
from continuum.cli.words import counted, lasted, safe
from continuum.providing import picture_bytes
from continuum.settings import Settings
from continuum.stores import opened_store
from graphstore.errors import StoreError
from graphstore.port import Database


def named_workspaces(own: Sequence[str]) -> tuple[str, ...] | None:
    """The workspaces that were named, by this command's option or by the program's; None: nobody named any."""
    outer = click.get_current_context().find_root().params.get("workspace")
    names = [*own, *([outer] if outer else [])]
    return tuple(dict.fromkeys(map(checked_workspace, names))) or None


@click.command(short_help="Back up the store and its pictures.")
@click.option("--keep", type=click.IntRange(min=1), metavar="N", help="Remove all but the N newest backups afterwards.")
@click.option(
    "--workspace", "workspaces", multiple=True, metavar="NAME", help="Back up this one only; repeatable. [default: all]"
)
@pass_shell
def backup(shell: Shell, *, keep: int | None, workspaces: tuple[str, ...]) -> int:
    """Write all that the store holds, with the pictures, to the place that BACKUP_URL names.

    Servers and workers go on meanwhile. Backups of some workspaces are kept and counted apart from those of all. What
    an interrupted backup left there is removed by a later one.

    Exit codes: 0 it was taken, 1 it was taken but the place could not be tidied up, 2 it was not taken.
    """
    return run(_backup(shell, named_workspaces(workspaces), keep))


async def _backup(shell: Shell, scope: tuple[str, ...] | None, keep: int | None) -> int:
    settings = shell.settings()
    place = backup_place(settings)
    # It reads, and migrates nothing: before an upgrade is when one is wanted most.
    async with opened_store(settings, migrate=False) as database:
        if not await _is_filled(database):
            click.echo("The store holds nothing: no backup was made, and older ones stay.", err=True)
            return DONE
        began = time.monotonic()
        names = await chosen(database, scope)
        with shown_status("Backing up") as show:
            taken = await Taking(database, picture_bytes(settings), place, show).run(names, scope)
    code = await _tidied(place, taken.manifest, keep)
    _tell(settings, place, taken, time.monotonic() - began)
    return code


async def _is_filled(database: Database) -> bool:
    """Whether there is anything to back up. Raises `BackupError` for a schema that this program cannot read yet."""
    versions = await database.operations.versions()
    if 0 < versions.stored < versions.newest:
        raise BackupError(
            f"the store has schema version {versions.stored}, and this program reads {versions.newest}: let the "
            f"program that made it take the backup, or run `{program()} migrate` first"
        )
    return bool(versions.stored and await database.operations.workspaces())


def _tell(settings: Settings, place: BackupPlace, taken: Taken, seconds: float) -> None:
    manifest = taken.manifest
    missing = sum(content.missing for content in manifest.contents)
    if missing:
        verb = "has" if missing == 1 else "have"
        click.echo(f"{counted(missing, 'picture')} {verb} no bytes in {settings.image_location}.", err=True)
    click.echo(
        f"{manifest.id}: {counted(len(manifest.contents), 'workspace')}, {counted(manifest.records, 'record')} in "
        f"{manifest.bytes:,} bytes, {counted(manifest.pictures, 'picture')} ({taken.copied:,} copied), "
        f"from {settings.store_location} to {place.location} in {lasted(seconds)}."
    )


async def _tidied(place: BackupPlace, manifest: Manifest, keep: int | None) -> int:
    try:
        _tell_pruned(await pruned(place, manifest, keep))
    except StoreError as error:
        click.echo(f"The backup was taken, but {place.location} could not be tidied up: {safe(str(error))}", err=True)
        return PARTLY
    return DONE


def _tell_pruned(done: Pruned) -> None:
    if done.unfinished:
        click.echo(f"Removed what was left of {counted(done.unfinished, 'unfinished backup')}.", err=True)
    if done.backups:
        removed = f"{counted(len(done.backups), 'older backup')} and {counted(done.pictures, 'picture')}"
        click.echo(f"Removed {removed} that no backup shows any more.", err=True)
    for id in done.later:
        click.echo(f"{id} bears a later time than this one: a clock is wrong, and it passes for the newest.", err=True)
    for error in done.damaged:
        click.echo(safe(str(error)), err=True)
    if done.waits:
        click.echo("Pictures were not looked through: another backup is being taken, or one cannot be read.", err=True)
