"""What `verify` finds wrong in a Neo4j database."""

from collections.abc import AsyncIterator

import neo4j as driver
import pytest

from graphstore.model import ImageStatus
from graphstore.neo4j import open_database
from graphstore.neo4j.cypher.operations import PROBLEMS
from graphstore.port import Database
from tests.support.claims import TOKEN, added, begun, claim, image_in, known, next_step, outcome, says
from tests.support.services import Neo4j

DAMAGE = {
    "concepts whose degree is not the number of their relations": "MATCH (c:Concept {name: 'a'}) SET c.degree = 9",
    "concepts whose place by support is wrong": "MATCH (c:Concept {name: 'a'}) SET c.lack_of_support = 9",
    "workspaces whose number of concepts is wrong": "MATCH (w:Workspace) SET w.concepts = 99",
    "types whose number of relations is wrong": "MATCH (t:RelationType) DELETE t",
    "aliases of no concept": "CREATE (:Alias {workspace: 'main', key: 'x', concept: 'gone'})",
    "external ids of no concept": "MATCH (x:ExternalId) SET x.concept = 'gone'",
    "relations without both of their concepts": "MATCH (c:Concept {name: 'a'}) REMOVE c:Concept",
    "entities that are neither concepts nor ends of relations": "CREATE (:Entity {workspace: 'main', id: 'bare'})",
    "relations without evidence": "MATCH (v:Evidence) WHERE v.subject_type = 'IS_A' DELETE v",
    "pieces of evidence for nothing that is there": "MATCH ()-[r:IS_A]->() DELETE r",
    "pieces of evidence without their source": "MATCH (s:Source) DELETE s",
    "steps of no exploration": "MATCH (e:Exploration) DELETE e",
    "members of no exploration": "MATCH (e:Exploration) DELETE e",
    "members that are no concept": "MATCH (m:Member) WITH m LIMIT 1 SET m.concept = 'gone'",
    "events of no exploration": "MATCH (e:Exploration) DELETE e",
    "explorations whose progress is not that of their members and steps": "MATCH (m:Member) WITH m LIMIT 1 DELETE m",
    "explorations whose events are not numbered without gaps": "MATCH (v:Event {seq: 2}) DELETE v",
    "images of no concept": "MATCH (i:Image) WITH i LIMIT 1 SET i.concept = 'gone'",
    "images whose status is not that of what is stored of them": "MATCH (i:Image {status: 'READY'}) REMOVE i.picture",
}


@pytest.fixture
async def database(neo4j: Neo4j) -> AsyncIterator[Database]:
    """A database with something of every kind."""
    opened = await open_database(neo4j.uri, user=neo4j.user, password=neo4j.password, database=neo4j.database)
    store = opened.within("main")
    relations = (says("a", "IS_A", "b"),)
    ids = await added(store, claim("a", aliases=("aa",), external_ids={"gnd": "1"}), "b", "c", "d", relations=relations)
    e = await begun(store, depth=1)
    await store.work.commit(outcome(e.id, await next_step(store, e.id), known("top", "e", "f")))
    await store.work.finish(e.id, TOKEN, None, None)
    for status in ImageStatus:
        await image_in(store, ids["d"], status)
    await store.curation.merge(ids["c"], [ids["d"]])
    yield opened
    await opened.close()


async def test_a_store_in_use_is_sound(database: Database) -> None:
    """Merged concepts, ended explorations and all."""
    assert await database.operations.verify() == ()


@pytest.mark.parametrize("what", DAMAGE)
async def test_damage_is_found(database: Database, neo4j: Neo4j, what: str) -> None:
    """It is named, with how often it is and an example."""
    with driver.GraphDatabase.driver(neo4j.uri, auth=neo4j.auth) as damaging:
        damaging.execute_query(DAMAGE[what], database_=neo4j.database)
    found = [line for line in await database.operations.verify() if line.startswith(what)]
    assert len(found) == 1
    assert ", for example " in found[0]


def test_all_that_is_looked_for_is_tried() -> None:
    """But for an index that failed, which cannot be brought about."""
    assert PROBLEMS.keys() - DAMAGE.keys() == {"indexes that are not online"}
