"""What the users ask, and whether it was answered."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.load.profiles import BUDGET

HEALTH = "health"
START = "start exploration"
STATUS = "exploration status"
SEARCH = "search"
DETAILS = "concept details"
KINDS = (HEALTH, START, STATUS, SEARCH, DETAILS)

CONNECT = "subscriber: connection"
FIRST = "subscriber: first event"
SUBSCRIBER_KINDS = (CONNECT, FIRST)

QUERIES: Mapping[str, str] = {
    # The atlas costs nothing, whatever the server would ask by itself.
    START: f"""mutation StartExploration($topic: String!) {{
  startExploration(input: {{topic: $topic, sources: ["atlas"], budget: {{concepts: {BUDGET}}}}}) {{
    exploration {{ id status }} }} }}""",
    STATUS: """query ExplorationStatus($id: ID!) {
  exploration(id: $id) { id status reason progress { conceptsFound stepsDone stepsPending } } }""",
    SEARCH: """query Search($text: String!) {
  search(query: $text, first: 10) { edges { score snippet node { id name kind } } } }""",
    DETAILS: """query ConceptDetails($id: ID!) {
  concept(id: $id) { id name summary kind domain aliases degree
    relations(first: 10) { edges { node { type source { id name } target { id name } } } } } }""",
}
WATCH = """subscription ExplorationEvents($id: ID!, $after: Int) {
  explorationEvents(id: $id, after: $after) { __typename seq progress { conceptsFound stepsDone stepsPending }
    ... on GraphGrew { concepts { id name } relations { type source { id } target { id } } }
    ... on StatusChanged { status reason } } }"""

_ROOTS: Mapping[str, str] = {START: "startExploration", STATUS: "exploration", SEARCH: "search", DETAILS: "concept"}
_OK = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the operation's field, or why it counts as failed."""

    value: Mapping[str, Any]
    problem: str = ""

    @classmethod
    def read(cls, kind: str, status: int, body: bytes) -> "Answer":
        """Errors of GraphQL are failures whatever the status, and so is a null where something was asked for."""
        if status != _OK:
            return cls({}, f"HTTP {status}")
        try:
            answer = json.loads(body)
        except ValueError:
            return cls({}, "the answer is no JSON")
        return cls.of(kind, answer)

    @classmethod
    def of(cls, kind: str, answer: Mapping[str, Any]) -> "Answer":
        """Of an answer as GraphQL has it: data and errors."""
        if answer.get("errors"):
            return cls({}, in_words(answer["errors"]))
        value = (answer.get("data") or {}).get(_ROOTS[kind])
        return cls(value) if value is not None else cls({}, f"{_ROOTS[kind]} is null")


def in_words(errors: list[dict[str, Any]]) -> str:
    """The codes of GraphQL errors, each once; ids in messages would make a reason of each."""
    codes = dict.fromkeys(str(error.get("extensions", {}).get("code", "an error without a code")) for error in errors)
    return f"GraphQL: {', '.join(codes)}"


def started(value: Mapping[str, Any]) -> str:
    """The id of the exploration in an answer to START."""
    return str(value["exploration"]["id"])


def found(value: Mapping[str, Any]) -> list[str]:
    """The ids of the concepts in an answer to SEARCH."""
    return [str(edge["node"]["id"]) for edge in value["edges"]]
