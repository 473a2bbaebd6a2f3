"""Metrics of what the graph holds, and of its pictures."""

from prometheus_client import Counter, Gauge, Histogram

NODES = Gauge("knowledge_graph_nodes_total", "Concepts that are stored, in all workspaces.")
EDGES = Gauge("knowledge_graph_edges_total", "Relations that are stored, in all workspaces.")
IMAGES = Counter("images_generated_total", "Pictures that were made.", ["provider"])
IMAGE_DURATION = Histogram(
    "image_generation_duration_seconds",
    "Seconds of a call for pictures.",
    ["provider"],
    buckets=(0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)
IMAGE_FALLBACKS = Counter("image_fallbacks_total", "Pictures that were drawn instead.", ["provider"])
IMAGE_FAILURES = Counter("image_failures_total", "Images that came to nothing.", ["code"])
PROVIDER_REQUESTS = Counter("provider_requests_total", "Calls of providers.", ["provider", "outcome"])
PROVIDER_DURATION = Histogram(
    "provider_request_duration_seconds",
    "Seconds of a call of a provider.",
    ["provider"],
    buckets=(0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)
