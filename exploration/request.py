"""What may be asked of an exploration, and the checks that say so."""

import unicodedata
from dataclasses import dataclass, fields

from exploration.errors import InvalidRequest
from graphstore.model import Budget, ConceptId, Options, Pictures

DEFAULT_COST_USD = 1.0
"""The budget in US dollars of an exploration that can cost money, where none was named: nobody pays without a bound."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds of one exploration."""

    topic_length: int = 200
    instructions_length: int = 2_000
    depth: int = 6
    breadth: int = 50
    concepts: int = 10_000
    seconds: float = 86_400
    tokens: int = 10_000_000
    cost_usd: float = 1_000
    pictures: int = 10_000


@dataclass(frozen=True, slots=True)
class PicturesRequest:
    """That each concept found is to have a picture, as somebody asks for it. None: as is usual."""

    provider: str | None = None
    size: str | None = None
    quality: str | None = None
    style: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """An exploration as somebody asks for it. No sources: the default ones."""

    topic: str | None = None
    concept: ConceptId | None = None
    """The stored concept to start from, instead of a topic."""
    depth: int = 2
    breadth: int = 12
    sources: tuple[str, ...] = ()
    instructions: str = ""
    language: str = "en"
    budget: Budget = Budget(concepts=200, seconds=600)
    pictures: PicturesRequest | None = None
    """None: no pictures are made."""

    def options_with(self, sources: tuple[str, ...], pictures: Pictures | None) -> Options:
        """The part that is stored as the exploration's options, with the sources and pictures chosen for it."""
        return Options(self.depth, self.breadth, sources, self.instructions, self.language, pictures)


def check_text(argument: str, text: str, length: int, *, empty: bool = False) -> str:
    """The text, normalised (NFC, outer spaces gone), if a person could have meant it. Raises `InvalidRequest`."""
    if any(unicodedata.category(c) in {"Cc", "Cs", "Cn", "Co"} and c not in "\n\t" for c in text[: length + 1]):
        raise InvalidRequest(argument, "holds a character that is no text (a control character or half a surrogate)")
    if len(text) > length:
        raise InvalidRequest(argument, f"has {len(text):,} characters; at most {length:,} are allowed")
    text = unicodedata.normalize("NFC", text).strip()
    if not text and not empty:
        raise InvalidRequest(argument, f"is empty; 1 to {length:,} characters are allowed")
    return text


def check_request(request: Request, limits: Limits) -> None:
    """Raise `InvalidRequest` for the first argument that is out of bounds."""
    if (request.topic is None) == (request.concept is None):
        raise InvalidRequest("topic", "give either a topic or a concept to start from")
    if request.topic is not None:
        check_text("topic", request.topic, limits.topic_length)
    check_text("instructions", request.instructions, limits.instructions_length, empty=True)
    check_text("language", request.language, 35)
    check_range("depth", request.depth, 1, limits.depth)
    check_range("breadth", request.breadth, 1, limits.breadth)
    check_budget(request.budget, limits)


def check_budget(budget: Budget, limits: Limits) -> None:
    """Raise `InvalidRequest` for the first budget that is out of bounds."""
    least: tuple[tuple[str, str, float], ...] = (
        ("concepts", "budget.concepts", 1),
        ("seconds", "budget.seconds", 1),
        ("tokens", "budget.tokens", 0),
        ("cost_usd", "budget.costUsd", 0),
        ("pictures", "budget.pictures", 0),
    )
    assert {name for name, _, _ in least} == {f.name for f in fields(Budget)}  # noqa: S101 - a new budget needs a bound
    for name, argument, low in least:
        value = getattr(budget, name)
        if value is not None:
            check_range(argument, value, low, getattr(limits, name))


def check_range(argument: str, value: float, low: float, high: float) -> None:
    """Raise `InvalidRequest` for a value outside of the range."""
    if not low <= value <= high:  # also refuses NaN
        raise InvalidRequest(argument, f"{value:,} is not between {low:,} and {high:,}")
