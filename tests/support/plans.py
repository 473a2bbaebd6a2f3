"""How Neo4j would run a statement, and what is wrong with that."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import neo4j

_SEEKS = ("NodeIndexSeek", "NodeUniqueIndexSeek", "MultiNodeIndexSeek", "AssertingMultiNodeIndexSeek")
_ALL_THERE_IS = (
    *("AllNodesScan", "NodeByLabelScan", "UnionNodeByLabelsScan", "IntersectionNodeByLabelsScan"),
    *("SubtractionNodeByLabelsScan", "DirectedAllRelationshipsScan", "UndirectedAllRelationshipsScan"),
    *("DirectedRelationshipTypeScan", "UndirectedRelationshipTypeScan", "NodeIndexScan"),
)
_ONE_ROW = ("EmptyRow", "Argument", "NodeUniqueIndexSeek")
_AGGREGATED = ("collect(", "count(", "min(", "max(", "sum(")
_FULL_TEXT = "db.index.fulltext.queryNodes"


def complaints(driver: neo4j.Driver, statements: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
    """For each statement, by name, the operators of its plan that read all there is, and whether no index is used."""
    with driver.session() as session:
        found = {name: _complaints(session, text) for name, text in statements.items()}
    return {name: wrong for name, wrong in found.items() if wrong}


def filters(driver: neo4j.Driver, text: str, parameters: Mapping[str, object]) -> Sequence[str]:
    """What a statement compares with each of the rows that it goes through, by a plan that is made now and for such
    parameters."""
    with driver.session() as session:
        queries = (neo4j.Query(f"CYPHER replan=force EXPLAIN {part}") for part in (text, *_collected(text)))
        plans = [session.run(query, dict(parameters)).consume().plan or {} for query in queries]
    return [_details(each) for plan in plans for each in _operators(plan) if _kind(each) == "Filter"]


def _complaints(session: neo4j.Session, text: str) -> list[str]:
    query = neo4j.Query(f"EXPLAIN {text}")
    operators = list(_operators(session.run(query).consume().plan or {}))
    if any("MATCH (" in _details(each) for each in operators):  # the plan of an expression, which is not shown
        parts = list(_collected(text)) or ["RETURN 'a plan that is not shown'"]
        return [wrong for part in parts for wrong in _complaints(session, part)]
    return list(_wrong(operators))


def _collected(text: str) -> Iterator[str]:
    """What stands in COLLECT { ... }: each is a statement of its own."""
    for begin in re.finditer(r"COLLECT \{", text):
        depth, end = 1, begin.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        yield text[begin.end() : end - 1]


def _wrong(operators: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for each in operators:
        if _kind(each).startswith(_ALL_THERE_IS) or (_kind(each) == "CartesianProduct" and not _small(each)):
            yield f"{_kind(each)}: {_details(each)}"
    if not any(_kind(each).startswith(_SEEKS) or _FULL_TEXT in _details(each) for each in operators):
        yield "no index is used"


def _small(product: Mapping[str, Any]) -> bool:
    """Whether all parts of a Cartesian product but one have a single row."""
    return sum(not _has_one_row(part) for part in product["children"]) <= 1


def _has_one_row(plan: Mapping[str, Any]) -> bool:
    if _kind(plan) == "EagerAggregation":
        return _details(plan).startswith(_AGGREGATED)
    if _kind(plan).startswith(_ONE_ROW):
        return not any(sign in _details(plan) for sign in (">", "<", " IN ", "IS NOT NULL"))
    return bool(plan.get("children")) and all(map(_has_one_row, plan["children"]))


def _operators(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """All operators of a plan."""
    yield plan
    for child in plan.get("children", ()):
        yield from _operators(child)


def _kind(operator: Mapping[str, Any]) -> str:
    return str(operator["operatorType"]).split("@")[0]


def _details(operator: Mapping[str, Any]) -> str:
    return str(operator["args"].get("Details", ""))
