"""Requests that are no HTTP: aiohttp tells of them as of failures of its own, and quotes them."""

import logging

from aiohttp.http_exceptions import HttpProcessingError

_SERVERS_FAULT = 500


class MalformedRequests(logging.Filter):
    """On the logger of aiohttp's server: what a client sent amiss is the client's mistake, and is told of by its kind
    alone. Its words may be a key or a prompt."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change such a record; whether it is still to be written."""
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, HttpProcessingError) or error.code >= _SERVERS_FAULT:
            return True
        record.msg, record.args = "request_malformed (%s)", (type(error).__name__,)
        record.exc_info = record.exc_text = None
        record.levelno, record.levelname = logging.INFO, logging.getLevelName(logging.INFO)
        return logging.getLogger(record.name).isEnabledFor(record.levelno)
