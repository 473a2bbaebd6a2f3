"""Opening the file: with all rights where possible, for reading alone where not."""

import sqlite3
import urllib.parse
from pathlib import Path

from graphstore.sqlite.failures import BUSY_TIMEOUT

_SETTINGS = (
    # Commits reach the disk before they are answered: in WAL mode NORMAL survives a killed process but not a lost
    # power supply. FULL costs one fsync per commit.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = OFF",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA secure_delete = FAST",
    # With the standard 4 MB pages of a bulk load are copied into the file several times over.
    "PRAGMA wal_autocheckpoint = 4000",
    "PRAGMA journal_size_limit = 67108864",
)
_UNREACHABLE = frozenset(
    {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL}
)


def open_writer(path: Path) -> sqlite3.Connection:
    """A connection that writes; for a file that cannot be written, one whose writes fail."""
    return _open(path, "rwc", cache_kib=32_768)


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that never writes."""
    connection = _open(path, "rw", cache_kib=16_384)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _open(path: Path, mode: str, cache_kib: int) -> sqlite3.Connection:
    try:
        connection = _connect(path, f"mode={mode}")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in _UNREACHABLE or not path.exists():
            raise
        connection = _connect_unwritable(path)
    for setting in _SETTINGS:
        connection.execute(setting)
    connection.execute(f"PRAGMA cache_size = -{cache_kib}")
    return connection


def _connect(path: Path, query: str) -> sqlite3.Connection:
    uri = f"file:{urllib.parse.quote(str(path.absolute()))}?{query}"
    connection = sqlite3.connect(
        uri, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT, check_same_thread=False, cached_statements=256
    )
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _connect_unwritable(path: Path) -> sqlite3.Connection:
    """Readers of a WAL file write beside it as well. Where even that is impossible and no writer left anything in
    the log, the file can be taken as one that never changes."""
    try:
        return _connect(path, "mode=ro")
    except sqlite3.OperationalError:
        log = path.with_name(f"{path.name}-wal")
        if log.exists() and log.stat().st_size:
            raise
        return _connect(path, "mode=ro&immutable=1")
