"""All metrics of Continuum, in the registry of the library, by what they are about."""

from prometheus_client import disable_created_metrics

# A second series beside each, which says when it began: nothing here asks for that.
disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no annotations
