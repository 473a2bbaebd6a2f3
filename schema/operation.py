"""What happens to each operation on its way: a context of its own, limits, caches, a time limit."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from collections.abc import Set as AbstractSet

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension

from resolvers.context import Caller, RequestContext
from schema.documents import Document, document, invalid, measured, sizes
from schema.errors import Code, refusing
from schema.limits import Limits
from schema.tally import Tally, accepted
from telemetry.metrics import cache as metrics
from telemetry.traces import span

_LOOKS = {True: metrics.HITS.labels("memory", "document"), False: metrics.MISSES.labels("memory", "document")}
"""For documents that were parsed before: whether one was there."""


class OperationContext(SchemaExtension):
    """Makes the resolvers' context anew for each operation: a WebSocket carries many, and has only one `Caller`."""

    def __init__(self, time_limit: float, known: AbstractSet[str]) -> None:
        """`known` are the names of operations that metrics and traces may tell."""
        self._time_limit = time_limit
        self._tally = Tally(known)

    def on_operation(self) -> Iterator[None]:
        """Put the context in the place of the connection's `Caller`; count what becomes of the operation."""
        caller = self.execution_context.context
        assert isinstance(caller, Caller)  # noqa: S101 - the transport's duty
        self.execution_context.context = RequestContext.of(caller)
        try:
            yield
        except (asyncio.CancelledError, GeneratorExit):
            self._tally.has_left = True
            raise
        finally:
            self._tally.count(self.execution_context)

    async def on_execute(self) -> AsyncIterator[None]:
        """End queries and mutations that take too long, and subscriptions that take too long to begin.

        Changes that have begun go on to their end (`RequestContext.write`). The span is around no more than this: the
        name of an operation is not known before, and events may come for hours after a subscription's beginning.
        """
        tally, context = self._tally, self.execution_context
        tally.begin(context)
        with span(*tally.span(), begins=True) as current:  # on a WebSocket it is the first
            async with asyncio.timeout(self._time_limit):
                yield
            tally.end(context, current)


class Preparation(SchemaExtension):
    """Parses what was not parsed before; refuses what does not say which operation is meant, and what asks for too
    much; validates the rest. What cannot be parsed is left to Strawberry, which reports it on every transport."""

    def __init__(self, limits: Limits, *, introspection: bool) -> None:
        self._limits = limits
        self._introspection = introspection
        self._document: Document | None = None

    def on_parse(self) -> Iterator[None]:
        """Parse, or remember."""
        context = self.execution_context
        context.parse_options = {"max_tokens": self._limits.tokens}
        was_known = False
        try:
            self._document, was_known = document(context.query or "", self._limits)
            context.graphql_document = self._document.node
        except (GraphQLError, RecursionError):
            context.graphql_document = None
        _LOOKS[was_known].inc()
        yield

    def on_validate(self) -> Iterator[None]:
        """Refuse by setting errors: what a hook raises is lost on a WebSocket."""
        self.execution_context.pre_execution_errors = self._errors()
        yield

    def _errors(self) -> list[GraphQLError]:
        context, document = self.execution_context, self._document
        assert document is not None  # noqa: S101 - parsing comes first
        name, operations = context._provided_operation_name, document.operations  # noqa: SLF001 - see `operation_name`
        if len(operations) > 1 and name is None:  # what is public of the context names the first then
            message = f"operationName: the document has {len(operations)} operations; name the one to carry out"
            return [refusing(Code.BAD_USER_INPUT, message, argument="operationName")]
        schema = context.schema._schema  # noqa: SLF001 - there is no other way to it
        measure, beyond = measured(document, schema, self._limits, sizes(document, context.variables))
        if beyond is not None:
            details = {"limit": beyond.limit, "asked": beyond.asked, "allowed": beyond.allowed}
            return [refusing(Code.TOO_COMPLEX, str(beyond), **details)]
        errors = invalid(document, schema, introspection=self._introspection)
        for error in errors:
            error.extensions = {"code": Code.GRAPHQL_VALIDATION_FAILED}
        if not errors:
            accepted(context.operation_type.value, measure)
        return errors
