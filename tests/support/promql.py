"""As much of PromQL as it takes to see which metrics and labels an expression uses."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_STRING = r'"(?:[^"\\]|\\.)*"'
_TOKEN = re.compile(rf"{_STRING}|\{{(?:{_STRING}|[^}}\"])*\}}|\[[^\]]*\]|\$\w+|[A-Za-z_:][\w:]*|\d[\w.]*|\S")
_NAME = re.compile(r"[A-Za-z_:][\w:]*")
_MATCHER = re.compile(rf"(\w+)\s*(?:=~|!~|!=|=)\s*{_STRING}")
_OPERATORS = frozenset({"or", "and", "unless", "bool", "offset"})
_MATCHING = frozenset({"on", "ignoring", "group_left", "group_right"})


@dataclass(frozen=True, slots=True)
class Use:
    """A metric in an expression, and which labels it must have for that."""

    metric: str
    matched: frozenset[str]
    grouped: frozenset[str]
    aggregated: bool

    @property
    def labels(self) -> frozenset[str]:
        """Those it is chosen by, and those that it and all around it is grouped by."""
        return self.matched | self.grouped


def uses(expression: str) -> list[Use]:
    """All metrics of an expression; aggregations are written `sum by (label) (...)`."""
    return list(_walk(_TOKEN.findall(expression)))


def groups(expression: str) -> set[str]:
    """All labels that anything in it is grouped by."""
    return {label for found in re.findall(r"\bby \(([^)]*)\)", expression) for label in re.split(r",\s*", found)}


def rated(expression: str) -> list[str]:
    """Metrics of which a rate or an increase is taken."""
    return re.findall(r"\b(?:rate|irate|increase)\(([\w:]+)", expression)


def _walk(tokens: list[str]) -> Iterator[Use]:
    grouped: list[frozenset[str] | None] = [None]
    """Of each open parenthesis: what it is grouped by, or None outside of all aggregations."""
    coming: frozenset[str] | None = None
    place = 0
    while place < len(tokens):
        token, after = tokens[place], tokens[place + 1] if place + 1 < len(tokens) else ""
        place += 1
        if token == "by" or token in _MATCHING:
            end = tokens.index(")", place) if after == "(" else place - 1
            if token == "by":
                coming = frozenset(tokens[place + 1 : end]) - {","}
            place = end + 1
        elif token == "(":
            grouped.append(_inside(grouped[-1], coming))
            coming = None
        elif token == ")":
            grouped.pop()
        elif after == "(" and token in {"sum", "max", "min", "avg", "count"}:
            coming = frozenset()
        elif _NAME.fullmatch(token) and token not in _OPERATORS and after not in {"(", "by"}:
            matched = frozenset(_MATCHER.findall(after)) if after.startswith("{") else frozenset()
            yield Use(token, matched, grouped[-1] or frozenset(), grouped[-1] is not None)


def _inside(outer: frozenset[str] | None, coming: frozenset[str] | None) -> frozenset[str] | None:
    return outer if coming is None else coming | (outer or frozenset())
