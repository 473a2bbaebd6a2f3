"""What `continuum doctor` says of the backups that there are."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import click
import pytest

from continuum.backups import BackupError, Manifest, Shelf
from continuum.cli.check import Level
from continuum.cli.check_backups import newest_check

pytestmark = pytest.mark.usefixtures("command")

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def command() -> Iterator[None]:
    """What is said names the program as it was called."""
    with click.Context(click.Command("doctor"), info_name="continuum"):
        yield


def manifest(*, scope: tuple[str, ...] | None = None) -> Manifest:
    """A backup that took a minute."""
    ended = BEGAN + timedelta(minutes=1)
    return Manifest(1, "20260101T000000.000000Z", "0.1.0", 2, "sqlite", BEGAN, ended, scope, ())


def shelf(*finished: Manifest, damaged: tuple[BackupError, ...] = ()) -> Shelf:
    """Where these lie."""
    return Shelf("there", finished, (), damaged)


@pytest.mark.parametrize(("hours", "level"), [(0, Level.OK), (36, Level.OK), (37, Level.WARN)])
def test_an_old_one_is_warned_of(hours: int, level: Level) -> None:
    """After a night that was missed and not made up for."""
    check = newest_check(shelf(manifest()), BEGAN + timedelta(hours=hours))
    assert (check.level, check.state) == (level, f"the newest of 1 in there is {hours} hours old")


def test_one_of_a_single_workspace_is_not_enough() -> None:
    """It restores that workspace alone."""
    check = newest_check(shelf(manifest(scope=("side",))), BEGAN)
    assert (check.level, check.state) == (Level.WARN, "there is none of all workspaces in there")


def test_a_damaged_one_is_told() -> None:
    """Also when another can be read."""
    check = newest_check(shelf(manifest(), damaged=(BackupError("the backup x is damaged"),)), BEGAN)
    assert (check.level, check.state.endswith("; the backup x is damaged")) == (Level.WARN, True)
