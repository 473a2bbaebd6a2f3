"""Documents that were parsed: what is remembered of each, and how much."""

import pytest
from graphql import get_introspection_query

import schema
from schema.documents import COMPARISONS, document, invalid, sizes
from schema.limits import Limits
from tests.support.api import PROMISED

SCHEMA = schema.build()._schema


def wrong(text: str) -> list[str]:
    """What validation says of a document."""
    return [error.message for error in invalid(document(text, Limits())[0], SCHEMA, introspection=True)]


@pytest.mark.parametrize(
    "text",
    [
        "{ concepts { " + "edges { node { id } } " * 400 + "} }",
        '{ concept(name: "x") { ' + "relations(first: 1) { totalCount } " * 240 + "} }",
        "{ server { " + "version " * 3_500 + "} }",
    ],
)
def test_the_same_fields_cannot_be_asked_for_many_times_over(text: str) -> None:
    """They would be compared each with each, for up to a second in which the process answers nobody else."""
    assert wrong(text) == ["This asks for the same fields too many times in one place; ask for each of them once."]


def test_what_is_promised_is_far_from_that(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operations that the project promises, and introspection, need less than a twentieth of it."""
    monkeypatch.setattr("schema.documents.COMPARISONS", COMPARISONS // 20)
    for text in (*PROMISED.values(), get_introspection_query()):
        found, _ = document(f"{text}\n# again, since what was found before is remembered", Limits())
        assert not invalid(found, SCHEMA, introspection=True)


def test_only_variables_that_are_declared_are_remembered() -> None:
    """Others change nothing, and of those a client may send as many as fit into a body: each time, to be kept."""
    text = "query ($first: Int, $ids: [ID!]) { concepts(first: $first) { totalCount } nodes(ids: $ids) { id } }"
    found, _ = document(text, Limits())
    others = {f"v{number}": number for number in range(1_000)}
    assert sizes(found, {**others, "ids": ["a", "b"], "first": 3}) == (("first", 3), ("ids", 2))
    assert sizes(found, {"name": "x"}) == sizes(found, {}) == sizes(found, None) == ()


def test_variables_of_all_operations_count() -> None:
    """Which of them is carried out is decided later."""
    found, _ = document("query A($a: Int) { server { version } } query B($b: Int) { server { version } }", Limits())
    assert sizes(found, {"b": 2, "a": 1, "c": 3}) == (("a", 1), ("b", 2))
