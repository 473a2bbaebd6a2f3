"""Backups of a store in a folder or a bucket, and what brings them back (docs/operations/backup.md)."""

from continuum.backups.errors import BackupError
from continuum.backups.manifest import Manifest
from continuum.backups.opening import backup_place
from continuum.backups.place import BackupPlace, Shelf
from continuum.backups.pruning import Pruned, pruned
from continuum.backups.restoring import Restored, Restoring
from continuum.backups.taking import Taken, Taking

__all__ = [
    "BackupError",
    "BackupPlace",
    "Manifest",
    "Pruned",
    "Restored",
    "Restoring",
    "Shelf",
    "Taken",
    "Taking",
    "backup_place",
    "pruned",
]
