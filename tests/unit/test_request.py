"""What may be asked of an exploration."""

import math
from dataclasses import replace

import pytest

from exploration.errors import InvalidRequest
from exploration.request import Limits, Request, check_budget, check_request, check_text
from graphstore.model import Budget

FINE = Request(topic="whale")


def test_what_people_ask_for_passes() -> None:
    """Ordinary requests, at both ends of every range, are fine."""
    limits = Limits()
    check_request(FINE, limits)
    check_request(replace(FINE, depth=limits.depth, breadth=limits.breadth), limits)
    check_request(Request(concept="id", budget=Budget()), limits)
    check_budget(Budget(concepts=1, seconds=1, tokens=0, cost_usd=0), limits)


@pytest.mark.parametrize(
    ("request_", "argument"),
    [
        (Request(), "topic"),
        (replace(FINE, concept="id"), "topic"),
        (replace(FINE, topic=""), "topic"),
        (replace(FINE, topic=" \n\t "), "topic"),
        (replace(FINE, topic="x" * 201), "topic"),
        (replace(FINE, topic="x" * 100_000), "topic"),
        (replace(FINE, topic="wh\x00ale"), "topic"),
        (replace(FINE, topic="wh\ud800ale"), "topic"),
        (replace(FINE, instructions="\x1b[2J"), "instructions"),
        (replace(FINE, language=""), "language"),
        (replace(FINE, depth=0), "depth"),
        (replace(FINE, depth=7), "depth"),
        (replace(FINE, breadth=-1), "breadth"),
        (replace(FINE, budget=Budget(concepts=0)), "budget.concepts"),
        (replace(FINE, budget=Budget(concepts=10_001)), "budget.concepts"),
        (replace(FINE, budget=Budget(seconds=-5)), "budget.seconds"),
        (replace(FINE, budget=Budget(seconds=math.nan)), "budget.seconds"),
        (replace(FINE, budget=Budget(tokens=-1)), "budget.tokens"),
        (replace(FINE, budget=Budget(cost_usd=math.inf)), "budget.costUsd"),
    ],
)
def test_what_is_out_of_bounds_is_named(request_: Request, argument: str) -> None:
    """The error names the argument, and the message says what is allowed."""
    with pytest.raises(InvalidRequest) as refused:
        check_request(request_, Limits())
    assert refused.value.argument == argument
    assert str(refused.value).startswith(f"{argument}: ")


def test_texts_are_normalised() -> None:
    """One text has one form: composed, without outer spaces."""
    assert check_text("topic", "  cafe\u0301 ", 10) == "caf\u00e9"
