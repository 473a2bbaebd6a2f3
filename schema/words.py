"""How types and fields are declared here: what their docstrings say is what clients read."""

import inspect
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, TypeAlias, TypeVar, dataclass_transform

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition
from strawberry.types.field import StrawberryField

from resolvers.context import RequestContext

Info: TypeAlias = strawberry.Info[RequestContext, None]

T = TypeVar("T")
Class = TypeVar("Class", bound=type)
EnumClass = TypeVar("EnumClass", bound=type[Enum])

Input = Annotated[T, strawberry.argument(description="What is wanted.")]
"""The one argument of a mutation."""


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def object_type(cls: Class) -> Class:
    """An object type."""
    return strawberry.type(cls, description=inspect.getdoc(cls))


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def interface(cls: Class) -> Class:
    """An interface."""
    return strawberry.interface(cls, description=inspect.getdoc(cls))


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field,))
def input_type(cls: Class) -> Class:
    """An input object."""
    return strawberry.input(cls, description=inspect.getdoc(cls))


def enum(cls: EnumClass, values: dict[str, str]) -> EnumClass:
    """An enum of the domain, with a description for each of its values."""
    declared = strawberry.enum(cls, description=inspect.getdoc(cls))
    definition: StrawberryEnumDefinition = declared.__strawberry_definition__  # type: ignore[attr-defined]  # set there
    for value in definition.values:
        value.description = values[value.name]
    return declared


def field(resolver: Callable[..., Any]) -> Any:
    """A field that is resolved by a method."""
    return strawberry.field(resolver, description=inspect.getdoc(resolver))


def mutation(resolver: Callable[..., Any]) -> Any:
    """A field of the mutation root."""
    return strawberry.mutation(resolver, description=inspect.getdoc(resolver))


def subscription(resolver: Callable[..., Any]) -> Any:
    """A field of the subscription root."""
    return strawberry.subscription(resolver, description=inspect.getdoc(resolver))


def recorded(description: str, name: str | None = None) -> Any:
    """A field that is an attribute of the record behind a `View`, or of the plain value that stands for the type."""
    declared = strawberry.field(description=description, name=name)
    assert isinstance(declared, StrawberryField)  # noqa: S101 - the overloads call it Any
    declared.init = False
    return declared


class View:
    """An object over a record of the domain, whose attributes are its `recorded` fields."""

    record: strawberry.Private[Any]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.record, name)
