"""Metrics of the store, and of the servers that a process depends on.

`table` is a role of the store's port, `operation` a method of it: both are few. `status` is `ok`, `refused` (what was
asked for is not there or does not fit), `error` or `cancelled`. `store` is `sqlite` or `neo4j`; `dependency` is
`store`, `pictures`, `redis` or `redis_cache`.
"""

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Bounds of buckets. Alerts count what lies beyond 0.1."""

DURATION = Histogram(
    "db_query_duration_seconds", "Seconds of a call of the store.", ["operation", "table"], buckets=SECONDS
)
QUERIES = Counter("db_queries_total", "Calls of the store.", ["operation", "table", "status"])
CONNECTIONS_ACTIVE = Gauge("db_connections_active", "Connections that are in use.", ["store"])
POOL_SIZE = Gauge("db_connection_pool_size", "Connections that may be in use at once.", ["store"])
WAITING = Gauge("db_calls_waiting", "Calls of the store that wait for a connection.", ["store"])
RETRIES = Counter("db_retries_total", "Transactions that were tried again.", ["store", "reason"])
MIGRATIONS = Counter("db_migrations_total", "Migrations that this process has run.", ["store"])
SCHEMA_VERSION = Gauge("db_schema_version", "Version of the stored schema.", ["store"])
UP = Gauge("dependency_up", "Whether a server that this process depends on can be used.", ["dependency"])
MEMORY_USED = Gauge("dependency_memory_used_bytes", "Memory that a Redis server uses.", ["dependency"])
MEMORY_MAX = Gauge("dependency_memory_max_bytes", "Memory that it may use; 0 for no bound.", ["dependency"])
