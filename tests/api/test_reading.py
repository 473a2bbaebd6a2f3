"""Reading the graph: pages in both directions, senses, ways, what lies around, and anything by its id."""

from typing import Any

import pytest

from continuum.assembly import Parts
from tests.support.api import Api, explored
from tests.support.claims import known

ADD = """mutation ($input: AddKnowledgeInput!) { addKnowledge(input: $input) {
  concepts { id name } created { name } relations { id type source { name } target { name } } } }"""


async def added(api: Api, *names: str, relations: tuple[tuple[str, str, str], ...] = ()) -> dict[str, str]:
    """Ids by name of concepts that are stored now, with these relations."""
    stated = [{"source": s, "type": t, "target": e} for s, t, e in relations]
    input = {"concepts": [{"name": name} for name in names], "relations": stated}
    found = (await api.data(ADD, input=input))["addKnowledge"]
    assert len(found["relations"]) == len(relations)
    return {concept["name"]: concept["id"] for concept in found["concepts"]}


async def test_pages_in_both_directions(api: Api) -> None:
    """From the end backward, page by page, the list is the same as from its beginning."""
    await explored(api)
    query = """query ($first: Int, $after: String, $last: Int, $before: String) {
      concepts(first: $first, after: $after, last: $last, before: $before, orderBy: MOST_CONNECTED) {
        edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
    forward = (await api.data(query, first=40))["concepts"]
    assert forward["pageInfo"]["hasNextPage"] is False
    backward: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = (await api.data(query, last=9, before=cursor))["concepts"]
        assert page["pageInfo"]["hasNextPage"] is bool(backward)
        backward = page["edges"] + backward
        cursor = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            break
    assert backward == forward["edges"]
    cursors = [edge["cursor"] for edge in backward]
    between = (await api.data(query, first=100, after=cursors[4], before=cursors[8]))["concepts"]
    assert [edge["cursor"] for edge in between["edges"]] == cursors[5:8]


async def test_every_list_is_walked_by_its_cursors(api: Api) -> None:
    """Relations, neighbours, evidence, members, steps, explorations and results: one at a time gives them all, once."""
    id = await explored(api)
    concept = (await api.data('{ concept(name: "photosynthesis") { id } }'))["concept"]["id"]
    lists = {
        f'concept(id: "{concept}") {{ it: relations(first: 1, after: $after) {{ %s }} }}': "node { id }",
        f'concept(id: "{concept}") {{ it: related(first: 1, after: $after) {{ %s }} }}': "node { id }",
        f'concept(id: "{concept}") {{ it: evidence(first: 1, after: $after) {{ %s }} }}': "node { quote }",
        f'exploration(id: "{id}") {{ it: concepts(first: 1, after: $after) {{ %s }} }}': "node { id }",
        f'exploration(id: "{id}") {{ it: steps(first: 1, after: $after) {{ %s }} }}': "node { id }",
    }
    for field, node in lists.items():
        page = f"totalCount edges {{ cursor {node} }} pageInfo {{ hasNextPage endCursor }}"
        query = f"query ($after: String) {{ found: {field % page} }}"
        walked, cursor, total = [], None, None
        while total is None or len(walked) < total:
            found = (await api.data(query, after=cursor))["found"]["it"]
            total, cursor = found["totalCount"], found["pageInfo"]["endCursor"]
            walked += [str(edge["node"]) for edge in found["edges"]]
            assert found["pageInfo"]["hasNextPage"] is (len(walked) < total)
        assert len(set(walked)) == len(walked) > 0


async def test_names_of_any_length_are_walked(api: Api, parts: Parts) -> None:
    """An import may bring longer ones than people may give: their cursors are as good as others."""
    names = [letter * 7_000 for letter in "abc"]
    await parts.database.within("main").curation.add(known(*names))
    query = "query ($after: String) { concepts(first: 1, after: $after) { edges { cursor node { name } } } }"
    walked, cursor = [], None
    for _ in names:
        [edge] = (await api.data(query, after=cursor))["concepts"]["edges"]
        walked.append(edge["node"]["name"])
        cursor = edge["cursor"]
    assert walked == names


async def test_searching_page_by_page(api: Api) -> None:
    """Results of a search follow each other without gap or double."""
    await explored(api)
    query = """query ($after: String) { search(query: "light", first: 3, after: $after) {
      totalCount edges { node { id } } pageInfo { hasNextPage endCursor } } }"""
    found: list[str] = []
    cursor = None
    while True:
        page = (await api.data(query, after=cursor))["search"]
        found += [edge["node"]["id"] for edge in page["edges"]]
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(found) == len(set(found)) == page["totalCount"] > 3


async def test_filters_and_orders(api: Api) -> None:
    """Concepts by kind, domain, beginning of their name and confidence, in the order asked for."""
    concepts = [
        {"name": "Bank", "kind": "institution", "domain": "finance", "confidence": 0.9},
        {"name": "Bank", "kind": "landform", "domain": "geography", "confidence": 0.5},
        {"name": "Bark", "kind": "tissue", "domain": "biology", "confidence": 0.7},
    ]
    for number, concept in enumerate(concepts):
        await api.data(ADD, input={"concepts": [{"ref": str(number), **concept}]})
    query = """query ($filter: ConceptFilter, $order: ConceptOrder! = NEWEST) {
      concepts(filter: $filter, orderBy: $order) { totalCount edges { node { name kind } } } }"""

    async def kinds(**variables: Any) -> list[str]:
        page = (await api.data(query, **variables))["concepts"]
        assert page["totalCount"] == len(page["edges"])
        return [edge["node"]["kind"] for edge in page["edges"]]

    assert await kinds() == ["tissue", "landform", "institution"]
    assert await kinds(order="OLDEST") == ["institution", "landform", "tissue"]
    assert await kinds(filter={"kinds": ["tissue", "landform"]}) == ["tissue", "landform"]
    assert await kinds(filter={"domains": ["finance"]}) == ["institution"]
    assert await kinds(filter={"namePrefix": "ban"}) == ["landform", "institution"]
    assert await kinds(filter={"minConfidence": 0.6}) == ["tissue", "institution"]
    senses = '{ concept(name: "bank") { kind otherSenses { kind name } } }'
    found = (await api.data(senses))["concept"]
    assert {found["kind"], found["otherSenses"][0]["kind"]} == {"institution", "landform"}
    assert len(found["otherSenses"]) == 1


async def test_relations_by_direction_and_type(api: Api) -> None:
    """A concept's relations, and its neighbours, seen from one side or of one type."""
    relations = (("a", "IS_A", "b"), ("a", "USES", "c"), ("d", "USES", "a"), ("a", "PART_OF", "c"))
    ids = await added(api, "a", "b", "c", "d", relations=relations)
    query = """query ($id: ID!, $direction: Direction! = BOTH, $types: [String!]) { concept(id: $id) { degree
      relations(direction: $direction, types: $types) { totalCount
        edges { node { type source { name } target { name } } } }
      related(direction: $direction, types: $types) { totalCount edges { node { name } } } } }"""

    async def around(**variables: Any) -> tuple[set[tuple[str, str, str]], set[str]]:
        concept = (await api.data(query, id=ids["a"], **variables))["concept"]
        nodes = [edge["node"] for edge in concept["relations"]["edges"]]
        near = [edge["node"]["name"] for edge in concept["related"]["edges"]]
        assert concept["degree"] == len(relations)
        assert concept["relations"]["totalCount"] == len(nodes)
        assert concept["related"]["totalCount"] == len(near) == len(set(near))
        return {(n["source"]["name"], n["type"], n["target"]["name"]) for n in nodes}, set(near)

    assert await around() == (set(relations), {"b", "c", "d"})
    assert await around(direction="OUT") == (set(relations) - {("d", "USES", "a")}, {"b", "c"})
    assert await around(direction="IN") == ({("d", "USES", "a")}, {"d"})
    assert await around(types=["USES"]) == ({("a", "USES", "c"), ("d", "USES", "a")}, {"c", "d"})
    assert await around(types=[]) == (set(), set())
    assert (await api.data("{ relationTypes { type count } }"))["relationTypes"] == [
        {"type": "USES", "count": 2},
        {"type": "IS_A", "count": 1},
        {"type": "PART_OF", "count": 1},
    ]


WAY = """query ($from: ID!, $to: ID!, $depth: Int! = 6, $types: [String!]) {
  path(from: $from, to: $to, maxDepth: $depth, types: $types) { found reason hops { concept { name }
    relation { type source { name } target { name } evidence { edges { node { source { kind title } } } } } } } }"""


async def test_ways(api: Api) -> None:
    """The shortest way is found along relations of either direction, with what attests each; or the reason is told."""
    relations = (("a", "R", "b"), ("c", "R", "b"), ("c", "S", "d"), ("a", "S", "e"), ("e", "S", "f"), ("f", "S", "d"))
    ids = await added(api, "a", "b", "c", "d", "e", "f", "alone", relations=relations)

    async def way(start: str, end: str, **variables: Any) -> Any:
        path = (await api.data(WAY, **{"from": ids[start], "to": ids[end]}, **variables))["path"]
        return [hop["concept"]["name"] for hop in path["hops"]] if path["found"] else path["reason"]

    assert await way("a", "d") in (["b", "c", "d"], ["e", "f", "d"])
    assert await way("a", "d", types=["S"]) == ["e", "f", "d"]
    assert await way("a", "c") == ["b", "c"]
    assert await way("a", "a") == []
    assert "within 2 relations" in await way("a", "d", depth=2)
    assert await way("a", "alone") == "nothing connects the two"
    path = (await api.data(WAY, **{"from": ids["a"], "to": ids["b"]}))["path"]
    [hop] = path["hops"]
    assert hop["relation"]["evidence"]["edges"] == [{"node": {"source": {"kind": "PERSON", "title": "anonymous"}}}]


async def test_what_lies_around(api: Api) -> None:
    """Level by level, the best first, cut where asked, with relations among what is given only."""
    concepts = [{"name": name} for name in ("centre", "near", "nearer", "far")]
    relations = [
        {"source": "centre", "type": "R", "target": "near", "confidence": 0.5},
        {"source": "nearer", "type": "R", "target": "centre", "confidence": 0.9},
        {"source": "near", "type": "R", "target": "far", "confidence": 1.0},
    ]
    found = (await api.data(ADD, input={"concepts": concepts, "relations": relations}))["addKnowledge"]
    query = """query ($id: ID!, $depth: Int! = 1, $first: Int! = 50) {
      neighbourhood(of: $id, depth: $depth, first: $first) { totalCount truncated concepts { name }
        relations { source { name } target { name } } } }"""

    async def around(**variables: Any) -> tuple[list[str], int, int, bool]:
        found_there = (await api.data(query, id=found["concepts"][0]["id"], **variables))["neighbourhood"]
        names = [concept["name"] for concept in found_there["concepts"]]
        ends = {r[end]["name"] for r in found_there["relations"] for end in ("source", "target")}
        assert ends <= set(names)
        return names, len(found_there["relations"]), found_there["totalCount"], found_there["truncated"]

    assert await around() == (["centre", "nearer", "near"], 2, 3, False)
    assert await around(depth=2) == (["centre", "nearer", "near", "far"], 3, 4, False)
    assert await around(depth=2, first=2) == (["centre", "nearer"], 1, 4, True)
    assert await around(first=1) == (["centre"], 0, 3, True)


async def test_anything_by_its_id(api: Api) -> None:
    """Each node says its own id, and is found by it."""
    exploration = await explored(api)
    query = """{ concept(name: "photosynthesis") { id relations(first: 1) { edges { node { id
      evidence { edges { node { source { id } } } } } } } } }"""
    concept = (await api.data(query))["concept"]
    relation = concept["relations"]["edges"][0]["node"]
    ids = {
        "Concept": concept["id"],
        "Relation": relation["id"],
        "Source": relation["evidence"]["edges"][0]["node"]["source"]["id"],
        "Exploration": exploration,
    }
    found = await api.data("query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=list(ids.values()))
    assert found["nodes"] == [{"__typename": type, "id": id} for type, id in ids.items()]
    for type, id in ids.items():
        one = await api.data("query ($id: ID!) { node(id: $id) { __typename id } }", id=id)
        assert one["node"] == {"__typename": type, "id": id}


@pytest.mark.parametrize("name", ["Photosynthesis", "PHOTOSYNTHESIS", "  photosynthesis "])
async def test_names_are_found_however_they_are_written(api: Api, name: str) -> None:
    """A name is looked up without regard to case and spaces."""
    await explored(api)
    found = await api.data("query ($name: String!) { concept(name: $name) { name } }", name=name)
    assert found["concept"] == {"name": "Photosynthesis"}


async def test_what_can_be_asked_and_what_answers(api: Api) -> None:
    """The server says what it is, and which sources explorations can ask."""
    await added(api, "a", "b", relations=(("a", "IS_A", "b"),))
    query = """{ server { version store storeVersion concepts relations explorations }
      knowledgeSources { name available free } }"""
    data = await api.data(query)
    assert data["server"].pop("version")
    assert data["server"].pop("storeVersion")
    assert data["server"] == {"store": "sqlite", "concepts": 2, "relations": 1, "explorations": 0}
    assert [source["name"] for source in data["knowledgeSources"]] == ["openai", "atlas", "graph"]
