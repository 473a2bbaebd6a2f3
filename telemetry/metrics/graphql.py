"""Metrics of GraphQL. `name` is one of the operations that are known beforehand, `anonymous` or `other`.

`type` is `query`, `mutation` or `subscription`; of an operation that was refused, also `unknown`.
"""

from enum import StrEnum

from prometheus_client import Counter, Gauge, Histogram

from telemetry.metrics.http import SECONDS


class Outcome(StrEnum):
    """What became of an operation."""

    OK = "ok"
    ERRORS = "errors"
    """There is data, and there are errors. Of a subscription: its last result."""
    FAILED = "failed"
    """It was begun and gave no data."""
    REFUSED = "refused"
    CANCELLED = "cancelled"
    """The client left, or had enough: a subscription that did not end by itself."""


class Reason(StrEnum):
    """Why an operation was refused before it began. The first three are told before it is known to be one."""

    REQUEST = "request"
    """What was sent is no GraphQL request, or not in a form that is taken."""
    TOO_MANY_SUBSCRIPTIONS = "too_many_subscriptions"
    UNAVAILABLE = "unavailable"
    """The server is about to begin."""
    PARSE = "parse"
    VALIDATION = "validation"
    VARIABLES = "variables"
    OPERATION_NAME = "operation_name"
    NOT_ALLOWED = "not_allowed"
    """A subscription where there can be but one answer."""
    TOKENS = "tokens"
    DEPTH = "depth"
    ALIASES = "aliases"
    FRAGMENTS = "fragments"
    DIRECTIVES = "directives"
    ROOT_FIELDS = "root_fields"
    COST = "cost"


OPERATIONS = Counter("graphql_operations_total", "Operations that were carried out.", ["type", "name", "outcome"])
DURATION = Histogram(
    "graphql_operation_duration_seconds", "Seconds of queries and mutations.", ["type"], buckets=SECONDS
)
COST = Histogram(
    "graphql_operation_cost",
    "What operations that are within the limits may cost at most, as these count it.",
    ["type"],
    buckets=(10, 100, 500, 1_000, 2_500, 5_000, 10_000, 20_000),
)
REFUSALS = Counter("graphql_refusals_total", "Operations that were refused before they began.", ["reason"])
DEPRECATED = Counter("graphql_deprecated_fields_total", "Operations that use a field that is to go.", ["field"])
ERRORS = Counter("graphql_errors_total", "Errors that clients were told of.", ["code"])
BATCH = Histogram(
    "graphql_loader_batch_size", "Keys of one batched read.", ["loader"], buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500)
)
WEBSOCKETS = Gauge("graphql_websocket_connections", "WebSockets that are open.")
SUBSCRIPTIONS = Gauge("graphql_subscriptions", "Subscriptions that are being told of something.", ["field"])
EVENTS_SENT = Counter("graphql_events_sent_total", "Events that subscribers were told of.", ["type"])
EVENTS_REPLAYED = Counter("graphql_events_replayed_total", "Those of them that were older than the subscription.")

for _reason in Reason:  # a rate is known only of what was there before
    REFUSALS.labels(_reason)
