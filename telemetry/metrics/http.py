"""Metrics of what is asked over HTTP. `endpoint` is the route's pattern, never the path that was asked for; `other`
where there is no route. `method` is one of those of RFC 9110 and 5789, or `OTHER`.

A WebSocket and a stream of events are counted when they begin: they have no duration, no sizes, and are not in
progress. `status` is 499 where the request ended before its answer began, since the client had gone.
"""

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
SIZES = (256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216)

REQUESTS = Counter("http_requests_total", "Requests that were answered.", ["method", "endpoint", "status"])
DURATION = Histogram(
    "http_request_duration_seconds", "Seconds until an answer was sent.", ["method", "endpoint"], buckets=SECONDS
)
REQUEST_SIZE = Histogram(
    "http_request_size_bytes",
    "Bytes of request bodies, as far as they were received.",
    ["method", "endpoint"],
    buckets=SIZES,
)
RESPONSE_SIZE = Histogram("http_response_size_bytes", "Bytes of answers.", ["method", "endpoint"], buckets=SIZES)
IN_PROGRESS = Gauge("http_requests_in_progress", "Requests that are being answered.", ["method", "endpoint"])
