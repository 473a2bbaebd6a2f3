"""Levels: one for all, others for parts of the program, and a bound for libraries that repeat what they are given."""

import logging
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any, cast

import structlog

_LEAST = {"neo4j": logging.INFO, "openai": logging.INFO, "httpx2": logging.WARNING, "httpcore2": logging.INFO}
"""Libraries whose DEBUG is what goes over the wire, with all that is in it, in this version or in another. At INFO
httpx2 quotes the first line of each answer, of which the server chooses the words."""


def set_levels(level: str, levels: Mapping[str, str]) -> None:
    """`levels` are by names of loggers, and hold for all below them."""
    logging.getLogger().setLevel(level)
    for name, other in levels.items():
        logging.getLogger(name).setLevel(other)
    for name in (*_LEAST, *levels):
        if (least := _LEAST.get(name.partition(".")[0])) is not None:
            library = logging.getLogger(name)
            library.setLevel(max(library.getEffectiveLevel(), least))


def _bound(
    logger: logging.Logger,
    processors: Iterable[structlog.typing.Processor],
    context: MutableMapping[str, Any],
) -> structlog.typing.FilteringBoundLogger:
    """A logger of ours at the level that the standard library has for its name.

    That is looked up once, when it is first used: what is below it is a method that does nothing.
    """
    kind = cast("Any", structlog.make_filtering_bound_logger(logger.getEffectiveLevel()))
    return cast("structlog.typing.FilteringBoundLogger", kind(logger, processors, context))


LevelledLogger = cast("type[structlog.typing.BindableLogger]", _bound)
"""To be configured as structlog's class of loggers, of which it wants no more than that it can be called."""
