"""How much one operation may ask for."""

from typing import Any

import pytest
from graphql import get_introspection_query, parse

import schema
from schema.limits import Limits, Measure, Meter, excess
from tests.support.api import PROMISED

METER = Meter(schema.build()._schema)


def measure(document: str, **sizes: int) -> Measure:
    """What a document asks for."""
    return METER.measure(parse(document, max_tokens=Limits().tokens), sizes)


@pytest.mark.parametrize("name", PROMISED)
def test_what_is_promised_is_allowed(name: str) -> None:
    """The operations that the project promises keep all limits, the largest pages and most ids included."""
    assert excess(measure(PROMISED[name], first=100, ids=100), Limits()) is None


def test_introspection_is_allowed_but_not_many_times_over() -> None:
    """The standard introspection query keeps all limits; three of it in one operation do not."""
    query = get_introspection_query(specified_by_url=True, directive_is_repeatable=True, input_value_deprecation=True)
    assert excess(measure(query), Limits()) is None
    fragments = query[query.index("fragment ") :]
    thrice = " ".join(f"s{n}: __schema {{ types {{ ...FullType }} }}" for n in range(3))
    found = excess(measure(f"{{ {thrice} }} {fragments}"), Limits())
    assert found is not None
    assert found.limit == "cost"


@pytest.mark.parametrize(
    ("document", "sizes", "cost"),
    [
        ("{ server { version store } }", {}, 3),
        ("{ concepts { edges { node { name } } } }", {}, 1 + 20 * 3),
        ("{ concepts(first: 50) { edges { node { name } } } }", {}, 1 + 50 * 3),
        ("{ concepts(last: 7) { totalCount } }", {}, 1 + 7),
        ("query ($n: Int) { concepts(first: $n) { totalCount } }", {"n": 30}, 1 + 30),
        ("query ($n: Int = 40) { concepts(first: $n) { totalCount } }", {}, 1 + 40),
        ("query ($n: Int = 40) { concepts(first: $n) { totalCount } }", {"n": 3}, 1 + 3),
        ("{ concepts(first: 1000000000000) { totalCount } }", {}, 1 + 100),
        ("{ a: concepts(first: -1000000000) { totalCount } b: concepts(first: 3) { totalCount } }", {}, 1 + 1 + 3),
        ("query ($n: Int) { concepts(last: $n) { totalCount } relationTypes { type } }", {"n": -9}, 1 + 1 + 5),
        ("query ($ids: [ID!]!) { nodes(ids: $ids) { id } relationTypes { type } }", {"ids": -9}, 1 + 1 + 5),
        ("{ concepts(first: 10) { edges { node { relations(first: 5) { edges { cursor } } } } } }", {}, 131),
        ("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": 3}, 1 + 3),
        ('{ nodes(ids: ["a", "b"]) { id } }', {}, 1 + 2),
        ("subscription ($ids: [ID!]!) { imageUpdates(ids: $ids) { id concept { name } } }", {"ids": 7}, 1 + 7 * 3),
        ('{ concept(id: "x") { images(first: 10) { edges { node { id } } } } }', {}, 1 + 1 + 10 * 3),
        ("{ imageProviders { name sizes } }", {}, 1 + 5 * 2),
        ("mutation { generateImages(input: {conceptIds: []}) { images { id status } } }", {}, 1 + 1 + 100 * 2),
        ('{ neighbourhood(of: "x") { concepts { id } relations { id } } }', {}, 1 + 50 * 4),
        ('{ concept(id: "x") { otherSenses { name } } }', {}, 1 + 1 + 5),
        ("{ relationTypes { type count } }", {}, 1 + 5 * 2),
        ("{ ...F } fragment F on Query { ... on Query { concepts(first: 3) { totalCount } } }", {}, 1 + 3),
        ("{ nonsense { more nonsense } }", {}, 3),
    ],
)
def test_the_cost_is_the_number_of_fields_in_the_largest_answer(
    document: str, sizes: dict[str, int], cost: int
) -> None:
    """Pages multiply what is asked of each of their things, at each level, whether numbers or variables say so."""
    assert measure(document, **sizes).cost == cost


def nested(levels: int) -> str:
    """Relations of targets of relations, and so on."""
    inner = "id"
    for _ in range(levels):
        inner = f"relations(first: 100) {{ edges {{ node {{ target {{ {inner} }} }} }} }}"
    return f'{{ concept(name: "x") {{ {inner} }} }}'


def bomb(fragments: int) -> str:
    """Each fragment holds the next one twice: 2 to the power of their number, when they are written out."""
    chain = [
        f"fragment F{n} on Concept {{ a: otherSenses {{ ...F{n + 1} }} b: otherSenses {{ ...F{n + 1} }} }}"
        for n in range(fragments)
    ]
    return f'{{ concept(name: "x") {{ ...F0 }} }} {" ".join(chain)} fragment F{fragments} on Concept {{ id }}'


def circle(fragments: int) -> str:
    """Fragments that lead back to the first one."""
    chain = [
        f"fragment F{n} on Concept {{ related {{ edges {{ node {{ ...F{(n + 1) % fragments} }} }} }} }}"
        for n in range(fragments)
    ]
    return f'{{ concept(name: "x") {{ ...F0 }} }} {" ".join(chain)}'


@pytest.mark.parametrize(
    ("document", "limit"),
    [
        (nested(3), "cost"),
        (nested(15), "depth"),
        (bomb(12), "cost"),
        (bomb(40), "depth"),
        ("{ server { " + " ".join(f"a{n}: version" for n in range(900)) + " } }", "aliases"),
        ("{ " + " ".join(f"a{n}: server {{ version }}" for n in range(30)) + " }", "root_fields"),
        ("{ server { " + "version @skip(if: false) " * 51 + " } }", "directives"),
        ("{ server { version } } " + " ".join(f"fragment F{n} on Concept {{ id }}" for n in range(101)), "fragments"),
        ("{ ...F } fragment F on Query { " + "server { version } " * 21 + "}", "root_fields"),
        ("{ server " + "{ ... on ServerInfo " * 18 + "{ version }" + " }" * 18 + " }", None),
    ],
)
def test_what_asks_for_too_much_is_refused_by_the_limit_that_it_breaks(document: str, limit: str | None) -> None:
    """The message says what was asked for and what is allowed."""
    found = excess(measure(document), Limits())
    assert (found and found.limit) == limit
    if found:
        assert f"{found.asked:,}" in str(found)
        assert f"{found.allowed:,}" in str(found)


@pytest.mark.parametrize("document", [nested(15), bomb(40), bomb(80), circle(1), circle(30)])
def test_each_node_is_visited_once(document: str) -> None:
    """However fragments and pages multiply what is asked, finding out takes one look at each selection."""
    selections = document.count("...") + document.count("{") + document.count(" id ")
    assert measure(document).visited <= selections


def test_costs_beyond_counting_are_told_as_such() -> None:
    """A cost with thousands of digits is neither computed nor told."""
    assert measure(bomb(90)).cost <= 10**9


def test_limits_are_checked_before_validation() -> None:
    """A document that is refused for its size is not validated: the error says nothing of its unknown fields."""
    found: Any = excess(measure("{ " + "nonsense { " * 30 + "more" + " }" * 30 + " }"), Limits())
    assert found.limit == "depth"
