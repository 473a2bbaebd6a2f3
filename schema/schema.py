"""The schema as a whole."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import cache, partial
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLInputObjectType, GraphQLNamedType, GraphQLObjectType, Undefined
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType

from resolvers.context import Caller
from schema.errors import coded
from schema.exploration import EVENTS
from schema.known import EXPLORER
from schema.limits import Limits
from schema.mutation import Mutation
from schema.operation import OperationContext, Preparation
from schema.query import Query
from schema.subscription import Subscription
from schema.tally import told

TIME_LIMIT = 30.0
"""Seconds that a query or a mutation may take, by default."""
LIMITS = Limits()


class Schema(strawberry.Schema):
    """Tells clients of every error what `schema.errors` says, on every transport."""

    def process_errors(
        self,
        errors: list[GraphQLError],
        execution_context: ExecutionContext | None = None,  # noqa: ARG002 - Strawberry's signature
    ) -> None:
        """Change the errors themselves: extensions do not see those that other extensions raise."""
        errors[:] = [coded(error) for error in errors]
        told(errors)

    async def run(
        self,
        query: str,
        variables: dict[str, Any],
        operation_name: str | None,
        caller: Caller,
        *,
        subscriptions: bool,
    ) -> AsyncGenerator[ExecutionResult, None]:
        """One result of a query or a mutation, or all of a subscription where those are allowed."""
        allowed = {OperationType.QUERY, OperationType.MUTATION}
        results = await self.stream(
            query,
            variable_values=variables,
            operation_name=operation_name,
            context_value=caller,
            allowed_operation_types=allowed | {OperationType.SUBSCRIPTION} if subscriptions else allowed,
        )
        async with aclosing(results):
            async for result in results:
                assert isinstance(result, ExecutionResult)  # noqa: S101 - nothing is delivered by parts here
                yield result


@cache
def build(
    *,
    introspection: bool = True,
    time_limit: float = TIME_LIMIT,
    limits: Limits = LIMITS,
    known: frozenset[str] = frozenset(),
) -> Schema:
    """The schema under these settings. `known` are names of operations that metrics tell apart, beside our own."""
    schema = Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=EVENTS,
        extensions=[
            partial(OperationContext, time_limit, EXPLORER | known),
            partial(Preparation, limits, introspection=introspection),
        ],
    )
    for type in schema._schema.type_map.values():  # noqa: SLF001 - there is no other way to the built types
        _leave_out_null_defaults(type)
    return schema


def sdl() -> str:
    """The schema in the schema definition language: what `schema/schema.graphql` holds."""
    return build().as_str()


def _leave_out_null_defaults(type: GraphQLNamedType) -> None:
    """Whoever leaves an argument out gives null: that need not be said 70 times."""
    inputs: list[Any] = []
    if isinstance(type, GraphQLInputObjectType):
        inputs = list(type.fields.values())
    elif isinstance(type, GraphQLObjectType):
        inputs = [argument for field in type.fields.values() for argument in field.args.values()]
    for one in inputs:
        if one.default_value is None:
            one.default_value = Undefined
