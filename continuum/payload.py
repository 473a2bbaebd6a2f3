"""What a client sends, over HTTP or a WebSocket, before GraphQL sees it: JSON of the right shape, made of text."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LONGEST_DOCUMENT = 100_000
"""Characters of the longest GraphQL document."""

LONGEST_TRACE = 512
"""Characters of the longest trace state that has to be passed on."""

_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_ESCAPED_NUL = re.compile(r"\\u(0000|\{0+\})")


class PayloadError(ValueError):
    """The client sent something else than a GraphQL request. The message is for the client."""

    def __init__(self, message: str, *, argument: str | None = None) -> None:
        super().__init__(f"{argument}: {message}" if argument else message)
        self.argument = argument
        self.details: Mapping[str, str] = {"argument": argument} if argument else {}
        """Further extensions of the error that the client gets."""


@dataclass(frozen=True, slots=True)
class Payload:
    """A GraphQL request."""

    query: str
    variables: dict[str, Any]
    operation_name: str | None
    trace: Mapping[str, str]
    """`extensions.traceparent` and `tracestate`: where the caller's trace stands, where its transport has no headers
    for each request."""


def parsed(data: bytes | str) -> Any:
    """JSON, whatever its shape. Raises `PayloadError`."""
    try:
        text = data.decode() if isinstance(data, bytes) else data
        return json.loads(text, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise PayloadError(f"The body is not UTF-8: byte {error.start:,} cannot be read.") from None
    except RecursionError:
        raise PayloadError("The JSON is nested too deeply.") from None
    except ValueError as error:
        raise PayloadError(f"The body is not JSON: {error}.") from None


def checked(value: object) -> Payload:
    """The GraphQL request that a piece of JSON is. Raises `PayloadError`."""
    if not isinstance(value, dict):
        raise PayloadError('Send a JSON object: {"query": …, "variables": …, "operationName": …}.')
    query, operation_name = value.get("query"), value.get("operationName")
    variables = value.get("variables")
    if not isinstance(query, str) or not query.strip():
        raise PayloadError("give a GraphQL document, as a string", argument="query")
    if len(query) > LONGEST_DOCUMENT:
        message = f"has {len(query):,} characters; at most {LONGEST_DOCUMENT:,} are allowed. Use variables"
        raise PayloadError(message, argument="query")
    if not isinstance(variables, dict | None):
        raise PayloadError("give an object, or leave them out", argument="variables")
    if not isinstance(operation_name, str | None):
        raise PayloadError("give a string, or leave it out", argument="operationName")
    _check_texts(query, operation_name, variables or {})
    return Payload(query, variables or {}, operation_name, _trace(value.get("extensions")))


def is_text(value: str) -> bool:
    """Whether this can be stored and sent: no NUL, no half of a surrogate pair."""
    return _NO_TEXT.search(value) is None


def _trace(extensions: object) -> Mapping[str, str]:
    """What is malformed counts as not given: https://www.w3.org/TR/trace-context/ (section 3.2)."""
    if not isinstance(extensions, dict):
        return {}
    named = {name: extensions.get(name) for name in ("traceparent", "tracestate")}
    texts = {name: text for name, text in named.items() if isinstance(text, str) and len(text) <= LONGEST_TRACE}
    return texts if "traceparent" in texts else {}


def _check_texts(query: str, operation_name: str | None, variables: Mapping[str, Any]) -> None:
    if not is_text(query) or _ESCAPED_NUL.search(query):
        raise _no_text("query")
    if not is_text(operation_name or ""):
        raise _no_text("operationName")
    for path, text in _texts(variables):
        if not is_text(text):
            raise _no_text(path)


def _texts(variables: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """All strings inside, each with the path that leads to it. Iterative: the nesting is the client's."""
    waiting: list[tuple[str, Any]] = [("$", variables)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, str):
            yield path, value
        elif isinstance(value, dict):
            for key, inner in value.items():
                yield path, key
                waiting.append((f"{path}{key}" if path == "$" else f"{path}.{key}", inner))
        elif isinstance(value, list):
            waiting.extend((f"{path}.{number}", inner) for number, inner in enumerate(value))


def _no_text(argument: str) -> PayloadError:
    printable = argument.encode("ascii", "backslashreplace").decode()
    return PayloadError("holds a NUL or half of a surrogate pair, which is no text", argument=printable)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
