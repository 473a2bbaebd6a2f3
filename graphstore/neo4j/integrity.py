"""Whether the stored data is sound."""

from graphstore.neo4j.connection import Connection
from graphstore.neo4j.cypher.operations import PROBLEMS

_MOST = 10
_TIME_LIMIT = 600.0
"""Seconds for one of the checks: each reads all there is of its kind."""


async def problems(connection: Connection) -> tuple[str, ...]:
    """What is wrong with the data, the first few things, each with an example."""
    found: list[str] = []
    for what, statement in PROBLEMS.items():
        number, example = await connection.read(statement, {}, _TIME_LIMIT)
        if number:
            found.append(f"{what}: {number}, for example {example!r}")
    return tuple(found[:_MOST])
