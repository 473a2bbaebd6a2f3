"""What becomes of operations, counted and timed; and the errors that their clients are told of."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from time import perf_counter
from typing import Final

from graphql import GraphQLError
from opentelemetry.trace import Span, StatusCode
from prometheus_client import Counter
from strawberry.types import ExecutionContext
from strawberry.types.execution import PreExecutionError

from schema.errors import Code
from schema.known import ANONYMOUS, OTHER
from schema.limits import Measure
from telemetry.metrics import graphql as metrics
from telemetry.metrics.graphql import Outcome, Reason

UNKNOWN: Final = "unknown"
SUBSCRIPTION: Final = "subscription"

_TYPES: Final = ("query", "mutation", SUBSCRIPTION)
_SECONDS: Final = {type: metrics.DURATION.labels(type) for type in _TYPES if type != SUBSCRIPTION}
_COSTS: Final = {type: metrics.COST.labels(type) for type in _TYPES}
_ERRORS: Final[Mapping[str, Counter]] = {code: metrics.ERRORS.labels(code) for code in Code}
_REASONS: Final = {Code.GRAPHQL_PARSE_FAILED: Reason.PARSE, Code.GRAPHQL_VALIDATION_FAILED: Reason.VALIDATION}
_ARGUMENTS: Final = {"operationName": Reason.OPERATION_NAME, "query": Reason.REQUEST}
_TOO_MANY_TOKENS: Final = "Syntax Error: Document contains more than "
"""How graphql-core begins to say that of a document; no other syntax error begins like it."""


class Tally:
    """One operation, until it is known what became of it."""

    __slots__ = ("_began", "_known", "_name", "_seconds", "_type", "has_begun", "has_left")

    def __init__(self, known: AbstractSet[str]) -> None:
        """`known` are the names that may be told."""
        self._known = known
        self._began = perf_counter()
        self._seconds = 0.0
        self._type = UNKNOWN
        self._name = OTHER
        self.has_begun = False
        """Whether it was carried out, to whatever end."""
        self.has_left = False
        """Whether the client did not wait for the end."""

    def begin(self, context: ExecutionContext) -> None:
        """The operation may be carried out, and is now."""
        self.has_begun = True
        self._identify(context)

    def end(self, context: ExecutionContext, span: Span) -> None:
        """The operation was carried out; a subscription has begun to tell."""
        self._seconds = perf_counter() - self._began
        if context.result is not None and context.result.data is None:
            span.set_status(StatusCode.ERROR)

    def span(self) -> tuple[str, Mapping[str, str]]:
        """What a span of the operation is called, and its attributes."""
        return _span(self._type, self._name)

    def count(self, context: ExecutionContext) -> None:
        """Nothing further happens."""
        if not self.has_begun:
            self._identify(context)
        outcome = self._outcome(context)
        _counter(self._type, self._name, outcome).inc()
        if self._seconds and outcome is not Outcome.CANCELLED and self._type in _SECONDS:
            _SECONDS[self._type].observe(self._seconds)

    def _identify(self, context: ExecutionContext) -> None:
        try:
            self._type = context.operation_type.value
        except RuntimeError:  # it cannot be read, or there is none of this name
            return
        name = context.operation_name
        self._name = ANONYMOUS if name is None else name if name in self._known else OTHER

    def _outcome(self, context: ExecutionContext) -> Outcome:
        result = context.result
        # Of what has only one result nobody waits for more.
        has_more = self._type == SUBSCRIPTION and not isinstance(result, PreExecutionError)
        if self.has_left and (result is None or has_more):
            return Outcome.CANCELLED
        if result is None:  # a subscription may end without having told of anything
            return Outcome.OK if self._seconds and self._type == SUBSCRIPTION else Outcome.FAILED
        if not result.errors:
            return Outcome.OK
        if result.data is not None:
            return Outcome.ERRORS
        reason = _reason(result.errors[0], has_begun=self.has_begun)
        if reason is None:
            return Outcome.FAILED
        metrics.REFUSALS.labels(reason).inc()
        return Outcome.REFUSED


def accepted(type: str, measure: Measure) -> None:
    """An operation is within the limits and valid."""
    _COSTS[type].observe(measure.cost)
    for field in measure.deprecated:
        metrics.DEPRECATED.labels(field).inc()


def told(errors: Iterable[GraphQLError]) -> None:
    """These errors, which have codes, go to a client."""
    for error in errors:
        _ERRORS[(error.extensions or {})["code"]].inc()


def turned_away(reason: Reason, code: str) -> None:
    """What a client sent was answered by an error with this code before GraphQL saw it."""
    metrics.REFUSALS.labels(reason).inc()
    _ERRORS[code].inc()


def _reason(error: GraphQLError, *, has_begun: bool) -> Reason | None:
    """Why the operation was refused; None when it was not."""
    told = error.extensions or {}
    code, argument = told.get("code"), told.get("argument")
    if error.path is not None:
        return None
    if code == Code.TOO_COMPLEX:
        return Reason(told["limit"])
    if error.message.startswith(_TOO_MANY_TOKENS):
        return Reason.TOKENS
    if code != Code.BAD_USER_INPUT:
        return _REASONS.get(Code(code)) if code else None
    if has_begun:  # a field that refuses its argument says which; variables are looked at together
        return Reason.VARIABLES if argument is None else None
    return _ARGUMENTS.get(argument or "", Reason.NOT_ALLOWED)


@cache
def _counter(type: str, name: str, outcome: Outcome) -> Counter:
    return metrics.OPERATIONS.labels(type, name, outcome)


@cache
def _span(type: str, name: str) -> tuple[str, Mapping[str, str]]:
    """By https://opentelemetry.io/docs/specs/semconv/graphql/graphql-spans/; names that are not known stay out."""
    attributes = {"graphql.operation.type": type}
    if name in {ANONYMOUS, OTHER}:
        return type, attributes
    return f"{type} {name}", {**attributes, "graphql.operation.name": name}
