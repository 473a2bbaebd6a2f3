"""Metrics of caches. `cache_type` is where something is kept, `key_prefix` what it is.

- `memory`, `image`: pictures for equal requests. Without Redis, or while it is away, that of each process.
- `redis`, `image`: the same, shared. What the server evicts by itself is not among the evictions.
- `store`, `thumbnail`: smaller copies beside the pictures, made when they are first asked for.
- `memory`, `document`: GraphQL documents that were parsed before.

The first look for a new picture or thumbnail finds nothing by nature: it is the documents that should be found.
"""

from prometheus_client import Counter, Gauge

HITS = Counter("cache_hits_total", "Looks that found something.", ["cache_type", "key_prefix"])
MISSES = Counter("cache_misses_total", "Looks that found nothing.", ["cache_type", "key_prefix"])
EVICTIONS = Counter("cache_evictions_total", "What was thrown out to make room.", ["cache_type"])
SIZE = Gauge("cache_size_bytes", "Bytes of pictures that are kept by this process.", ["cache_type"])
ENTRIES = Gauge("cache_entries", "Pictures that are kept by this process.", ["cache_type"])
