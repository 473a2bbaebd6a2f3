"""What the documentation shows of GraphQL is true."""

import re
from dataclasses import asdict
from pathlib import Path

import pytest
from graphql import DocumentNode, build_schema, parse, validate

from continuum.payload import LONGEST_DOCUMENT
from schema.limits import Limits

ROOT = Path(__file__).parents[2]
SCHEMA = build_schema((ROOT / "schema" / "schema.graphql").read_text(encoding="utf-8"))
PAGES = [p for p in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))) if "```graphql" in p.read_text("utf-8")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_fit_the_schema(page: Path) -> None:
    """Every GraphQL example can be sent as it stands."""
    blocks = re.findall(r"^```graphql\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert blocks
    assert len(PAGES) >= 2, "the front page and the page for frontend developers show some"
    for operation in (definition for block in blocks for definition in parse(block).definitions):
        assert not validate(SCHEMA, DocumentNode(definitions=(operation,)))


def test_the_limits_are_the_documented_ones() -> None:
    """The page for frontend developers names every limit as it is."""
    limits = (ROOT / "docs" / "graphql.md").read_text(encoding="utf-8").partition("\n## Limits\n")[2]
    for number in (LONGEST_DOCUMENT, *asdict(Limits()).values()):
        assert f"{number:,} " in limits
