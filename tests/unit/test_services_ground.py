"""The servers that tests wipe: never one with somebody's data."""

import neo4j as driver
import pytest
import redis

from tests.support.services import Neo4j, Neo4jGround, RedisGround


def run(server: Neo4j, statement: str) -> int:
    """The one value of a statement."""
    auth = (server.user, server.password) if server.user and server.password else None
    with driver.GraphDatabase.driver(server.uri, auth=auth) as connection:
        [[value]] = connection.execute_query(statement, database_=server.database).records
        assert isinstance(value, int)
        return value


def test_a_neo4j_is_wiped_but_for_its_schema(neo4j: Neo4j, neo4j_ground: Neo4jGround) -> None:
    """What one test stores the next one does not see; the note of the migrations stays."""
    run(neo4j, "CREATE (:Concept)-[:IS_A]->(:Concept) CREATE (m:Migration {version: 0}) RETURN 1")
    try:
        neo4j_ground.wipe()
        assert run(neo4j, "MATCH (n:!TestGround&!Migration) RETURN count(n)") == 0
        assert run(neo4j, "MATCH (n:Migration {version: 0}) RETURN count(n)") == 1
    finally:
        run(neo4j, "MATCH (n:Migration {version: 0}) DELETE n RETURN count(n)")


def test_a_neo4j_with_foreign_data_is_refused(neo4j: Neo4j, neo4j_ground: Neo4jGround) -> None:
    """It is not wiped, and the reason names the way out."""
    neo4j_ground.leave()
    run(neo4j, "CREATE (n:Precious) RETURN 1")
    try:
        with pytest.raises(pytest.fail.Exception, match="holds data that no test has made"):
            neo4j_ground.take()
        assert run(neo4j, "MATCH (n:Precious) RETURN count(n)") == 1
    finally:
        run(neo4j, "MATCH (n:Precious) DELETE n RETURN count(n)")
        neo4j_ground.take()


def test_two_processes_of_one_run_never_share_a_neo4j(neo4j_ground: Neo4jGround, worker_id: str) -> None:
    """They would wipe each other's data, so the second one fails; what an earlier run left marked is free."""
    neo4j_ground.take("earlier run", "gw7")
    neo4j_ground.take("this run", worker_id)
    with pytest.raises(pytest.fail.Exception, match="loadgroup"):
        neo4j_ground.take("this run", "gw8")


def test_a_redis_is_flushed_in_its_own_database_alone(redis_url: str, redis_ground: RedisGround) -> None:
    """Other numbered databases of the server keep what they have."""
    other = redis_url.rpartition("/")[0] + "/0"
    with redis.Redis.from_url(redis_url) as ours, redis.Redis.from_url(other) as theirs:
        theirs.set("test-services-ground", "theirs")
        ours.set("ours", "ours")
        redis_ground.wipe()
        assert (ours.dbsize(), theirs.getdel("test-services-ground")) == (0, b"theirs")


def test_a_redis_with_foreign_data_is_refused(redis_url: str, redis_ground: RedisGround) -> None:
    """It is not flushed, and the reason names the way out."""
    with redis.Redis.from_url(redis_url) as client:
        client.set("precious", "yes")
        with pytest.raises(pytest.fail.Exception, match="is not empty"):
            redis_ground.take()
        assert client.get("precious") == b"yes"
