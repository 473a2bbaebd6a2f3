"""What the pages ask for, held against the schema (no browser needed)."""

import re
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted((ROOT / "web" / "explorer" / "api" / "documents").glob("*.graphql"))
EXAMPLES = ROOT / "web" / "graphiql" / "examples.ts"


def documents() -> list[tuple[str, str]]:
    """Every document by a name: the explorer's files, and the template strings of GraphiQL's examples."""
    examples = re.findall(r"const (\w+) = `([^`]+)`", EXAMPLES.read_text())
    return [(path.stem, path.read_text()) for path in DOCUMENTS] + examples


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """The golden schema."""
    return build_schema((ROOT / "schema" / "schema.graphql").read_text())


@pytest.mark.parametrize(("name", "document"), documents())
def test_a_page_asks_only_for_what_the_schema_has(schema: GraphQLSchema, name: str, document: str) -> None:
    """Each operation of the pages is valid, so that a change of the schema cannot break them unseen."""
    assert validate(schema, parse(document)) == [], name
