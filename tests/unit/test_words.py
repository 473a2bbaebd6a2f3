"""Words of a text, and where they are found."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphstore.model import Concept
from graphstore.words import matched, snippet, words


def concept(name: str = "", summary: str = "", aliases: tuple[str, ...] = ()) -> Concept:
    """A concept with these words."""
    at = datetime.now(UTC)
    return Concept("1", name, "", "", "", "", summary, aliases, {}, 1.0, 1, 0, 1, at, at)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, World", ("hello", "world")),
        ("café CAFÉ cafe\u0301", ("cafe",)),
        ("rock'n'roll C++ x_y", ("rock", "n", "roll", "c", "x", "y")),
        ("日本語 Ünïcode 42", ("日本語", "unicode", "42")),
        ("ΟΔΟΣ οδός ΣΟΦΊΑ", ("οδοσ", "σοφια")),
        ("かき がぎ أمل امل", ("かき", "がぎ", "أمل", "امل")),
        ("\0 \ud800 … \"' *", ()),
        ("", ()),
    ],
)
def test_words_are_runs_of_letters_and_digits_folded(text: str, expected: tuple[str, ...]) -> None:
    """Each once, in order, without case and diacritics."""
    assert words(text) == expected


def test_matched_names_the_fields_that_hold_a_word_or_its_beginning() -> None:
    """In the order name, aliases, summary."""
    found = concept("Photosynthesis", "Plants use light.", ("light reaction",))
    assert matched(found, ("photo",)) == ("name",)
    assert matched(found, ("light", "nothing")) == ("aliases", "summary")
    assert matched(found, ("synthesis",)) == ()


def test_a_snippet_marks_what_matches() -> None:
    """In the summary if it is there, else in an alias, else in the name."""
    found = concept("Café", "The drink of a café, or cafe.", ("coffee house",))
    assert snippet(found, ("cafe",)) == "The drink of a «café», or «cafe»."
    assert snippet(found, ("coff",)) == "«coffee» house"
    assert snippet(concept("Café", "A drink."), ("caf",)) == "«Café»"
    assert snippet(concept("Café", "A drink."), ("tea",)) == "A drink."


def test_a_long_text_is_cut_around_the_first_match() -> None:
    """Between words, with the cuts shown."""
    text = "before " * 50 + "needle " + "after " * 50
    cut = snippet(concept("x", text), ("needle",))
    assert cut.startswith("…before")
    assert cut.endswith("…")
    assert "«needle» after" in cut
    assert len(cut) < 220


@given(name=st.text(), summary=st.text(max_size=600), wanted=st.lists(st.text(min_size=1), min_size=1, max_size=3))
def test_a_snippet_is_the_text_with_marks(name: str, summary: str, wanted: list[str]) -> None:
    """Whatever the text: without its marks and cuts it stands in the text, spaces apart."""
    found = concept(name.replace("«", "").replace("»", ""), summary.replace("«", "").replace("»", ""))
    cut = snippet(found, tuple(w for text in wanted for w in words(text)) or ("x",))
    plain = cut.replace("«", "").replace("»", "").removeprefix("…").removesuffix("…").strip()
    assert any(plain.removeprefix("…") in " ".join(text.split()) for text in (found.summary, found.name))
