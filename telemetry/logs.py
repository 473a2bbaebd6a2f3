"""Logs: event names with key=value, readable in a terminal and JSON elsewhere."""

import logging
import sys
import warnings
from collections.abc import Collection
from typing import Any

import structlog

_UNBEGUN = "coroutine '(GraphQLCoreConverter|Executor)[.]"
"""Fields that a cancelled operation had not begun. graphql-core drops them, and Python warns; nothing is lost."""
_WORD_FOR_WORD = ("neo4j",)
"""Libraries whose DEBUG is every message on the wire, with all that is in it."""


def configure_logs(level: str, *, json: bool | None = None, secrets: Collection[str] = ()) -> None:
    """Send all logs, the standard library's too, to standard error. JSON by default when that is no terminal.

    `secrets` are masked wherever they turn up, be it in the message of a library's exception.
    """
    as_json = not sys.stderr.isatty() if json is None else json
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        cache_logger_on_first_use=True,
    )
    # The usual formatter of tracebacks shows the values of variables, prompts among them, and breaks secrets in two.
    in_words = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer() if as_json else in_words
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *([structlog.processors.format_exc_info] if as_json else []),
                renderer,
                *_masks(secrets),
            ],
        )
    )
    warnings.filterwarnings("ignore", _UNBEGUN, RuntimeWarning)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for library in _WORD_FOR_WORD:
        logging.getLogger(library).setLevel(max(root.level, logging.INFO))


def _masks(secrets: Collection[str]) -> list[Any]:
    """What takes the secrets out of a finished line."""
    longest_first = sorted(filter(None, secrets), key=len, reverse=True)

    def mask(_logger: object, _method: str, line: str) -> str:
        for secret in longest_first:
            line = line.replace(secret, "***")
        return line

    return [mask] if longest_first else []
