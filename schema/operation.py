"""What happens to each operation on its way: a context of its own, limits, caches, a time limit."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
)
from strawberry.extensions import ParserCache, SchemaExtension, ValidationCache

from resolvers.context import Caller, RequestContext
from schema.errors import Code, refusing
from schema.limits import Excess, Limits, Meter, excess


class OperationContext(SchemaExtension):
    """Makes the resolvers' context anew for each operation: a WebSocket carries many, and has only one `Caller`."""

    def __init__(self, time_limit: float) -> None:
        self._time_limit = time_limit

    def on_operation(self) -> Iterator[None]:
        """Put the context in the place of the connection's `Caller`."""
        caller = self.execution_context.context
        assert isinstance(caller, Caller)  # noqa: S101 - the transport's duty
        self.execution_context.context = RequestContext.of(caller)
        yield

    async def on_execute(self) -> AsyncIterator[None]:
        """End queries and mutations that take too long, and subscriptions that take too long to begin.

        Changes that have begun go on to their end (`RequestContext.write`).
        """
        async with asyncio.timeout(self._time_limit):
            yield


class Parsing(ParserCache):
    """Parses, and remembers. What cannot be parsed is left to Strawberry, which reports it on every transport."""

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self._limits = limits

    def on_parse(self) -> Iterator[None]:
        """See `ParserCache`."""
        context = self.execution_context
        context.parse_options = {"max_tokens": self._limits.tokens}
        try:
            context.graphql_document = self.cached_parse_document(context.query, **context.parse_options)
        except (GraphQLError, RecursionError):
            context.graphql_document = None
        yield


class Guard(ValidationCache):
    """Refuses what does not say which operation is meant, and what asks for too much; validates the rest. Remembers."""

    def __init__(self, limits: Limits, *, introspection: bool) -> None:
        super().__init__()
        self._limits = limits
        self._introspection = introspection

    def on_validate(self) -> Iterator[None]:
        """Refuse by setting errors: what a hook raises is lost on a WebSocket."""
        context = self.execution_context
        assert context.graphql_document is not None  # noqa: S101 - parsing comes first
        operations = sum(isinstance(d, OperationDefinitionNode) for d in context.graphql_document.definitions)
        if operations > 1 and context._provided_operation_name is None:  # noqa: SLF001 - what is public names the first
            message = f"operationName: the document has {operations} operations; name the one to carry out"
            context.pre_execution_errors = [refusing(Code.BAD_USER_INPUT, message, argument="operationName")]
            yield
            return
        schema = context.schema._schema  # noqa: SLF001 - ValidationCache reaches for it in the same way
        beyond = _excess(schema, context.graphql_document, self._limits, _sizes(context.variables))
        if beyond is not None:
            details = {"limit": beyond.limit, "asked": beyond.asked, "allowed": beyond.allowed}
            context.pre_execution_errors = [refusing(Code.TOO_COMPLEX, str(beyond), **details)]
            yield
            return
        if not self._introspection:
            context.validation_rules = (*context.validation_rules, NoSchemaIntrospectionCustomRule)
        for _ in super().on_validate():
            for error in context.pre_execution_errors or ():
                error.extensions = {"code": Code.GRAPHQL_VALIDATION_FAILED}
            yield


@lru_cache(maxsize=128)
def _excess(
    schema: GraphQLSchema, document: DocumentNode, limits: Limits, sizes: tuple[tuple[str, int], ...]
) -> Excess | None:
    return excess(_meter(schema).measure(document, dict(sizes)), limits)


@lru_cache(maxsize=8)
def _meter(schema: GraphQLSchema) -> Meter:
    return Meter(schema)


def _sizes(variables: dict[str, Any] | None) -> tuple[tuple[str, int], ...]:
    """The variables that can be sizes of pages, or lists of ids; a list stands for its length."""
    return tuple(
        (name, len(value) if isinstance(value, list) else value)
        for name, value in (variables or {}).items()
        if isinstance(value, int | list)
    )
