"""Tracing of a process, as the settings say."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext

from continuum.headers import headers_of
from continuum.settings import Settings, SettingsError
from continuum.version import VERSION
from telemetry.traces import Tracing, begin, span


@asynccontextmanager
async def traced(settings: Settings, role: str, command: str | None = None) -> AsyncIterator[None]:
    """Record what happens while the context is open, where the settings want it; at its end the last spans are sent,
    for which there are a few seconds. All that a `command` does is one trace. Raises `SettingsError`."""
    if not settings.tracing_enabled:
        yield
        return
    try:
        end = begin(_tracing(settings, role))
    except ValueError as wrong:
        raise SettingsError(f"a variable of OpenTelemetry (OTEL_...) cannot be used: {wrong}") from wrong
    try:
        with span(command, begins=True) if command else nullcontext():
            yield
    finally:
        await asyncio.to_thread(end)


def _tracing(settings: Settings, role: str) -> Tracing:
    headers = settings.otel_exporter_otlp_headers
    return Tracing(
        endpoint=settings.otel_exporter_otlp_endpoint,
        service=settings.otel_service_name,
        version=VERSION,
        role=role,
        ratio=settings.otel_traces_sampler_arg,
        headers=headers_of(headers.get_secret_value()) if headers else _NONE,
    )


_NONE: Mapping[str, str] = {}
