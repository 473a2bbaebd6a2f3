"""Storing rows as nodes: new ones, and those that are stored already under their key."""

from collections.abc import Sequence


def upsert(label: str, columns: Sequence[str], key: Sequence[str]) -> str:
    """Insert nodes, or give those with the same key the new values."""
    return f"""
    UNWIND $rows AS row
    MERGE (n:{label} {{workspace: $workspace, {values(columns, key)}}})
    SET n += {{{values(columns, [column for column in columns if column not in key])}}}"""


def values(columns: Sequence[str], chosen: Sequence[str]) -> str:
    """The chosen columns of a row as the entries of a map; one that is null takes the property away."""
    return ", ".join(f"{column}: row[{columns.index(column)}]" for column in chosen)
