"""The embedded store: one SQLite file."""

from graphstore.sqlite.database import SqliteDatabase, open_database

__all__ = ["SqliteDatabase", "open_database"]
