"""Errors: every line that reports one is counted, whoever writes it."""

import sys
from collections.abc import MutableMapping
from typing import Any

from telemetry.metrics.system import ERRORS

_COUNTED = frozenset({"error", "critical", "exception", "fatal"})
MOST = 500
"""Pairs of labels. There are far fewer classes of errors, unless something makes them as it runs."""
OTHER = "other"
_LONGEST = 80

_seen: set[tuple[str, str]] = set()


def count_errors(_logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Count the line where it tells of an exception, at ERROR or above."""
    if method in _COUNTED and (error := _error_of(line.get("exc_info"))) is not None:
        _count(error, str(line.get("logger", "")))
    return line


def count_unwritten(location: str) -> None:
    """Count a line that could not be written, from within the failure."""
    if (error := sys.exc_info()[1]) is not None:
        _count(error, location)


def _error_of(info: object) -> BaseException | None:
    """Of what `exc_info` may be: an exception, the triple of one, or that it is being handled."""
    if isinstance(info, tuple):
        info = info[1]
    elif info and not isinstance(info, BaseException):
        info = sys.exc_info()[1]
    return info if isinstance(info, BaseException) else None


def _count(error: BaseException, location: str) -> None:
    labels = (type(error).__name__[:_LONGEST], location[:_LONGEST])
    if labels not in _seen:
        if len(_seen) >= MOST:
            labels = (OTHER, OTHER)
        _seen.add(labels)
    ERRORS.labels(*labels).inc()
