"""The statements of the Neo4j adapter: each uses an index, and no text that is stored or sought becomes part of one."""

import importlib
import pkgutil
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from itertools import product

import neo4j as driver
import pytest
from hypothesis import HealthCheck, Phase, assume, example, given, settings
from hypothesis import strategies as st

from graphstore.model import Concept, ConceptOrder, Record
from graphstore.neo4j import cypher, schema
from graphstore.neo4j.connection import Connection
from graphstore.neo4j.cypher.images import SHOWN
from graphstore.neo4j.database import Neo4jDatabase
from graphstore.port import Store
from tests.support.claims import added, asked, begun, claim, known, next_step, outcome, says
from tests.support.every_call import EveryCall
from tests.support.overheard import OverheardDriver
from tests.support.plans import complaints, filters
from tests.support.services import Neo4j
from tests.support.snapshots import records


def written_down(*names: str) -> Mapping[str, str]:
    """The statements in mappings of these names in any module of `graphstore.neo4j.cypher`."""
    modules = [importlib.import_module(f"{cypher.__name__}.{m.name}") for m in pkgutil.iter_modules(cypher.__path__)]
    return {
        f"{module.__name__.rpartition('.')[2]}: {name}": text
        for module in modules
        for mapping in names
        for name, text in getattr(module, mapping, {}).items()
    }


class Overheard:  # no dataclass: Hypothesis would write out all that it holds with each example
    """An opened database, and the statements that it sends."""

    def __init__(self, database: Neo4jDatabase, statements: set[str]) -> None:
        self.database = database
        self.statements = statements


@pytest.fixture
def planner(neo4j: Neo4j) -> Iterator[driver.Driver]:
    """Explains statements, where all indexes are."""
    with driver.GraphDatabase.driver(neo4j.uri, auth=neo4j.auth, notifications_min_severity="OFF") as opened:
        with opened.session() as session:
            with_schema(session)
        yield opened


def with_schema(session: driver.Session) -> None:
    """Make all indexes that are not there."""
    for statement in (each for script in schema.migrations() for each in schema.statements(script.script)):
        session.run(driver.Query(statement)).consume()
    session.run("CALL db.awaitIndexes(60)").consume()


@pytest.fixture
async def overheard(neo4j: Neo4j) -> AsyncIterator[Overheard]:
    """An empty database whose statements are noted."""
    real = driver.AsyncGraphDatabase.driver(neo4j.uri, auth=neo4j.auth, notifications_min_severity="OFF")
    noting = OverheardDriver(real)
    database = Neo4jDatabase(Connection(noting, neo4j.database, neo4j.uri, 5.0))  # type: ignore[arg-type]  # stands for a driver
    await database.operations.migrate()
    noting.statements.clear()
    yield Overheard(database, noting.statements)
    await database.close()


class Harmless:
    """What is sent for plain words, and what the workspace `bystander` holds."""

    def __init__(self, statements: set[str], bystander: Sequence[Record]) -> None:
        self.statements = frozenset(statements)
        self.bystander = bystander


@pytest.fixture
async def harmless(overheard: Overheard) -> Harmless:
    """From all calls with plain words, while the bystander is there."""
    bystander = overheard.database.within("bystander")
    await filled(bystander)
    for texts in (HARMLESS, HARMLESS[:1] * len(HARMLESS), ("",) * len(HARMLESS)):
        await EveryCall(overheard.database, f"plain {texts}", texts).run()
    return Harmless(overheard.statements, await records(bystander))


STATEMENTS = written_down("READS", "WRITES")


def test_every_statement_uses_an_index(planner: driver.Driver) -> None:
    """None reads all nodes of the database or of a label, or joins what has nothing to do with each other."""
    assert len(STATEMENTS) > 100
    assert complaints(planner, STATEMENTS) == {}


def test_a_statement_without_its_index_is_found_out(planner: driver.Driver) -> None:
    """The test above would see it."""
    with planner.session() as session:
        session.run("DROP INDEX image_digest").consume()
        try:
            assert complaints(planner, {"shown": SHOWN})
        finally:
            with_schema(session)
    assert not complaints(planner, {"shown": SHOWN})


async def test_pages_of_concepts_are_sought_where_they_begin(overheard: Overheard, planner: driver.Driver) -> None:
    """An index leads to their first row: none that lies before it is looked at, whatever is stored."""
    await added(overheard.database.within("main"), "a", "b", "c")
    for order, kind, shape in product(ConceptOrder, ("", " by kind"), (" after", " backward before")):
        text = STATEMENTS[f"concepts: page by {order}{kind}{shape}"]
        place = "b" if order is ConceptOrder.NAME else 0
        parameters = {f"{cursor}{i}": value for cursor in ("after", "before") for i, value in enumerate((place, "b"))}
        found = filters(planner, text, {"workspace": "main", "kinds": ["", "k"], "limit": 2, **parameters})
        assert not [each for each in found if "$after" in each or "$before" in each]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (STATEMENTS["concepts: named"], ["a"]),
        (STATEMENTS["concepts: by external id"], [["gnd", "1"]]),
        (STATEMENTS["search: search"].partition("RETURN [")[0] + "RETURN called", []),
    ],
    ids=["named", "by external id", "search"],
)
@pytest.mark.usefixtures("neo4j")
def test_look_ups_are_sought_by_what_is_known(planner: driver.Driver, text: str, keys: list[object]) -> None:
    """Also by a plan that is made while nothing is stored, and kept: an import into an empty database would read all
    the look-ups that it has stored so far for each of its concepts."""
    found = filters(planner, text, {"workspace": "main", "keys": keys, "key": "a"})
    assert not [each for each in found if "$key" in each]


HARMLESS = ("plain", "words", "only", "HAS_PART", "two words")
CYPHER = (
    *("'", '"', "`", "\\", "\\u0027", "//", "/*", "*/", ";", "{", "}", "$workspace", "IS_A", "IS_A`|`PART_OF"),
    *("'}) DETACH DELETE n //", "' RETURN 1 UNION MATCH (n) DETACH DELETE n //", "`]->() DELETE r //", "bystander"),
)
LUCENE = (
    *("*:*", "*", "a*", "?", "~", "a~2", '"a b"~9', "^9", "[a TO z]", "{* TO *}", "AND", "OR NOT", "+-&&||!()"),
    *("name_words:*", "workspace:bystander", "*) OR (workspace:*"),
)
STRANGE = ("\0", "\n", "\ud800", "", " ", "ß", "𝄞", "\u202e")
_text = st.lists(st.sampled_from(CYPHER + LUCENE + STRANGE) | st.text(max_size=3), min_size=1, max_size=3).map("".join)
_texts = st.lists(_text, min_size=5, max_size=5)


async def filled(store: Store) -> None:
    """A workspace with something of every kind."""
    ids = await added(
        store, claim("bystander", kind="a", aliases=("b",)), "d", "e", relations=(says("d", "IS_A", "e"),)
    )
    e = await begun(store)
    await store.work.commit(outcome(e.id, await next_step(store, e.id), known("f", "g")))
    await asked(store, ids["d"])
    await store.curation.merge(ids["bystander"], [ids["d"]])


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(texts=_texts)
@example(texts=["\ud800 half"] * len(HARMLESS))
async def test_no_text_becomes_part_of_a_statement(overheard: Overheard, harmless: Harmless, texts: list[str]) -> None:
    """Whatever names, types, filters, ids and searched words hold: no statement is sent that harmless ones would not
    send, and nothing of another workspace is changed or shown. Examples share the database."""
    calls = EveryCall(overheard.database, texts[0], texts)
    bystander = overheard.database.within("bystander")
    assume(texts[0] != bystander.workspace)
    await calls.run()
    assert overheard.statements - harmless.statements - set(STATEMENTS.values()) == set()
    assert await records(bystander) == harmless.bystander
    assert not calls.seen & {r.id for r in harmless.bystander if isinstance(r, Concept)}


def test_all_that_is_done_in_transactions_was_tried(harmless: Harmless) -> None:
    """The test above has put its texts into every statement there."""
    changes = {name: text for name, text in STATEMENTS.items() if "_changes: " in name}
    assert len(changes) > 30
    assert [name for name, text in changes.items() if text not in harmless.statements] == []
