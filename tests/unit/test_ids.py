"""Ids and cursors as clients see them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exploration.errors import InvalidRequest
from graphstore.model import PageRequest, RelationKey
from resolvers import ids
from resolvers.paging import Slice, cursor_text

URL_SAFE = re.compile(r"[A-Za-z0-9_-]+")


@given(type=st.sampled_from(ids.TYPES), raw=st.text(min_size=1, max_size=60))
def test_an_id_leads_back(type: str, raw: str) -> None:
    """What an id was made of is found again; it can stand in a URL as it is."""
    id = ids.global_id(type, raw)
    assert URL_SAFE.fullmatch(id)
    assert ids.typed_id("id", id) == (type, raw)


def test_a_relation_is_found_by_its_ends() -> None:
    """A relation's id holds its identity."""
    key = RelationKey("a-1", "PART_OF", "b-2")
    assert ids.relation_key("id", ids.relation_id(key)) == key


@given(st.text(max_size=400))
def test_whatever_is_no_id_is_refused(text: str) -> None:
    """Any text is either an id in its only form, or refused."""
    try:
        type, raw = ids.typed_id("input.id", text)
    except InvalidRequest:
        return
    assert ids.global_id(type, raw) == text


@pytest.mark.parametrize("padding", ["=", "==", "\n", " "])
def test_another_spelling_of_an_id_is_none(padding: str) -> None:
    """One thing has one id, so that clients can compare them."""
    with pytest.raises(InvalidRequest):
        ids.typed_id("id", ids.global_id("Concept", "1") + padding)


def test_the_wrong_type_is_named() -> None:
    """Whoever gives the id of something else is told what is wanted."""
    with pytest.raises(InvalidRequest, match=r"^id: this is the id of a Concept; the id of a"):
        ids.raw_id("id", ids.global_id("Concept", "1"), "Exploration")


PLACES = st.lists(
    st.text(st.characters(codec="utf-8"), max_size=20) | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9), max_size=5
)


@given(PLACES.map(tuple))
def test_a_cursor_leads_back(place: tuple[str | int | float, ...]) -> None:
    """A place in a list is found again, to the last digit."""
    cursor = cursor_text("relations", place)
    assert URL_SAFE.fullmatch(cursor)
    assert Slice(first=5, after=cursor).of("relations") == PageRequest(5, after=place)
    assert Slice(last=5, before=cursor).of("relations") == PageRequest(5, before=place, backward=True)


def test_a_cursor_belongs_to_one_list() -> None:
    """A cursor of another list, or of another order of the same one, is refused."""
    with pytest.raises(InvalidRequest, match="after: this cursor belongs to another list"):
        Slice(after=cursor_text("concepts.NAME", ("a", "1"))).of("concepts.NEWEST")


@pytest.mark.parametrize("text", ["", "x", "!!!", "W10", "e30", "bnVsbA", "WzFd", cursor_text("a", ((("b",),),))])  # type: ignore[arg-type]
def test_what_is_no_cursor_is_refused(text: str) -> None:
    """Neither other text nor other JSON is taken for a cursor."""
    with pytest.raises(InvalidRequest):
        Slice(before=text).of("a")


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (Slice(first=0), "first: 0 is not between 1 and 100"),
        (Slice(first=-1), "first: -1 is not between 1 and 100"),
        (Slice(last=10_000), "last: 10,000 is not between 1 and 100"),
        (Slice(first=1, last=1), "first: give either first or last, not both"),
    ],
)
def test_the_size_of_a_page_is_bounded(part: Slice, message: str) -> None:
    """The message names the argument and what is allowed."""
    with pytest.raises(InvalidRequest, match=message):
        part.of("relations")


def test_a_page_has_a_size_of_its_own() -> None:
    """Without a size, a page has the default one."""
    assert Slice().of("relations") == PageRequest(20)
