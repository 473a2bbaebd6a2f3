"""What can be wrong with backups.

BackupError (ValueError)     nothing was taken or restored; the message says why
"""


class BackupError(ValueError):
    """A backup cannot be taken, read or restored."""
