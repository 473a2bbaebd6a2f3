"""Metrics of the process. Those of the interpreter and of memory come with the library."""

from prometheus_client import Counter, Gauge, Info

APPLICATION = Info("application", "What runs here.")
SPANS = Counter("tracing_spans_total", "Spans that were ended.", ["service", "span_name"])
ERRORS = Counter("errors_total", "Errors that nobody meant to happen.", ["error_type", "location"])
LOOP_LAG = Gauge("event_loop_lag_seconds", "How late the event loop was at most, in the last 20 s.")
DRAINING = Gauge("application_draining", "Whether this process is ending in good order.")
