"""Fields that are to go: who still uses them is counted. The schema has none at present, so this one has."""

from graphql import build_schema, parse

from schema.limits import Meter
from schema.tally import accepted
from tests.support.figures import Moved

METER = Meter(
    build_schema("""
      type Query { leaf: Leaf, stem: Leaf @deprecated(reason: "it is a leaf") }
      type Leaf { name: String, title: String @deprecated(reason: "name says it") }
    """)
)


def test_an_operation_that_uses_one_is_counted() -> None:
    """By type and name of the field, however often it stands in the operation; in fragments, too."""
    moved = Moved()
    accepted("query", METER.measure(parse("{ leaf { name } }"), {}))
    assert moved.all("graphql_deprecated_fields_total") == {}
    document = "{ leaf { title again: title } stem { ...F } } fragment F on Leaf { title }"
    accepted("query", METER.measure(parse(document), {}))
    assert moved.all("graphql_deprecated_fields_total") == {("Query.stem",): 1, ("Leaf.title",): 1}
