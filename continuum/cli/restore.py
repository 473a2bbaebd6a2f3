"""`continuum restore`."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import click

from continuum.access.principal import checked_workspace
from continuum.backups import BackupError, Manifest, Restored, Restoring, Shelf, backup_place
from continuum.backups.restoring import chosen
from continuum.cli.backup import named_workspaces
from continuum.cli.failures import DONE, PARTLY
from continuum.cli.shell import Shell, pass_shell, program, run
from continuum.cli.status import shown_status
from continuum.cli.transfer import tell_problems, told_counts
from continuum.cli.words import counted, lasted, named, safe
from continuum.providing import picture_bytes
from continuum.stores import make_data_dir, opened_store
from graphstore.port import Database

LATEST = "latest"


@click.command(short_help="Bring back what a backup holds.")
@click.option("--list", "only_list", is_flag=True, help="Only list the backups that there are.")
@click.option(
    "--at", default=LATEST, show_default=True, metavar="ID", help="Which backup: the time it bears, or its beginning."
)
@click.option("--workspace", "workspaces", multiple=True, metavar="NAME", help="Restore this one only; repeatable.")
@click.option("--into", metavar="NAME", help="Restore the one workspace under another name.")
@click.option("--onto-existing", is_flag=True, help="Store it over what is there.")
@pass_shell
def restore(
    shell: Shell,
    *,
    only_list: bool,
    at: str,
    workspaces: tuple[str, ...],
    into: str | None,
    onto_existing: bool,
) -> int:
    """Bring back what a backup at BACKUP_URL holds, records and pictures, into the store of the settings.

    Everything is compared with the backup's own digests before anything is written. Workspaces that hold something
    are left alone unless --onto-existing is given: then what has the same id is replaced, what else is there stays,
    and unfinished explorations go on from where the backup has them. A restore that was interrupted is completed so.

    Exit codes: 0 all of it was restored and is sound, 1 part of it was not, 2 nothing was restored, or it
    ended before its end, and then it says so.
    """
    names = named_workspaces(workspaces)
    if only_list:
        return run(_list(shell))
    target = None if into is None else checked_workspace(into)
    return run(_restore(shell, None if at == LATEST else at, names, target, onto_existing=onto_existing))


async def _list(shell: Shell) -> int:
    shelf = await backup_place(shell.settings(), make=False).shelf()
    for one in shelf.finished:
        workspaces = named([content.workspace for content in one.contents], 5)
        holds = f"{counted(one.records, 'record')}, {counted(one.pictures, 'picture')}, {one.bytes:,} bytes"
        click.echo(f"{one.id}  {holds}  {workspaces}")
    _tell_others(shelf)
    return PARTLY if shelf.damaged else DONE


def _tell_others(shelf: Shelf) -> None:
    for id in shelf.unfinished:
        click.echo(f"{id} is not finished.", err=True)
    _tell_damaged(shelf)
    if not shelf.finished:
        click.echo(f"There is no backup in {shelf.location}.", err=True)


def _tell_damaged(shelf: Shelf) -> None:
    for error in shelf.damaged:
        click.echo(safe(str(error)), err=True)


async def _restore(
    shell: Shell, at: str | None, names: Sequence[str] | None, into: str | None, *, onto_existing: bool
) -> int:
    settings = shell.settings()
    place = backup_place(settings, make=False)
    shelf = await place.shelf()
    manifest = chosen(shelf, at, names or ())
    if at is None:
        _tell_damaged(shelf)  # one of them may be newer
    targets = _targets(manifest, names, into)
    make_data_dir(settings)  # also beside Neo4j: files without a name are kept there meanwhile
    async with opened_store(settings) as database:
        began = time.monotonic()
        with shown_status("Restoring") as show:
            restoring = Restoring(database, picture_bytes(settings), place, manifest, show)
            with _told_if_cut_short(restoring, manifest):
                restored = await restoring.run(targets, settings.data_dir, onto_existing=onto_existing)
        complete = [_told(manifest, one) for one in restored]
        sound = await _is_sound(database)
        unfinished = await database.operations.unowned(1)
    click.echo(f"Restored {manifest.id} to {settings.store_location} in {lasted(time.monotonic() - began)}.")
    if unfinished:
        who = "serve" if settings.redis_url is None else "worker"
        click.echo(f"Next: {program()} {who}   goes on with the explorations that are not finished")
    return DONE if sound and all(complete) else PARTLY


@contextmanager
def _told_if_cut_short(restoring: Restoring, manifest: Manifest) -> Iterator[None]:
    """Say what is to be done where it ends before its end, by Ctrl-C too."""
    try:
        yield
    except BaseException:
        if restoring.begun:
            how = f"the same command with --at {manifest.id} --onto-existing completes it"
            click.echo(f"A part of it was restored: {how}.", err=True)
        raise


def _targets(manifest: Manifest, names: Sequence[str] | None, into: str | None) -> Mapping[str, str]:
    """From the name that a workspace had to the one that it gets."""
    names = names or [content.workspace for content in manifest.contents]
    if into is None:
        return {name: name for name in names}
    if len(names) != 1:
        raise BackupError(f"--into is for one workspace, and these are {len(names)}: choose one by --workspace")
    return {names[0]: into}


def _told(manifest: Manifest, one: Restored) -> bool:
    """Say what came of a workspace; whether all of it is there."""
    tell_problems(one.report)
    put_back = f"; {counted(one.pictures, 'picture')} put back" if one.pictures else ""
    click.echo(f"{one.workspace}: stored {told_counts(one.report)}{put_back}.")
    if one.missing:
        click.echo(f"{counted(one.missing, 'picture')} of it cannot be had from {manifest.id}.", err=True)
    return not one.report.failed and not one.missing


async def _is_sound(database: Database) -> bool:
    problems = await database.operations.verify()
    for problem in problems:
        click.echo(f"wrong: {safe(problem)}", err=True)
    return not problems
