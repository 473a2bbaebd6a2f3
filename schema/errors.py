"""What clients are told when something goes wrong: a code, a message that says what is allowed, and nothing of the
inside. Whatever was not raised on purpose is masked, and logged under the id that the client is given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import singledispatch
from typing import Any

import structlog
from graphql import FieldNode, GraphQLError, GraphQLSyntaxError
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from exploration.errors import InvalidRequest, TopicAmbiguous, TopicUnknown
from graphstore.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    ReadOnlyError,
    StatusConflict,
    TimeLimitError,
    UnavailableError,
    VersionConflict,
)
from graphstore.ids import new_id
from providers.errors import ProviderError
from providers.knowledge.port import Subject
from providers.registry import UnknownNameError
from resolvers.ids import CONCEPT, global_id

_log = structlog.get_logger(__name__)


class Code(StrEnum):
    """Values of `extensions.code`, in Apollo's words where it has some."""

    BAD_REQUEST = "BAD_REQUEST"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    TOO_COMPLEX = "TOO_COMPLEX"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    STALE_VERSION = "STALE_VERSION"
    TOPIC_UNKNOWN = "TOPIC_UNKNOWN"
    TOPIC_AMBIGUOUS = "TOPIC_AMBIGUOUS"
    UNKNOWN_SOURCE = "UNKNOWN_SOURCE"
    SOURCE_FAILED = "SOURCE_FAILED"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    TIMEOUT = "TIMEOUT"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a client is told of an error that was raised on purpose."""

    code: Code
    message: str
    details: Mapping[str, Any] = field(default_factory=dict)
    """Further extensions."""


def coded(error: GraphQLError) -> GraphQLError:
    """The error as the client sees it. One that has a code already is left as it is."""
    if "code" in (error.extensions or {}):
        return error
    if isinstance(error, GraphQLSyntaxError):
        return _told(error, Refusal(Code.GRAPHQL_PARSE_FAILED, error.message))
    cause = error.original_error
    if isinstance(cause, RecursionError) and error.path is None:
        return _told(error, Refusal(Code.GRAPHQL_PARSE_FAILED, "The document is nested too deeply."))
    if cause is None or isinstance(cause, GraphQLError):
        return _told(error, Refusal(Code.BAD_USER_INPUT, error.message)) if _is_clients(error) else _masked(error)
    refusal = refused(cause)
    return _masked(error) if refusal is None else _told(error, refusal)


def refusing(code: Code, message: str, **details: Any) -> GraphQLError:
    """An error to be told as it is."""
    return GraphQLError(message, extensions={"code": code, **details})


@singledispatch
def refused(error: BaseException) -> Refusal | None:  # noqa: ARG001 - the fallback of all that follow
    """What to tell of an error; None of one that was not raised on purpose."""
    return None


@refused.register
def _(error: InvalidRequest) -> Refusal:
    return Refusal(Code.BAD_USER_INPUT, str(error), {"argument": error.argument})


@refused.register
def _(error: InvalidError) -> Refusal:
    return Refusal(Code.BAD_USER_INPUT, str(error))


@refused.register
def _(error: NotFoundError) -> Refusal:
    return Refusal(Code.NOT_FOUND, f"There is no {error.what} with this id here.")


@refused.register
def _(error: ConflictError) -> Refusal:
    return Refusal(Code.CONFLICT, str(error))


@refused.register
def _(error: StatusConflict) -> Refusal:
    return Refusal(Code.CONFLICT, str(error), {"status": error.status, "allowed": sorted(error.allowed)})


@refused.register
def _(error: VersionConflict) -> Refusal:
    return Refusal(Code.STALE_VERSION, str(error), {"expected": error.expected, "actual": error.actual})


@refused.register
def _(error: TopicUnknown) -> Refusal:
    details = {"suggestions": error.suggestions, "elsewhere": error.elsewhere}
    return Refusal(Code.TOPIC_UNKNOWN, str(error), details)


@refused.register
def _(error: TopicAmbiguous) -> Refusal:
    return Refusal(Code.TOPIC_AMBIGUOUS, str(error), {"senses": [_sense(subject) for subject in error.senses]})


@refused.register
def _(error: UnknownNameError) -> Refusal:
    if error.what == "knowledge source":
        return Refusal(Code.UNKNOWN_SOURCE, str(error), {"known": error.known})
    return Refusal(Code.BAD_USER_INPUT, f"provider: {error}", {"argument": "provider", "known": error.known})


@refused.register
def _(error: ProviderError) -> Refusal:
    return Refusal(Code.SOURCE_FAILED, str(error))


@refused.register
def _(error: UnavailableError) -> Refusal:
    _log.warning("store_unavailable", error=str(error))  # no traceback: each request of an outage says so
    return Refusal(Code.SERVICE_UNAVAILABLE, "The store does not answer now. Try again later.")


@refused.register
def _(error: ReadOnlyError) -> Refusal:
    _log.warning("store_read_only", error=str(error))
    return Refusal(Code.SERVICE_UNAVAILABLE, "Nothing can be stored now: the disk is full, or may not be written to.")


@refused.register
def _(error: TimeLimitError) -> Refusal:
    return Refusal(Code.TIMEOUT, f"{error}. Ask for less at a time.")


@refused.register
def _(error: TimeoutError) -> Refusal:  # noqa: ARG001 - only its type tells something
    return Refusal(Code.TIMEOUT, "This took too long and was stopped. Ask for less at a time.")


@refused.register
def _(error: MissingQueryError) -> Refusal:  # noqa: ARG001 - only its type tells something
    return Refusal(Code.BAD_USER_INPUT, "query: there is none", {"argument": "query"})


@refused.register
def _(error: CannotGetOperationTypeError) -> Refusal:
    return Refusal(Code.BAD_USER_INPUT, error.as_http_error_reason(), {"argument": "operationName"})


@refused.register
def _(error: InvalidOperationTypeError) -> Refusal:
    kind = error.operation_type.value
    return Refusal(Code.BAD_USER_INPUT, f"A {kind} needs a WebSocket, or `Accept: text/event-stream`.")


def _told(error: GraphQLError, refusal: Refusal) -> GraphQLError:
    return _like(error, refusal.message, {"code": refusal.code, **refusal.details})


def _masked(error: GraphQLError) -> GraphQLError:
    id = new_id()
    cause = error.original_error or error
    # The field's name and not its path, nor the message of an error of GraphQL: these have the client's words in them.
    field = error.nodes[0].name.value if error.nodes and isinstance(error.nodes[0], FieldNode) else None
    told = {"error": type(cause).__name__} if isinstance(cause, GraphQLError) else {"exc_info": cause}
    _log.error("internal_error", error_id=id, field=field, **told)
    return _like(error, "Internal server error", {"code": Code.INTERNAL_SERVER_ERROR, "errorId": id})


def _like(error: GraphQLError, message: str, extensions: dict[str, Any]) -> GraphQLError:
    """Another error at the same place, which does not lead back to the first."""
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )


def _is_clients(error: GraphQLError) -> bool:
    """Whether graphql-core blames the request: variables have no path yet, and arguments are named."""
    return error.path is None or error.message.startswith("Argument ")


def _sense(subject: Subject) -> Mapping[str, Any]:
    return {
        "topic": subject.topic or subject.name,
        "conceptId": None if subject.concept_id is None else global_id(CONCEPT, subject.concept_id),
        "name": subject.name,
        "kind": subject.kind,
        "summary": subject.summary,
    }
