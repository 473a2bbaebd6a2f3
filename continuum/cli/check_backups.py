"""What `continuum doctor` finds of backups: whether their place can be reached, and how old the newest is."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Final

from continuum.backups import BackupError, Shelf, backup_place
from continuum.cli.check import Check, Level
from continuum.cli.shell import program
from continuum.cli.words import counted
from continuum.settings import Settings, SettingsError
from graphstore.errors import StoreError

SUBJECT: Final = "backups"
STALE: Final = timedelta(hours=36)
"""A nightly one was missed and not made up for: what the alert BackupMissing says, too."""


async def backup_checks(settings: Settings) -> AsyncIterator[Check]:
    """Nothing where none are set up. Nothing is written, so whether the place takes one is told by the first."""
    if settings.backup_url is None:
        return
    try:
        yield newest_check(await backup_place(settings, make=False).shelf(), datetime.now(UTC))
    except (SettingsError, StoreError, BackupError) as error:
        yield Check(Level.FAIL, SUBJECT, str(error), f"`{program()} backup` cannot be used until then. See BACKUP_URL.")


def newest_check(shelf: Shelf, now: datetime) -> Check:
    """How old the newest backup of all workspaces is."""
    complete = [one for one in shelf.finished if one.scope is None]
    again = f"`{program()} backup` takes one."
    if not complete:
        return Check(Level.WARN, SUBJECT, f"there is none of all workspaces in {shelf.location}", again)
    newest = complete[0]
    age = now - newest.began
    state = f"the newest of {len(complete)} in {shelf.location} is {counted(age // timedelta(hours=1), 'hour')} old"
    if shelf.damaged:
        return Check(Level.WARN, SUBJECT, f"{state}; {shelf.damaged[0]}", "`restore --list` tells which can be read.")
    if age > STALE:
        return Check(Level.WARN, SUBJECT, state, again)
    return Check(Level.OK, SUBJECT, state)
