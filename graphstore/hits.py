"""Full-text search as it is for every adapter: what is looked for, and what is told of what is found."""

from collections.abc import Sequence

from graphstore.model import Concept, Hit, name_key
from graphstore.rows.graph import Row, concept
from graphstore.words import matched, snippet, spelled, words

MAX_WORDS = 32
"""Further words of a text are not looked for: it is long enough to tell what is meant."""

PLACE = ("place", "rank", "id")
"""A hit's place in the order: 0 for a concept so named, 1 for one so called by an alias, 2 for others; then how well it
matches, the best lowest; then its id."""
PLACE_TYPES: tuple[type[str | float | int], ...] = (int, float, str)


def sought(text: str) -> tuple[str, ...]:
    """The words to look for; none are found in some texts."""
    return words(text)[:MAX_WORDS]


def sought_as_written(text: str) -> tuple[str, ...]:
    """The same words, not folded."""
    return spelled(text)[:MAX_WORDS]


def whole_key(text: str) -> str:
    """The name key of the whole text, which may hold what no name can."""
    return name_key(text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8"))


def hit(row: Row, sought: Sequence[str]) -> Hit[Concept]:
    """From `CONCEPT` and `PLACE`."""
    found, rank = concept(row), row[-2]
    return Hit(found, -rank, matched(found, sought), snippet(found, sought))
