"""The operations that metrics tell apart."""

import re
from pathlib import Path

from schema.known import EXPLORER

WEB = Path(__file__).parents[2] / "web"
NAMED = re.compile(r"^\s*(?:query|mutation|subscription)\s+(\w+)", re.MULTILINE)


def test_the_explorers_operations_are_known() -> None:
    """All of them, and no other."""
    documents = (WEB / "explorer" / "api" / "documents").glob("*.graphql")
    assert {name for path in documents for name in NAMED.findall(path.read_text(encoding="utf-8"))} == EXPLORER
