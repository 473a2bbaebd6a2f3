"""Metrics of GraphQL. `name` is one of the operations that are known beforehand, or `other`."""

from prometheus_client import Counter, Gauge, Histogram

from telemetry.metrics.http import SECONDS

OPERATIONS = Counter("graphql_operations_total", "Operations that were carried out.", ["type", "name", "outcome"])
DURATION = Histogram(
    "graphql_operation_duration_seconds", "Seconds of queries and mutations.", ["type"], buckets=SECONDS
)
COST = Histogram(
    "graphql_operation_cost",
    "What operations may cost at most, as the limits count it.",
    ["type"],
    buckets=(10, 100, 1_000, 5_000, 10_000, 50_000),
)
REFUSALS = Counter("graphql_refusals_total", "Operations that were refused before they began.", ["reason"])
DEPRECATED = Counter("graphql_deprecated_fields_total", "Uses of fields that are to go.", ["field"])
ERRORS = Counter("graphql_errors_total", "Errors that clients were told of.", ["code"])
BATCH = Histogram(
    "graphql_loader_batch_size", "Keys of one batched read.", ["loader"], buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500)
)
WEBSOCKETS = Gauge("graphql_websocket_connections", "WebSockets that are open.")
SUBSCRIPTIONS = Gauge("graphql_subscriptions", "Subscriptions that are being told of something.", ["field"])
EVENTS_SENT = Counter("graphql_events_sent_total", "Events that subscribers were told of.", ["type"])
EVENTS_REPLAYED = Counter("graphql_events_replayed_total", "Those of them that were older than the subscription.")
