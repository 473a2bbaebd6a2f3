"""The requests that are measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of request."""

    title: str
    query: str

    async def ask(self, session: aiohttp.ClientSession, variables: Mapping[str, Any]) -> bytes:
        """The answer's body; an error ends the benchmark."""
        used = {name: value for name, value in variables.items() if f"${name}" in self.query}
        async with session.post("/graphql", json={"query": self.query, "variables": used}) as response:
            body = await response.read()
        if b'"errors"' in body:
            raise RuntimeError(f"{self.title}: {body[:500]!r}")
        return body


CASES = (
    Case("one concept", "query One($id: ID!) { concept(id: $id) { id name summary kind domain aliases degree } }"),
    Case(
        "50 concepts, 10 relations each, with targets",
        """query Fifty { concepts(first: 50, orderBy: MOST_CONNECTED) { edges { node { id name
          relations(first: 10) { edges { node { type source { id name } target { id name summary } } } } } } } }""",
    ),
    Case(
        "a search",
        "query Find($text: String!) { search(query: $text, first: 20) { edges { score snippet node { id name } } } }",
    ),
    Case(
        "a neighbourhood of two levels",
        """query Around($id: ID!) { neighbourhood(of: $id, depth: 2, first: 50) { totalCount truncated
          concepts { id name } relations { type source { id } target { id } } } }""",
    ),
)

_PREPARE = '{ search(query: "water", first: 1) { edges { node { id name } } } }'


async def prepare(session: aiohttp.ClientSession) -> dict[str, Any]:
    """What the cases ask about: a concept that any graph of some size has."""
    async with session.post("/graphql", json={"query": _PREPARE}) as response:
        answer = await response.json()
    concept = answer["data"]["search"]["edges"][0]["node"]
    return {"id": concept["id"], "text": concept["name"]}
