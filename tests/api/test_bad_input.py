"""What clients should not send: each is a coded error that names the argument, and nothing is begun or stored."""

import re
from typing import Any

import pytest

from resolvers.ids import global_id
from tests.support.api import PROMISED, Api

START = PROMISED["Start"]
START_WITH = "mutation ($input: StartExplorationInput!) { startExploration(input: $input) { exploration { id } } }"
ADD = "mutation ($input: AddKnowledgeInput!) { addKnowledge(input: $input) { concepts { id } } }"
COUNTS = "{ explorations { totalCount } concepts { totalCount } server { relations } }"

LONE = "\ud800"
NOBODY = "01a208e5-6588-7153-a356-f7de53daca71"
UNKNOWN_CONCEPT = global_id("Concept", NOBODY)
UNKNOWN_EXPLORATION = global_id("Exploration", NOBODY)
UNKNOWN_SOURCE = global_id("Source", NOBODY)


async def refused(api: Api, query: str, argument: str, code: str = "BAD_USER_INPUT", **variables: Any) -> str:
    """The message of the error that this operation gets; nothing is stored."""
    error = await api.error(query, **variables)
    assert error["code"] == code
    assert error.get("argument", argument) == argument
    message: str = error["message"]
    counts = await api.data(COUNTS)
    assert counts == {"explorations": {"totalCount": 0}, "concepts": {"totalCount": 0}, "server": {"relations": 0}}
    return message


@pytest.mark.parametrize(
    ("arguments", "argument", "allowed"),
    [
        ("first: 0", "first", "1 and 100"),
        ("first: -1", "first", "1 and 100"),
        ("first: 10000", "first", "1 and 100"),
        ("last: 0", "last", "1 and 100"),
        ("last: 101", "last", "1 and 100"),
        ("first: 1, last: 1", "first", "either first or last"),
        ('after: "nonsense"', "after", "this list has returned"),
        ('before: ""', "before", "this list has returned"),
        ('after: "W10"', "after", "this list has returned"),
        ("filter: {minConfidence: 2}", "filter.minConfidence", "0 and 1"),
        ('filter: {namePrefix: ""}', "filter.namePrefix", "1 to 200"),
    ],
)
async def test_pages_that_cannot_be(api: Api, arguments: str, argument: str, allowed: str) -> None:
    """Sizes out of bounds and cursors that are none are refused by every list, here that of the concepts."""
    message = await refused(api, f"{{ concepts({arguments}) {{ edges {{ cursor }} }} }}", argument)
    assert allowed in message


@pytest.mark.parametrize("size", [0, -1, 10_000])
@pytest.mark.parametrize(
    "query",
    [
        '{ search(query: "x", first: %d) { edges { cursor } } }',
        "{ explorations(first: %d) { edges { cursor } } }",
        f'{{ neighbourhood(of: "{UNKNOWN_CONCEPT}", first: %d) {{ totalCount }} }}',
    ],
)
async def test_sizes_that_cannot_be(api: Api, query: str, size: int) -> None:
    """No list gives pages of no size, of less, or of far too much."""
    assert "1 and 100" in await refused(api, query % size, "first")


async def test_a_cursor_of_another_order(api: Api) -> None:
    """A cursor of one order does not lead into another."""
    added = await api.data(ADD, input={"concepts": [{"name": "a"}, {"name": "b"}]})
    assert len(added["addKnowledge"]["concepts"]) == 2
    page = await api.data("{ concepts(first: 1, orderBy: NEWEST) { pageInfo { endCursor } } }")
    query = "query ($after: String) { concepts(first: 1, orderBy: NAME, after: $after) { edges { cursor } } }"
    error = await api.error(query, after=page["concepts"]["pageInfo"]["endCursor"])
    assert (error["code"], error["argument"]) == ("BAD_USER_INPUT", "after")


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("", "empty"),
        (" \n\t ", "empty"),
        ("x" * 100_000, "at most 200"),
        ("a\0b", "NUL"),
        ("photo" + LONE, "surrogate"),
        ("bell\a", "control character"),
    ],
)
async def test_topics_that_are_none(api: Api, topic: str, said: str) -> None:
    """Empty and endless topics, and ones that are no text, start nothing."""
    argument = "$topic" if said in {"NUL", "surrogate"} else "topic"
    assert said in await refused(api, START, argument, topic=topic)


@pytest.mark.parametrize(
    ("input", "argument"),
    [
        ({}, "topic"),
        ({"topic": "photosynthesis", "conceptId": UNKNOWN_CONCEPT}, "topic"),
        ({"topic": "photosynthesis", "budget": {"concepts": -1}}, "budget.concepts"),
        ({"topic": "photosynthesis", "budget": {"concepts": 0}}, "budget.concepts"),
        ({"topic": "photosynthesis", "budget": {"seconds": -0.5}}, "budget.seconds"),
        ({"topic": "photosynthesis", "budget": {"tokens": -1}}, "budget.tokens"),
        ({"topic": "photosynthesis", "budget": {"costUsd": -1}}, "budget.costUsd"),
        ({"topic": "photosynthesis", "depth": 0}, "depth"),
        ({"topic": "photosynthesis", "depth": 99}, "depth"),
        ({"topic": "photosynthesis", "breadth": 0}, "breadth"),
        ({"topic": "photosynthesis", "instructions": "x" * 3_000}, "instructions"),
        ({"topic": "photosynthesis", "idempotencyKey": ""}, "input.idempotencyKey"),
        ({"topic": "photosynthesis", "idempotencyKey": "x" * 201}, "input.idempotencyKey"),
        ({"conceptId": UNKNOWN_EXPLORATION}, "input.conceptId"),
        ({"conceptId": "nonsense"}, "input.conceptId"),
    ],
)
async def test_explorations_that_cannot_be(api: Api, input: dict[str, Any], argument: str) -> None:
    """An exploration out of bounds is not begun; the argument is named."""
    assert argument.removeprefix("input.") in await refused(api, START_WITH, argument, input=input)


@pytest.mark.parametrize("value", ["9" * 400, 3_000_000_000, 1.5, "many", [1], {}, True])
async def test_variables_of_the_wrong_type(api: Api, value: object) -> None:
    """A variable that is no integer of 32 bits is refused by its name."""
    message = await refused(api, PROMISED["Page"], "first", first=value)
    assert "$first" in message


@pytest.mark.parametrize("id", ["", "x", "1", "ümläut", "Q29uY2VwdDo", "T3RoZXI6MQ", "a" * 10_000])
@pytest.mark.parametrize("query", ["node", "concept", "exploration"])
async def test_ids_that_are_none(api: Api, query: str, id: str) -> None:
    """Text that is no id is refused, whatever it is asked of."""
    assert await refused(api, f"query ($id: ID!) {{ {query}(id: $id) {{ id }} }}", "id", id=id)


async def test_ids_of_another_type(api: Api) -> None:
    """An id of something else is refused, and the message says what is wanted."""
    message = await refused(api, "query ($id: ID!) { exploration(id: $id) { id } }", "id", id=UNKNOWN_CONCEPT)
    assert "id of a Concept" in message
    assert "Exploration" in message


async def test_ids_of_nothing_are_null_where_something_is_read(api: Api) -> None:
    """An id that leads nowhere reads as null."""
    query = """query ($concept: ID!, $exploration: ID!) {
      concept(id: $concept) { id } exploration(id: $exploration) { id }
      nodes(ids: [$concept, $exploration]) { id } node(id: $concept) { id } }"""
    data = await api.data(query, concept=UNKNOWN_CONCEPT, exploration=UNKNOWN_EXPLORATION)
    assert data == {"concept": None, "exploration": None, "nodes": [None, None], "node": None}


@pytest.mark.parametrize(
    ("query", "id"),
    [
        ("mutation ($id: ID!) { pauseExploration(input: {id: $id}) { exploration { id } } }", UNKNOWN_EXPLORATION),
        ("mutation ($id: ID!) { cancelExploration(input: {id: $id}) { exploration { id } } }", UNKNOWN_EXPLORATION),
        ("mutation ($id: ID!) { extendExploration(input: {id: $id}) { exploration { id } } }", UNKNOWN_EXPLORATION),
        ("mutation ($id: ID!) { deleteExploration(input: {id: $id}) { deletedId } }", UNKNOWN_EXPLORATION),
        ("mutation ($id: ID!) { deleteConcept(input: {id: $id}) { deletedId } }", UNKNOWN_CONCEPT),
        ("mutation ($id: ID!) { startExploration(input: {conceptId: $id}) { exploration { id } } }", UNKNOWN_CONCEPT),
        ("mutation ($id: ID!) { addKnowledge(input: {concepts: [{id: $id}]}) { concepts { id } } }", UNKNOWN_CONCEPT),
        (
            "mutation ($id: ID!) { mergeConcepts(input: {into: $id, others: [$id]}) { concept { id } } }",
            UNKNOWN_CONCEPT,
        ),
        ("mutation ($id: ID!) { unmergeConcepts(input: {id: $id}) { concept { id } } }", UNKNOWN_CONCEPT),
        ("mutation ($id: ID!) { deleteSource(input: {id: $id}) { deletedId } }", UNKNOWN_SOURCE),
        ("query ($id: ID!) { path(from: $id, to: $id) { found } }", UNKNOWN_CONCEPT),
        ("query ($id: ID!) { neighbourhood(of: $id) { totalCount } }", UNKNOWN_CONCEPT),
    ],
)
async def test_ids_of_nothing_are_not_found_where_something_is_done(api: Api, query: str, id: str) -> None:
    """What cannot be done to nothing is refused, without a word on how things are known inside."""
    message = await refused(api, query, "id", "NOT_FOUND", id=id)
    assert re.search(r"[0-9a-f]{8}-", message) is None


async def test_a_foreign_id_is_not_found(api: Api) -> None:
    """The id of another workspace's concept leads nowhere."""
    elsewhere = {"X-Workspace": "elsewhere"}
    added = await api.data(ADD, headers=elsewhere, input={"concepts": [{"name": "secret"}]})
    id = added["addKnowledge"]["concepts"][0]["id"]
    query = "query ($id: ID!) { node(id: $id) { id } concept(id: $id) { name } }"
    assert (await api.data(query, headers=elsewhere, id=id))["node"] == {"id": id}
    assert await api.data(query, id=id) == {"node": None, "concept": None}
    error = await api.error("mutation ($id: ID!) { deleteConcept(input: {id: $id}) { deletedId } }", id=id)
    assert error["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    "text",
    ['"', "'", "a OR b", "NEAR(a b)", "name:*", "*", "^a", "-", "(", "a AND", 'x" OR "1"="1', "%", "{a b}", "\\"],
)
async def test_search_operators_are_plain_text(api: Api, text: str) -> None:
    """Whatever an index takes for an operator is a word, or nothing, to us."""
    data = await api.data(PROMISED["Find"], text=text)
    assert data["search"] == {"totalCount": 0, "edges": []}


@pytest.mark.parametrize("text", ["x" * 501, "a\0", LONE])
async def test_searches_that_are_no_text(api: Api, text: str) -> None:
    """What is searched for is text of some length."""
    await refused(api, PROMISED["Find"], "query" if len(text) > 500 else "$text", text=text)


@pytest.mark.parametrize(
    ("query", "argument"),
    [
        ('{ concept(name: "a\\u0000b") { id } }', "query"),
        ('{ concept(name: "a\\u{0}b") { id } }', "query"),
        (f'{{ concept(name: "{LONE}") {{ id }} }}', "query"),
        ("{ concept { id } }", "id"),
        (f'{{ concept(id: "{UNKNOWN_CONCEPT}", name: "x") {{ id }} }}', "id"),
        ('{ concept(name: "") { id } }', "name"),
        (f'{{ path(from: "{UNKNOWN_CONCEPT}", to: "{UNKNOWN_CONCEPT}", maxDepth: 0) {{ found }} }}', "maxDepth"),
        (f'{{ path(from: "{UNKNOWN_CONCEPT}", to: "x") {{ found }} }}', "to"),
        (f'{{ neighbourhood(of: "{UNKNOWN_CONCEPT}", depth: 9) {{ totalCount }} }}', "depth"),
        (f'{{ path(from: "{UNKNOWN_CONCEPT}", to: "{UNKNOWN_CONCEPT}", types: ["is a"]) {{ found }} }}', "types"),
        ("{ nodes(ids: [" + '"x"' * 101 + "]) { id } }", "ids"),
    ],
)
async def test_questions_that_cannot_be_answered(api: Api, query: str, argument: str) -> None:
    """Every argument that is out of bounds is named."""
    code = "NOT_FOUND" if argument == "to" else "BAD_USER_INPUT"
    await refused(api, query, argument, code)


@pytest.mark.parametrize(
    ("input", "argument"),
    [
        ({"concepts": [{"name": ""}]}, "input.concepts.0.ref"),
        ({"concepts": [{"name": "x" * 201}]}, "input.concepts.0.ref"),
        ({"concepts": [{"name": "a", "ref": "r"}, {"name": "b", "ref": "r"}]}, "input.concepts.1.ref"),
        ({"concepts": [{"name": "a", "kind": "a:b"}]}, "input.concepts.0.kind"),
        ({"concepts": [{"name": "a", "summary": "x" * 2_001}]}, "input.concepts.0.summary"),
        ({"concepts": [{"name": "a", "confidence": 1.1}]}, "input.concepts.0.confidence"),
        ({"concepts": [{"name": "a", "aliases": ["b"] * 21}]}, "input.concepts.0.aliases"),
        ({"concepts": [{"name": f"c{n}"} for n in range(101)]}, "input.concepts"),
        (
            {"concepts": [{"name": "a", "externalIds": [{"scheme": "s", "value": v} for v in "12"]}]},
            "input.concepts.externalIds",
        ),
        (
            {"concepts": [{"name": "a"}], "relations": [{"source": "a", "type": "IS_A", "target": "b"}]},
            "input.relations.0.target",
        ),
        (
            {"concepts": [{"name": "a"}], "relations": [{"source": "a", "type": "IS_A", "target": "a"}]},
            "input.relations.0.target",
        ),
        (
            {"concepts": [{"name": "a"}, {"name": "b"}], "relations": [{"source": "a", "type": "is a", "target": "b"}]},
            "input.relations.0.type",
        ),
        ({"concepts": [{"name": "a"}], "source": {"title": ""}}, "input.source.title"),
        ({"concepts": [{"name": "a"}], "source": {"title": "t", "url": "javascript:alert(1)"}}, "input.source.url"),
        ({"concepts": [{"name": "a\0"}]}, "$input.concepts.0.name"),
    ],
)
async def test_knowledge_that_cannot_be_stored(api: Api, input: dict[str, Any], argument: str) -> None:
    """One bad claim keeps the whole input out, and is named by its place."""
    assert argument in await refused(api, ADD, argument, input=input)


@pytest.mark.parametrize(
    ("body", "argument"),
    [
        ({"query": 5}, "query"),
        ({"query": COUNTS, "variables": []}, "variables"),
        ({"query": COUNTS, "operationName": 5}, "operationName"),
        ({"query": ADD, "variables": {"input": {"concepts": [{"name": "a\0"}]}}}, "$input.concepts.0.name"),
    ],
)
async def test_requests_that_are_none_name_the_argument(api: Api, body: dict[str, Any], argument: str) -> None:
    """The same error over HTTP and over a WebSocket."""
    async with api.send(body) as response:
        errors = (await response.json())["errors"]
    assert errors[0]["extensions"] == {"code": "BAD_USER_INPUT", "argument": argument}
    async with api.socket() as socket:
        await socket.connection.send_json({"type": "subscribe", "id": "1", "payload": body})
        assert (await socket.connection.receive_json())["payload"] == errors


@pytest.mark.parametrize("after", [-1, 1, 2_000_000_000])
async def test_events_after_a_number_that_cannot_be(api: Api, after: int) -> None:
    """A subscription after a number that no event has yet is refused, over its socket, and then complete."""
    added = await api.data(ADD, input={"concepts": [{"name": "lonely"}]})
    concept = added["addKnowledge"]["concepts"][0]["id"]
    started = await api.data(START_WITH, input={"conceptId": concept, "sources": ["graph"]})
    id = started["startExploration"]["exploration"]["id"]
    async with api.socket() as socket:
        told = [answer async for answer in socket.results(PROMISED["Watch"], id=id)]
        newest = told[-1]["data"]["explorationEvents"]["seq"]
        wrong = after if after != 1 else newest + 1
        [answer] = [answer async for answer in socket.results(PROMISED["Watch"], id=id, after=wrong)]
    [error] = answer["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "after"}
    assert f"{newest:,}" in error["message"]


@pytest.mark.parametrize(
    ("id", "code"), [(UNKNOWN_EXPLORATION, "NOT_FOUND"), (UNKNOWN_CONCEPT, "BAD_USER_INPUT"), ("x", "BAD_USER_INPUT")]
)
async def test_events_of_nothing(api: Api, id: str, code: str) -> None:
    """A subscription to nothing is a coded error, and then complete."""
    async with api.socket() as socket:
        [answer] = [answer async for answer in socket.results(PROMISED["Watch"], id=id)]
    [error] = answer["errors"]
    assert error["extensions"]["code"] == code


async def test_a_document_of_several_operations_needs_the_name_of_one(api: Api) -> None:
    """None of them is carried out because it happens to come first."""
    add = 'addKnowledge(input: {concepts: [{name: "a"}]}) { concepts { id } }'
    query = f"mutation Add {{ {add} }} query Version {{ server {{ version }} }}"
    assert "2 operations" in await refused(api, query, "operationName")
    async with api.send({"query": query, "operationName": "Version"}) as response:
        assert "server" in (await response.json())["data"]


async def test_hostile_documents_are_refused(api: Api) -> None:
    """What would freeze the process is refused, and the process answers the next request."""
    nest = "id"
    for _ in range(15):
        nest = f"relations(first: 100) {{ edges {{ node {{ target {{ {nest} }} }} }} }}"
    documents = {
        f'{{ concept(name: "x") {{ {nest} }} }}': "TOO_COMPLEX",
        "{ server { " + " ".join(f"a{n}: version" for n in range(10_000)) + " } }": "BAD_USER_INPUT",
        "{ server { " + " ".join(f"a{n}: version" for n in range(3_000)) + " } }": "GRAPHQL_PARSE_FAILED",
        "{ server { " + " ".join(f"a{n}: version" for n in range(500)) + " } }": "TOO_COMPLEX",
        "{ a" * 5_000: "GRAPHQL_PARSE_FAILED",
        "{ nodes(ids: " + "[" * 3_000 + "]" * 3_000 + ") { id } }": "GRAPHQL_PARSE_FAILED",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }": "GRAPHQL_VALIDATION_FAILED",
    }
    for document, code in documents.items():
        await refused(api, document, "query", code)


async def test_an_unknown_topic_is_answered_with_the_nearest(api: Api) -> None:
    """A topic that no source knows starts nothing, and offers what is known."""
    error = await api.error(START, topic="photosinthesis")
    assert error["code"] == "TOPIC_UNKNOWN"
    assert "Photosynthesis" in error["suggestions"]
    assert error["elsewhere"] == []
    assert await refused(api, START, "topic", "TOPIC_UNKNOWN", topic="qwertzuiop")


async def test_a_topic_with_several_senses_is_answered_with_them(api: Api) -> None:
    """A topic of several senses starts nothing; each sense can be started from as it is offered."""
    error = await api.error(START, topic="mercury")
    assert error["code"] == "TOPIC_AMBIGUOUS"
    senses = error["senses"]
    assert len({sense["kind"] for sense in senses}) == len(senses) > 1
    assert all(sense["name"] and sense["summary"] and sense["conceptId"] is None for sense in senses)
    await refused(api, START, "topic", "TOPIC_AMBIGUOUS", topic="mercury")
    for sense in senses:
        started = await api.data(START, topic=sense["topic"])
        assert started["startExploration"]["exploration"]["topic"] == sense["topic"]


async def test_an_unknown_source_is_answered_with_the_known_ones(api: Api) -> None:
    """A source that does not exist is refused, with those that do."""
    error = await api.error(START_WITH, input={"topic": "photosynthesis", "sources": ["oracle"]})
    assert (error["code"], error["known"]) == ("UNKNOWN_SOURCE", ["openai", "atlas", "graph"])
    await refused(api, START_WITH, "sources", "UNKNOWN_SOURCE", input={"topic": "x", "sources": ["oracle"]})
