"""The schema as a whole."""

from collections.abc import Iterator
from pathlib import Path

from graphql import GraphQLEnumType, GraphQLNamedType, build_schema, is_introspection_type, is_specified_scalar_type

import schema

GOLDEN = Path(schema.__file__).parent / "schema.graphql"


def test_the_schema_is_the_committed_one() -> None:
    """`schema/schema.graphql` is what clients read; a change of the schema shows there (`continuum schema`)."""
    assert schema.sdl() + "\n" == GOLDEN.read_text(encoding="utf-8"), "renew it by: continuum schema"


def test_everything_is_described() -> None:
    """Every type, field, argument and enum value says what it is."""
    types = build_schema(GOLDEN.read_text(encoding="utf-8")).type_map.values()
    ours = [t for t in types if not is_introspection_type(t) and not is_specified_scalar_type(t)]
    assert len(ours) > 50
    assert not [name for type in ours for name, description in described(type) if not description]


def described(type: GraphQLNamedType) -> Iterator[tuple[str, str | None]]:
    """Everything of a type that ought to be described."""
    yield type.name, type.description
    if isinstance(type, GraphQLEnumType):
        yield from ((f"{type.name}.{name}", value.description) for name, value in type.values.items())
    for name, field in getattr(type, "fields", {}).items():
        yield f"{type.name}.{name}", field.description
        for argument, value in getattr(field, "args", {}).items():
            yield f"{type.name}.{name}({argument})", value.description
