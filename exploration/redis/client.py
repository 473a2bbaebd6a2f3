"""Clients of Redis that never make anybody wait for long."""

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

CONNECT_LIMIT = 0.5
"""Seconds that connecting may take."""


def client(url: str, *, name: str, limit: float, connections: int = 1, retries: int = 0) -> Redis:
    """A client each of whose waits ends after `limit` seconds: for an answer, and for a free connection.

    Only a lost connection is tried again, and at once: to wait and try again is up to those who know what for.
    Raises `ValueError` for a URL that is none of Redis.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=limit,
        socket_timeout=limit,
        socket_connect_timeout=min(limit, CONNECT_LIMIT),
        retry=Retry(NoBackoff(), retries, (RedisConnectionError,)),
        client_name=name,
    )
    return Redis.from_pool(pool)
