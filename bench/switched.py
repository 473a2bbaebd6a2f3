"""Continuum whose tracing goes off and on again with each SIGUSR1: `python -m bench.switched serve`.

Two processes of one program differ by some per cent in what a request costs, which is as much as tracing may cost. So
they change places.
"""

import signal
from typing import Any

from telemetry import traces


class _Switch:
    kept: Any = None


def _switch(*_: object) -> None:
    state = traces._State  # noqa: SLF001 - a server has no reason to do this
    state.tracer, _Switch.kept = _Switch.kept, state.tracer


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, _switch)
    from continuum.cli import main

    main()
