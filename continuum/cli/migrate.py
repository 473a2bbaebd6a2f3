"""`continuum migrate`."""

import click

from continuum.cli.failures import DONE, PARTLY
from continuum.cli.shell import Shell, pass_shell, program, run
from continuum.stores import opened_store
from graphstore.port import SchemaVersions


@click.command(short_help="Bring the store's schema up to date.")
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 when a migration is due.")
@pass_shell
def migrate(shell: Shell, *, check: bool) -> int:
    """Bring the schema of the store up to date, and say which version it had and has.

    Servers, workers and all other commands do the same when they open the store. Exit codes: 0 it is up to date now,
    1 a migration is due (--check), 2 it could not be done.
    """
    return run(_migrate(shell, check=check))


async def _migrate(shell: Shell, *, check: bool) -> int:
    settings = shell.settings()
    async with opened_store(settings, migrate=False) as database:
        versions = await database.operations.versions()
        if check:
            return _told(settings.store_location, versions)
        now = await database.operations.migrate()
    if versions.stored == now:
        click.echo(f"{settings.store_location}: schema version {now}; there was nothing to do.")
    else:
        click.echo(f"{settings.store_location}: migrated from schema version {versions.stored} to {now}.")
    return DONE


def _told(location: str, versions: SchemaVersions) -> int:
    if versions.stored > versions.newest:
        click.echo(
            f"{location}: schema version {versions.stored}, of a newer program; it still serves this one, which knows "
            f"versions up to {versions.newest}."
        )
        return DONE
    if versions.stored == versions.newest:
        click.echo(f"{location}: schema version {versions.stored}; it is up to date.")
        return DONE
    click.echo(
        f"{location}: schema version {versions.stored}, and this program works with {versions.newest}: "
        f"`{program()} migrate` is due."
    )
    return PARTLY
