"""Concepts that may be one and the same: the words by which to find candidates, and which of those are likely."""

from collections.abc import Iterable, Sequence

from graphstore.hits import sought
from graphstore.identity import likeness
from graphstore.model import Concept
from graphstore.paging import limited

MIN_LIKENESS = 0.8
_STEM = 4


def names_words(one: Concept) -> tuple[str, ...]:
    """The words of a concept's names."""
    return sought(names(one))


def names(one: Concept) -> str:
    """All of a concept's names in one text."""
    return " ".join((one.name, *one.aliases))


def stem(word: str) -> str:
    """Enough of a word to find it with another ending."""
    return word[: max(_STEM, len(word) - 3)]


def likeliest(one: Concept, candidates: Iterable[Concept], limit: int) -> Sequence[Concept]:
    """The candidates with names like this one's, likeliest first."""
    scored = [(likeness(one, other, MIN_LIKENESS), other) for other in candidates]
    likely = sorted(((-score, other.id, other) for score, other in scored if score >= MIN_LIKENESS))
    return tuple(other for _, _, other in likely[: limited(limit)])
