"""Metrics of what the graph holds, of its pictures, and of those who are asked for either.

`provider` is the name of a knowledge source or of a provider of images.
"""

from prometheus_client import Counter, Gauge, Histogram

NODES = Gauge("knowledge_graph_nodes_total", "Concepts that are stored, in all workspaces.", ["store"])
EDGES = Gauge("knowledge_graph_edges_total", "Relations that are stored, in all workspaces.", ["store"])
IMAGES = Counter("images_generated_total", "Pictures that were made.", ["provider"])
IMAGE_DURATION = Histogram(
    "image_generation_duration_seconds",
    "Seconds of a call that gave pictures.",
    ["provider"],
    buckets=(0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)
IMAGE_FALLBACKS = Counter("image_fallbacks_total", "Pictures that were drawn since the provider failed.", ["provider"])
"""`provider`: who failed. Those that were drawn because the settings or the request want it are not among them."""
IMAGE_FAILURES = Counter("image_failures_total", "Images that came to nothing.", ["code"])
PROVIDER_REQUESTS = Counter("provider_requests_total", "Calls of providers.", ["provider", "outcome"])
"""`outcome` is `ok`, `transient` (away, busy, too slow), `refused`, `policy` (its rules forbid it), `garbled`,
`not_configured`, `cancelled` (by whoever asked) or `error` (a defect)."""
PROVIDER_DURATION = Histogram(
    "provider_request_duration_seconds",
    "Seconds of a call of a provider.",
    ["provider"],
    buckets=(0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)
