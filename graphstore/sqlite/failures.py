"""SQLite's failures in the store's own words."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from graphstore.errors import (
    ConflictError,
    InvalidError,
    ReadOnlyError,
    SchemaMismatch,
    StoreError,
    UnavailableError,
)

BUSY_TIMEOUT = 5.0
"""Seconds a writer waits for another process."""

_UNWRITABLE = frozenset(
    {
        sqlite3.SQLITE_IOERR_WRITE,
        sqlite3.SQLITE_IOERR_FSYNC,
        sqlite3.SQLITE_IOERR_DIR_FSYNC,
        sqlite3.SQLITE_IOERR_TRUNCATE,
        sqlite3.SQLITE_IOERR_SHMSIZE,
    }
)


_WRITE_LOCKED = (UnavailableError, "another process held the write lock of {path} for more than {seconds:g} s")
_UNWRITABLE_FILE = (ReadOnlyError, "{path} cannot be written: check the rights of the file and of its folder")
_UNUSABLE = (UnavailableError, "{path} cannot be used just now ({error})")
_MEANINGS: dict[int, tuple[Callable[[str], StoreError], str]] = {
    sqlite3.SQLITE_FULL: (ReadOnlyError, "the disk that holds {path} is full: nothing was changed, reads go on"),
    sqlite3.SQLITE_READONLY: _UNWRITABLE_FILE,
    sqlite3.SQLITE_PERM: _UNWRITABLE_FILE,
    sqlite3.SQLITE_BUSY: _WRITE_LOCKED,
    sqlite3.SQLITE_LOCKED: _WRITE_LOCKED,
    sqlite3.SQLITE_CORRUPT: (
        UnavailableError,
        "{path} is damaged ({error}): restore it from a backup or an export",
    ),
    sqlite3.SQLITE_NOTADB: (SchemaMismatch, "{path} is not a Continuum database, nor any SQLite file"),
    sqlite3.SQLITE_CANTOPEN: (
        UnavailableError,
        "{path} cannot be opened: check that its folder exists and may be used",
    ),
    sqlite3.SQLITE_IOERR: _UNUSABLE,
    sqlite3.SQLITE_NOMEM: _UNUSABLE,
    sqlite3.SQLITE_PROTOCOL: _UNUSABLE,
    sqlite3.SQLITE_CONSTRAINT: (ConflictError, "something like it is stored already"),
    sqlite3.SQLITE_TOOBIG: (InvalidError, "this is too big to be stored ({error})"),
}


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise what SQLite raises as one of `graphstore.errors`; a defect of ours passes as it is."""
    try:
        yield
    except sqlite3.Error as error:
        meaning = meaning_of(error, path)
        if meaning is None:
            raise
        raise meaning from error
    except (UnicodeEncodeError, OverflowError) as error:
        raise InvalidError(f"this cannot be stored: {error}") from error


def meaning_of(error: sqlite3.Error, path: Path) -> StoreError | None:
    """What went wrong, for those who know nothing of SQLite; None when it is a defect of the adapter."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
    if code in _UNWRITABLE:
        return ReadOnlyError(f"{path} cannot be written ({error})")
    if (meaning := _MEANINGS.get(code & 0xFF)) is None:
        return None
    kind, message = meaning
    return kind(message.format(path=path, error=error, seconds=BUSY_TIMEOUT))
