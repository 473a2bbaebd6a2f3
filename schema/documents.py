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
from strawberry.schema.schema import validate_document

from schema.limits import Excess, Limits, Measure, Meter, excess

MOST: Final = 128
"""How many are remembered, and how many uses of them: a bound, since their texts are the clients'."""

_RULES: Final = tuple(specified_rules)


@dataclass(slots=True, eq=False)
class Document:
    """A document. Equal to none but itself."""

    node: DocumentNode
    operations: tuple[tuple[str | None, str], ...]
    """Names and types of its operations, in order."""
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
    return validate_document(schema, document.node, rules)


@lru_cache(MOST)
def measured(
    document: Document, schema: GraphQLSchema, limits: Limits, sizes: tuple[tuple[str, int], ...]
) -> tuple[Measure, Excess | None]:
    """How much it asks for when its variables have these sizes, and whether that is too much."""
    measure = _meter(schema).measure(document.node, dict(sizes))
    return measure, excess(measure, limits)


def sizes(variables: dict[str, Any] | None) -> tuple[tuple[str, int], ...]:
    """The variables that can be sizes of pages, or lists of ids; a list stands for its length."""
    return tuple(
        (name, len(value) if isinstance(value, list) else value)
        for name, value in (variables or {}).items()
        if isinstance(value, int | list)
    )


@lru_cache(MOST)
def _parsed(text: str, most_tokens: int) -> Document:
    node = parse(text, max_tokens=most_tokens)
    found = [each for each in node.definitions if isinstance(each, OperationDefinitionNode)]
    return Document(node, tuple((each.name.value if each.name else None, each.operation.value) for each in found))


@lru_cache(8)
def _meter(schema: GraphQLSchema) -> Meter:
    return Meter(schema)
