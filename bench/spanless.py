"""Continuum in which nobody asks for a span: `python -m bench.spanless serve`. What tracing costs while it is off is
what it costs beside this."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from opentelemetry.trace import INVALID_SPAN

from telemetry import traces

_NOTHING = nullcontext(INVALID_SPAN)


def _nothing(*_: Any, **__: Any) -> AbstractContextManager[Any]:
    return _NOTHING


if __name__ == "__main__":
    # Before anything else is imported, which takes these names from there.
    for name in ("span", "going_on"):
        setattr(traces, name, _nothing)
    from continuum.cli import main

    main()
