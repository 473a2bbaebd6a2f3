"""Headers of HTTP, as a setting names them: `name=value`, comma-separated, percent-encoded where that is needed."""

import re
from urllib.parse import unquote

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A token (RFC 9110, section 5.6.2)."""
_SHORTEST = 8
_VALUE = re.compile(r"[\x20\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")
"""What W3C Baggage allows, and blanks, which most people write as they are."""


def headers_of(text: str) -> dict[str, str]:
    """The headers in the form of OTEL_EXPORTER_OTLP_HEADERS. Raises `ValueError`, without a word of what is secret."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    return {_name(name.strip(), equals): _value(value.strip()) for name, equals, value in pairs}


def secrets_in(text: str) -> set[str]:
    """What must not be shown of such headers: the whole, its values, and what follows `Bearer` or the like. What is
    short, as the number of a tenant, is no secret, and would turn up everywhere."""
    values = headers_of(text).values()
    return {text, *(form for value in values for form in (value, value.split(" ")[-1]) if len(form) >= _SHORTEST)}


def _name(name: str, equals: str) -> str:
    if not equals:
        raise ValueError("write name=value, comma-separated; a comma within a value is %2C")
    if not _NAME.fullmatch(name):
        raise ValueError("a header's name has letters, digits and hyphens; write name=value, comma-separated")
    return name.lower()


def _value(value: str) -> str:
    meant = unquote(value)
    if not (_VALUE.fullmatch(value) and meant.isprintable() and meant.isascii()):
        raise ValueError("a value has characters that must be percent-encoded, or that no header may have")
    return meant
