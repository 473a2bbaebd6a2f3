"""Changing the graph by hand."""

from typing import Any

from tests.support.api import Api

ADD = """mutation ($input: AddKnowledgeInput!) { addKnowledge(input: $input) {
  concepts { id name version evidence { edges { node { quote confidence source { id kind title url origin } } } } }
  created { name } relations { id type version confidence support source { name } target { name }
    evidence { edges { node { quote source { kind } } } } } } }"""
CAT = {
    "concepts": [{"name": "Cat", "kind": "animal", "summary": "Purrs."}, {"name": "Mammal"}],
    "relations": [{"source": "Cat", "type": "IS_A", "target": "Mammal", "quote": "A cat is a mammal."}],
}
COUNTS = "{ concepts { totalCount } relationTypes { type count } }"


async def add(api: Api, **input: Any) -> dict[str, Any]:
    """What came of adding this."""
    added: dict[str, Any] = (await api.data(ADD, input=input))["addKnowledge"]
    return added


def evidence(of: dict[str, Any]) -> list[dict[str, Any]]:
    """What attests it."""
    return [edge["node"] for edge in of["evidence"]["edges"]]


async def test_knowledge_is_a_persons_word(api: Api) -> None:
    """What somebody adds is stored with evidence from that person."""
    added = await add(api, **CAT)
    assert [concept["name"] for concept in added["concepts"]] == ["Cat", "Mammal"]
    assert added["created"] == [{"name": "Cat"}, {"name": "Mammal"}]
    [relation] = added["relations"]
    assert (relation["source"], relation["type"], relation["target"]) == ({"name": "Cat"}, "IS_A", {"name": "Mammal"})
    assert evidence(relation) == [{"quote": "A cat is a mammal.", "source": {"kind": "PERSON"}}]
    [said] = evidence(added["concepts"][0])
    assert said["source"].pop("id")
    person = {"kind": "PERSON", "title": "anonymous", "url": None, "origin": "person:anonymous"}
    assert said == {"quote": "", "confidence": 1.0, "source": person}


async def test_knowledge_may_cite_a_source(api: Api) -> None:
    """What is added from a page is attested by that page; a second page of another host adds support."""
    for host in ("one.example", "one.example", "two.example"):
        source = {"title": f"Cats on {host}", "url": f"https://{host}/cats", "kind": "PAGE"}
        added = await add(api, **CAT, source=source)
    assert added["created"] == []
    assert added["relations"][0]["support"] == 2
    kinds = {said["source"]["kind"] for said in evidence(added["concepts"][0])}
    assert kinds == {"PAGE"}


async def test_knowledge_may_link_what_is_stored(api: Api) -> None:
    """A stored concept is named by its id, and is not attested anew by being pointed to."""
    cat = (await add(api, **CAT))["concepts"][0]
    concepts = [{"ref": "it", "id": cat["id"]}, {"name": "Purring"}]
    added = await add(api, concepts=concepts, relations=[{"source": "it", "type": "DOES", "target": "Purring"}])
    assert added["created"] == [{"name": "Purring"}]
    assert added["relations"][0]["source"] == {"name": "Cat"}
    assert len(evidence(added["concepts"][0])) == 1


async def test_a_repeated_request_adds_once(api: Api) -> None:
    """With a key the same request gives the same answer, and another request is a conflict."""
    first = await add(api, **CAT, idempotencyKey="k")
    deleted = "mutation ($id: ID!) { deleteConcept(input: {id: $id}) { deletedId } }"
    await api.data(deleted, id=first["concepts"][1]["id"])
    again = await add(api, **CAT, idempotencyKey="k")
    assert [concept["id"] for concept in again["concepts"]] == [first["concepts"][0]["id"]]
    assert (await api.data(COUNTS))["concepts"]["totalCount"] == 1
    error = await api.error(ADD, input={"concepts": [{"name": "Dog"}], "idempotencyKey": "k"})
    assert error["code"] == "CONFLICT"
    assert (await api.data(COUNTS))["concepts"]["totalCount"] == 1


async def test_a_concept_is_changed_by_whoever_read_it_last(api: Api) -> None:
    """A change takes the version that was read; another one is told which is the present."""
    cat = (await add(api, **CAT))["concepts"][0]
    update = """mutation ($input: UpdateConceptInput!) { updateConcept(input: $input) { concept {
      id name summary kind domain aliases externalIds { scheme value } version
      evidence { edges { node { quote source { kind } } } } } } }"""
    values = {
        "name": "House cat",
        "summary": "Sleeps.",
        "domain": "zoology",
        "aliases": ["Felis catus"],
        "externalIds": [{"scheme": "wikidata", "value": "Q146"}],
    }
    input = {"id": cat["id"], "expectedVersion": cat["version"], "note": "I have one.", **values}
    changed = (await api.data(update, input=input))["updateConcept"]["concept"]
    assert {name: changed[name] for name in values} == values
    assert (changed["id"], changed["kind"], changed["version"]) == (cat["id"], "animal", cat["version"] + 1)
    assert {"quote": "I have one.", "source": {"kind": "PERSON"}} in evidence(changed)

    error = await api.error(update, input=input)
    assert (error["code"], error["expected"], error["actual"]) == ("STALE_VERSION", 1, 2)
    taken = {"id": cat["id"], "expectedVersion": 2, "name": "Mammal", "kind": ""}
    assert (await api.error(update, input=taken))["code"] == "CONFLICT"
    bad = {"id": cat["id"], "expectedVersion": 2, "kind": "a:b"}
    assert (await api.error(update, input=bad))["argument"] == "input.kind"


async def test_a_relation_is_given_another_type(api: Api) -> None:
    """The evidence goes with it; its id, which tells the type, is another one then."""
    relation = (await add(api, **CAT))["relations"][0]
    update = """mutation ($input: UpdateRelationInput!) { updateRelation(input: $input) { relation { id type version
      evidence { edges { node { quote source { kind } } } } } } }"""
    input = {"id": relation["id"], "expectedVersion": 1, "type": "INSTANCE_OF", "note": "Better so."}
    changed = (await api.data(update, input=input))["updateRelation"]["relation"]
    assert (changed["type"], changed["version"]) == ("INSTANCE_OF", 2)
    assert changed["id"] != relation["id"]
    assert {said["quote"] for said in evidence(changed)} == {"A cat is a mammal.", "Better so."}
    assert (await api.error(update, input=input))["code"] == "NOT_FOUND"
    stale = {**input, "id": changed["id"], "type": "IS_A"}
    assert (await api.error(update, input=stale))["code"] == "STALE_VERSION"


async def test_deleting(api: Api) -> None:
    """A relation, a source, a concept: each goes with what hangs on it, once."""
    added = await add(api, **CAT)
    source = evidence(added["concepts"][0])[0]["source"]["id"]
    delete_source = "mutation ($id: ID!) { deleteSource(input: {id: $id}) { deletedId } }"
    assert (await api.data(delete_source, id=source))["deleteSource"] == {"deletedId": source}
    counts = await api.data(COUNTS)
    assert counts == {"concepts": {"totalCount": 2}, "relationTypes": []}

    relation = (await add(api, **CAT))["relations"][0]["id"]
    delete_relation = "mutation ($id: ID!) { deleteRelation(input: {id: $id}) { deletedId } }"
    assert (await api.data(delete_relation, id=relation))["deleteRelation"] == {"deletedId": relation}
    assert (await api.error(delete_relation, id=relation))["code"] == "NOT_FOUND"

    delete_concept = "mutation ($id: ID!) { deleteConcept(input: {id: $id}) { deletedId } }"
    for concept in added["concepts"]:
        assert (await api.data(delete_concept, id=concept["id"]))["deleteConcept"] == {"deletedId": concept["id"]}
        assert (await api.error(delete_concept, id=concept["id"]))["code"] == "NOT_FOUND"
    assert await api.data(COUNTS) == {"concepts": {"totalCount": 0}, "relationTypes": []}


async def test_merging_and_taking_apart_again(api: Api) -> None:
    """The id of a merged concept leads to where it went, as a node it is none; taken out, it is as it was."""
    kitty, cat, mammal = (await add(api, concepts=[{"name": "Kitty"}, {"name": "Cat"}, {"name": "Mammal"}]))["concepts"]
    await add(
        api,
        concepts=[{"ref": "k", "id": kitty["id"]}, {"ref": "m", "id": mammal["id"]}],
        relations=[{"source": "k", "type": "IS_A", "target": "m"}],
    )
    merge = """mutation ($into: ID!, $others: [ID!]!) { mergeConcepts(input: {into: $into, others: $others}) {
      concept { id aliases degree } } }"""
    merged = (await api.data(merge, into=cat["id"], others=[kitty["id"]]))["mergeConcepts"]["concept"]
    assert merged == {"id": cat["id"], "aliases": ["Kitty"], "degree": 1}
    read = "query ($id: ID!) { concept(id: $id) { id degree } node(id: $id) { id } }"
    assert await api.data(read, id=kitty["id"]) == {"concept": {"id": cat["id"], "degree": 1}, "node": None}

    unmerge = "mutation ($id: ID!) { unmergeConcepts(input: {id: $id}) { concept { id name degree } } }"
    restored = (await api.data(unmerge, id=kitty["id"]))["unmergeConcepts"]["concept"]
    assert restored == {"id": kitty["id"], "name": "Kitty", "degree": 1}
    assert (await api.data(read, id=kitty["id"]))["node"] == {"id": kitty["id"]}
    assert (await api.data(read, id=cat["id"]))["concept"]["degree"] == 0
    assert (await api.error(unmerge, id=kitty["id"]))["code"] == "NOT_FOUND"
    assert (await api.error(merge, into=cat["id"], others=[cat["id"]]))["code"] == "BAD_USER_INPUT"
    assert (await api.error(merge, into=cat["id"], others=[]))["argument"] == "input.others"


async def test_several_changes_in_one_request_see_each_other(api: Api) -> None:
    """Mutations of one request run one after the other, and what one has read does not mislead the next."""
    cat = (await add(api, **CAT))["concepts"][0]
    query = """mutation ($id: ID!) {
      a: updateConcept(input: {id: $id, expectedVersion: 1, summary: "one"}) { concept { relations { totalCount } } }
      b: updateConcept(input: {id: $id, expectedVersion: 2, summary: "two"}) { concept { summary } }
      c: deleteConcept(input: {id: $id}) { deletedId }
      d: updateConcept(input: {id: $id, expectedVersion: 3, summary: "three"}) { concept { version } } }"""
    answer = await api.post(query, id=cat["id"])
    assert answer["data"] is None
    assert [(error["path"][0], error["extensions"]["code"]) for error in answer["errors"]] == [("d", "NOT_FOUND")]
    assert (await api.data(COUNTS))["concepts"]["totalCount"] == 1


async def test_what_only_a_model_says_is_visibly_so(api: Api) -> None:
    """A claim says which kinds of sources attest it, and whether models alone do, until somebody else agrees."""
    query = """{ concept(name: "cat") { sourceKinds modelOnly
      relations { edges { node { sourceKinds modelOnly } } } } }"""
    for source, kinds in (({"title": "a model", "kind": "MODEL"}, ["MODEL"]), (None, ["MODEL", "PERSON"])):
        await add(api, **CAT, source=source)
        concept = (await api.data(query))["concept"]
        [edge] = concept.pop("relations")["edges"]
        assert concept == edge["node"] == {"sourceKinds": kinds, "modelOnly": len(kinds) == 1}
