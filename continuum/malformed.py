"""Lines that aiohttp writes of requests: as failures of its own, with the clients' words and addresses in them."""

import logging
from typing import Final

from aiohttp.http_exceptions import HttpProcessingError

LOGGERS: Final = ("aiohttp.server", "aiohttp.websocket")

_SERVERS_FAULT = 500
_FROM = " from %s"
"""How a line of a request that failed ends: with the client's address."""
_PROTOCOLS = "%s: Client protocols "
"""How the line begins of a WebSocket for none of our protocols, which quotes those that were asked for. Some clients
send their keys as such."""


class MalformedRequests(logging.Filter):
    """On these loggers: what a client sent amiss is the client's mistake, and is told of by its kind alone. Its words
    may be a key or a prompt. Its address is nobody's business, whoever has made the mistake."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change such a record; whether it is still to be written."""
        error, message = record.exc_info[1] if record.exc_info else None, str(record.msg)
        if isinstance(error, HttpProcessingError) and error.code < _SERVERS_FAULT:
            return _told_mildly(record, "request_malformed (%s)", type(error).__name__)
        if message.startswith(_PROTOCOLS):
            return _told_mildly(record, "websocket_protocol_unknown")
        if message.endswith(_FROM):
            record.msg, record.args = message.removesuffix(_FROM), ()
        return True


def _told_mildly(record: logging.LogRecord, message: str, *args: str) -> bool:
    record.msg, record.args = message, args
    record.exc_info = record.exc_text = None
    record.levelno, record.levelname = logging.INFO, logging.getLevelName(logging.INFO)
    return logging.getLogger(record.name).isEnabledFor(record.levelno)
