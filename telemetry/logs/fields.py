"""Fields: what stands in every line."""

import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

import structlog
from opentelemetry import trace

_FIRST = ("timestamp", "level", "logger", "event")


@dataclass(frozen=True, slots=True)
class Program:
    """What runs here. Which machine, pod or container it runs on is added by whoever collects the lines."""

    service: str
    version: str
    role: str


def add_trace(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The ids of the span that the line was written in, where there is one."""
    here = trace.get_current_span().get_span_context()
    if here.is_valid:
        line["trace_id"] = trace.format_trace_id(here.trace_id)
        line["span_id"] = trace.format_span_id(here.span_id)
    return line


def in_order(program: Program | None) -> structlog.typing.Processor:
    """A processor that puts first what is read first, and last what is the same in all lines of a process."""
    last: dict[str, Any] = {}
    if program is not None:
        last = {"service": program.service, "version": program.version, "role": program.role, "pid": os.getpid()}

    def order(_logger: object, _method: str, line: Mapping[str, Any]) -> dict[str, Any]:
        return {**{name: line[name] for name in _FIRST if name in line}, **line, **last}

    return order
