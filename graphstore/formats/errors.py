"""What can be wrong with a file.

FormatError (ValueError)         nothing of the file can be used
└── VersionError                 it was written by a newer program
LineError (ValueError)           one line cannot be used; the others can
"""


class FormatError(ValueError):
    """The file as a whole cannot be used; the message says why."""


class VersionError(FormatError):
    """The file's format is newer than this program's."""

    def __init__(self, version: int, known: int) -> None:
        super().__init__(
            f"the file is of version {version} of the format, and this program reads up to version {known}; "
            "a newer release of Continuum can read it"
        )


class LineError(ValueError):
    """One line cannot be used; the message says what is wrong with it."""
