"""Documents that were parsed, and what is known of each for as long as it is remembered: clients send few, and often.

What is known is looked up by the object itself: to compare parsed documents node by node takes longer than all else.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    parse,
    specified_rules,
)
from graphql.validation.rules import overlapping_fields_can_be_merged as overlapping
from strawberry.schema.schema import validate_document

from schema.limits import Excess, Limits, Measure, Meter, excess

MOST: Final = 128
"""How many are remembered, and how many uses of them: a bound, since their texts are the clients'."""

COMPARISONS: Final = 20_000
"""What comparing fields of one name with each other may cost, as graphql-core counts it: no operation of the explorer
page comes near a twentieth of it. Its own bound, 500,000, is a second in which nobody else is answered."""

_RULES: Final = tuple(specified_rules)
_ABORTED: Final = "Validation aborted."
"""All that graphql-core says where a document goes beyond such a bound."""


@dataclass(slots=True, eq=False)
class Document:
    """A document. Equal to none but itself."""

    node: DocumentNode
    operations: tuple[tuple[str | None, str], ...]
    """Names and types of its operations, in order."""
    variables: frozenset[str]
    """Names of those that its operations declare."""
    is_new: bool = True
    """Until it is asked for again."""


def document(text: str, limits: Limits) -> tuple[Document, bool]:
    """The document, and whether it was known. Raises `GraphQLError`; `RecursionError` when it is nested too deeply."""
    found = _parsed(text, limits.tokens)
    was_known, found.is_new = not found.is_new, False
    return found, was_known


@lru_cache(MOST)
def invalid(document: Document, schema: GraphQLSchema, *, introspection: bool) -> list[GraphQLError]:
    """What is wrong with it; nothing, mostly."""
    rules = _RULES if introspection else (*_RULES, NoSchemaIntrospectionCustomRule)
    overlapping.MAX_COMPLEXITY_BUDGET = COMPARISONS  # this is how it is set
    return [_clear(error) for error in validate_document(schema, document.node, rules)]


@lru_cache(MOST)
def measured(
    document: Document, schema: GraphQLSchema, limits: Limits, sizes: tuple[tuple[str, int], ...]
) -> tuple[Measure, Excess | None]:
    """How much it asks for when its variables have these sizes, and whether that is too much."""
    measure = _meter(schema).measure(document.node, dict(sizes))
    return measure, excess(measure, limits)


def sizes(document: Document, variables: dict[str, Any] | None) -> tuple[tuple[str, int], ...]:
    """The variables that can be sizes of pages, or lists of ids; a list stands for its length.

    Of those that the document declares: a client may send any number of others, and what is remembered has a bound.
    """
    given = [(name, variables[name]) for name in sorted(document.variables & variables.keys())] if variables else []
    return tuple(
        (name, len(value) if isinstance(value, list) else value)
        for name, value in given
        if isinstance(value, int | list)
    )


def _clear(error: GraphQLError) -> GraphQLError:
    if error.message != _ABORTED:
        return error
    return GraphQLError("This asks for the same fields too many times in one place; ask for each of them once.")


@lru_cache(MOST)
def _parsed(text: str, most_tokens: int) -> Document:
    node = parse(text, max_tokens=most_tokens)
    found = [each for each in node.definitions if isinstance(each, OperationDefinitionNode)]
    return Document(
        node,
        operations=tuple((each.name.value if each.name else None, each.operation.value) for each in found),
        variables=frozenset(one.variable.name.value for each in found for one in each.variable_definitions or ()),
    )


@lru_cache(8)
def _meter(schema: GraphQLSchema) -> Meter:
    return Meter(schema)
