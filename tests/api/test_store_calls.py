"""How often a request calls the store: once for each relationship and level, whatever the number of parents."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from continuum.assembly import Parts
from tests.api.conftest import serving
from tests.support.api import PROMISED, Api, explored
from tests.support.counting import CountedDatabase

GRAPH = """query ($first: Int) { concepts(first: $first) { edges { node { name
  relations(first: 10) { edges { node { target { name } source { name }
    evidence(first: 3) { edges { node { source { title } } } } } } } } } } }"""


@pytest.fixture
def counted(parts: Parts) -> CountedDatabase:
    """The store, counting its calls."""
    return CountedDatabase(parts.database)


@pytest.fixture
async def api(parts: Parts, counted: CountedDatabase) -> AsyncIterator[Api]:
    """A client of a server over the counted store, which holds 40 concepts."""
    async with serving(replace(parts, database=counted)) as api:  # type: ignore[arg-type]
        await explored(api)
        counted.calls.clear()
        yield api


@pytest.mark.parametrize("first", [1, 10, 40])
async def test_three_levels_are_three_reads(api: Api, counted: CountedDatabase, first: int) -> None:
    """Concepts, their relations with both ends, and the evidence with its sources: a read each."""
    page = (await api.data(GRAPH, first=first))["concepts"]["edges"]
    assert len(page) == first
    assert any(edge["node"]["relations"]["edges"] for edge in page)
    assert counted.calls == {"concepts.page": 1, "relations.of": 1, "relations.evidence": 1}


async def test_everything_about_many_concepts_is_a_read_for_each_field(api: Api, counted: CountedDatabase) -> None:
    """Counts, neighbours, namesakes and duplicates are batched too, and are read only when they are asked for."""
    query = """{ concepts(first: 10) { totalCount edges { node {
      relations(first: 2) { totalCount edges { cursor } } related(first: 2) { totalCount edges { node { name } } }
      evidence(first: 1) { totalCount edges { node { quote } } }
      otherSenses(first: 1) { name } possibleDuplicates(first: 1) { name } } } } }"""
    await api.data(query)
    assert counted.calls == Counter(
        {
            "concepts.page": 1,
            "concepts.count": 1,
            "concepts.named": 1,
            "concepts.similar": 1,
            "relations.of": 1,
            "relations.count": 1,
            "relations.neighbours": 1,
            "relations.count_neighbours": 1,
            "relations.evidence": 1,
            "relations.count_evidence": 1,
        }
    )


async def test_one_field_asked_twice_is_read_twice_at_most(api: Api, counted: CountedDatabase) -> None:
    """Aliases with other arguments are other reads; with the same ones they are one."""
    query = """{ concepts(first: 20) { edges { node {
      a: relations(first: 1) { edges { cursor } } b: relations(first: 2) { edges { cursor } }
      c: relations(first: 1) { totalCount } } } } }"""
    await api.data(query)
    assert counted.calls == {"concepts.page": 1, "relations.of": 2, "relations.count": 1}


async def test_many_nodes_are_a_read_for_each_type(api: Api, counted: CountedDatabase) -> None:
    """Ids of all types at once: one read for each type."""
    page = await api.data(
        "{ concepts(first: 9) { edges { node { id relations(first: 1) { edges { node { id } } } } } } }"
    )
    nodes = [edge["node"] for edge in page["concepts"]["edges"]]
    ids = [node["id"] for node in nodes]
    ids += [edge["node"]["id"] for node in nodes for edge in node["relations"]["edges"]]
    counted.calls.clear()
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Concept { name } ... on Relation { type } } }"
    found = (await api.data(query, ids=ids))["nodes"]
    assert [node["id"] for node in found] == ids
    assert counted.calls == {"concepts.get": 1, "relations.get": 1}


async def test_many_explorations_are_a_read_for_each_field(api: Api, counted: CountedDatabase) -> None:
    """Their members, steps, and the concepts of both: a read each, whatever their number."""
    for topic in ("light", "water"):
        await explored(api, topic)
    counted.calls.clear()
    query = """{ explorations(first: 10) { edges { node { root { name }
      concepts(first: 5) { totalCount edges { node { name } } }
      steps(first: 5) { totalCount edges { node { concept { name } } } } } } } }"""
    found = (await api.data(query))["explorations"]["edges"]
    assert len(found) == 3
    reads = {"explorations.page": 1, "explorations.members": 1, "explorations.steps": 1}
    assert {name: calls for name, calls in counted.calls.items() if name != "concepts.get"} == reads
    assert counted.calls["concepts.get"] <= 3, "the roots, those of the members, those of the steps"


async def test_a_neighbourhood_is_a_read_for_each_level(api: Api, counted: CountedDatabase) -> None:
    """The centre, a read for each level, the relations among the concepts, and the concepts themselves."""
    id = (await api.data('{ concept(name: "photosynthesis") { id } }'))["concept"]["id"]
    counted.calls.clear()
    query = """query ($id: ID!) { neighbourhood(of: $id, depth: 2) { concepts { name }
      relations { type source { name } target { name } } } }"""
    await api.data(query, id=id)
    assert counted.calls == {"concepts.get": 2, "relations.links": 3}


async def test_images_of_many_concepts_are_one_read(api: Api, counted: CountedDatabase) -> None:
    """50 concepts with their images are a read of concepts and one of images; counting them all is one more."""
    names = {"concepts": [{"name": f"concept {n}"} for n in range(50)]}
    add = "mutation ($input: AddKnowledgeInput!) { addKnowledge(input: $input) { concepts { id } } }"
    ids = [concept["id"] for concept in (await api.data(add, input=names))["addKnowledge"]["concepts"]]
    for part in (ids[:20], ids[20:40], ids[40:]):
        await api.data(PROMISED["Paint"], ids=part)
    counted.calls.clear()
    query = """{ concepts(first: 50, filter: {namePrefix: "concept "}) { edges { node { name
      images(first: 5) { %s edges { node { id status url concept { name } } } } } } } }"""
    for total, counts in (("", {}), ("totalCount", {"images.count": 1})):
        page = (await api.data(query % total))["concepts"]["edges"]
        assert [len(edge["node"]["images"]["edges"]) for edge in page] == [1] * 50
        assert counted.calls == {"concepts.page": 1, "images.of": 1, "concepts.get": 1, **counts}
        counted.calls.clear()


async def test_who_attests_many_claims_is_a_read_for_each_level(api: Api, counted: CountedDatabase) -> None:
    """The kinds of sources of all concepts are one read, those of all relations another."""
    query = """{ concepts(first: 40) { edges { node { modelOnly sourceKinds
      relations(first: 5) { edges { node { modelOnly sourceKinds } } } } } } }"""
    page = (await api.data(query))["concepts"]["edges"]
    claims = [edge["node"] for edge in page]
    claims += [edge["node"] for claim in claims for edge in claim["relations"]["edges"]]
    assert len(claims) > 40
    assert all((claim["sourceKinds"], claim["modelOnly"]) == (["ATLAS"], False) for claim in claims)
    assert counted.calls == {"concepts.page": 1, "relations.of": 1, "relations.source_kinds": 2}
