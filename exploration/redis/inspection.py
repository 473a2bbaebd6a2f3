"""What an operator wants to know of a Redis server."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from exploration.redis.client import client

WAITING = "continuum-dequeue-dispatch"
"""What a worker calls the connection on which it waits for explorations; it has others for other jobs."""
_LIMIT = 2.0


@dataclass(frozen=True, slots=True)
class RedisReport:
    """How a server is set up."""

    version: str
    eviction: str
    """What it does when its memory is full; `noeviction` keeps everything."""
    workers: int | None
    """How many of our workers are connected; None where the server does not tell."""


async def inspected(url: str) -> RedisReport:
    """How the server at `url` is set up. Raises `ConnectionError`, with its own words and without the address."""
    redis = client(url, name="continuum-doctor", limit=_LIMIT)
    async with aclosing(redis):
        try:
            async with asyncio.timeout(_LIMIT):
                found: Mapping[str, Any] = await redis.info("server", "memory")
                workers = await _workers(redis)
        except TimeoutError:
            raise ConnectionError(f"no answer within {_LIMIT:g} s") from None
        except (RedisError, OSError) as error:
            raise ConnectionError(str(error) or type(error).__name__) from error
    version, eviction = found.get("redis_version", "?"), found.get("maxmemory_policy", "unknown")
    return RedisReport(str(version), str(eviction), workers)


async def _workers(redis: Redis) -> int | None:
    """Each worker has one such connection."""
    database = str(redis.connection_pool.connection_kwargs.get("db") or 0)
    try:
        clients = await redis.client_list()
    except ResponseError:  # a server that is shared with others may keep this to itself
        return None
    return len([each for each in clients if each["name"] == WAITING and each["db"] == database])
