"""Metrics of caches. `cache_type` is `memory` or `redis`, `key_prefix` what is kept there."""

from prometheus_client import Counter, Gauge

HITS = Counter("cache_hits_total", "Looks that found something.", ["cache_type", "key_prefix"])
MISSES = Counter("cache_misses_total", "Looks that found nothing.", ["cache_type", "key_prefix"])
EVICTIONS = Counter("cache_evictions_total", "What was thrown out to make room.", ["cache_type"])
SIZE = Gauge("cache_size_bytes", "Bytes that are kept by this process.", ["cache_type"])
ENTRIES = Gauge("cache_entries", "Things that are kept by this process.", ["cache_type"])
