"""Logs: event names with key=value, readable in a terminal and JSON elsewhere."""

import logging
import sys
import warnings
from collections.abc import Collection, Mapping

import structlog

from telemetry.logs.errors import count_errors, count_unwritten
from telemetry.logs.fields import Program, add_trace, in_order
from telemetry.logs.levels import LevelledLogger, set_levels
from telemetry.logs.masks import Masks
from telemetry.logs.terminal import unsteering

__all__ = ["Program", "configure_logs", "masked"]

_UNBEGUN = "coroutine '(GraphQLCoreConverter|Executor)[.]"
"""Fields that a cancelled operation had not begun. graphql-core drops them, and Python warns; nothing is lost."""


class _State:
    masks = Masks()


def configure_logs(
    level: str,
    levels: Mapping[str, str] | None = None,
    *,
    json: bool | None = None,
    secrets: Collection[str] = (),
    program: Program | None = None,
) -> None:
    """Send all logs, the standard library's too, to standard error. JSON by default when that is no terminal.

    `levels` are other ones for loggers by name, and for all below them. `secrets` are masked wherever they turn up, be
    it in the message of a library's exception. `program` is named in every line of JSON.
    """
    as_json = not sys.stderr.isatty() if json is None else json
    _State.masks = Masks(secrets)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_trace,
        count_errors,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=LevelledLogger,
        cache_logger_on_first_use=True,
    )
    handler = _Handler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,  # lines alone: the values of variables are prompts, among others
                _State.masks,
                *_rendering(program, as_json=as_json),
            ],
        )
    )
    _route(handler)
    set_levels(level, levels or {})


def masked(text: str) -> str:
    """The text without the secrets of this process, for those who write to a person."""
    return _State.masks.masked(text)


class _Handler(logging.StreamHandler):  # type: ignore[type-arg]  # the class takes no argument when it runs
    """Its own failures are counted. The usual complaint goes around the masks, and quotes all that was to be said."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        count_unwritten(record.name)


def _rendering(program: Program | None, *, as_json: bool) -> list[structlog.typing.Processor]:
    if as_json:
        return [in_order(program), structlog.processors.JSONRenderer()]
    plain = structlog.dev.plain_traceback
    return [unsteering, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]


def _route(handler: logging.Handler) -> None:
    """Have everything come this way, and only this way."""
    warnings.filterwarnings("ignore", _UNBEGUN, RuntimeWarning)
    logging.captureWarnings(capture=True)
    logging.getLogger().handlers[:] = [handler]
