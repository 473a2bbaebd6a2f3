"""The real Neo4j and Redis that tests may use, and what is said where there are none."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString
from urllib.parse import urlsplit

import neo4j
import pytest
import redis

MARKS = (pytest.mark.services, pytest.mark.xdist_group("services"))
"""Marks of all that uses the shared servers. There is one Neo4j database, and the databases of Redis share their
channels, so one process runs these tests."""
NEO4J = REDIS = MARKS
"""For the parameters of fixtures that stand for one of them."""

NO_NEO4J = "no Neo4j: use scripts/test, which starts one; it needs Docker, or Java 17 and Maven"
NO_REDIS = "no Redis: use scripts/test, which starts one; it needs Docker or redis-server"

_SETTINGS = ("NEO4J_URI", "NEO4J_USER", "NEO4J_PASSWORD", "NEO4J_DATABASE", "REDIS_URL", "REDIS_CACHE_URL")
_PAID = ("OPENAI_", "STABLE_DIFFUSION_", "IMAGE_", "AWS_", "KNOWLEDGE_SOURCES")
_KEPT = "TESTS_"


def set_apart() -> None:
    """Settings of the environment are for the fixtures here: a program under test sees those that its test gives it,
    and no key of a developer's own."""
    for name in [name for name in os.environ if name.startswith(_PAID)]:
        del os.environ[name]
    for name in _SETTINGS:
        value = os.environ.pop(name, None)
        if value:
            os.environ[_KEPT + name] = value


def setting(name: str, default: str = "") -> str:
    """A setting that was set apart."""
    return os.environ.get(_KEPT + name, default)


def unavailable(reason: str) -> None:
    """Skip on a developer's machine; in CI nothing may be missing."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass(frozen=True, slots=True)
class Neo4j:
    """A Neo4j server, and the database of it that tests may wipe."""

    uri: str
    user: str | None
    password: str | None
    database: str

    @property
    def auth(self) -> tuple[str, str] | None:
        """What a driver is given to log in."""
        return (self.user, self.password) if self.user and self.password else None

    @property
    def settings(self) -> dict[str, str]:
        """What a program is told of it, for `tests.support.processes.environment`."""
        named = {"uri": self.uri, "user": self.user, "password": self.password, "database": self.database}
        return {f"neo4j_{name}": value for name, value in named.items() if value}


class Neo4jGround:
    """The database as one test leaves it and the next one wants it.

    A mark in it says that it belongs to the tests. Data in a database without the mark is somebody's.
    """

    _FOREIGN: LiteralString = (
        "OPTIONAL MATCH (mark:TestGround) WITH count(mark) AS marks "
        "RETURN marks = 0 AND EXISTS { MATCH (n) WHERE NOT n:Migration } AS foreign"
    )
    _MARK: LiteralString = "MERGE (mark:TestGround) WITH mark, mark.by AS before SET mark.by = $by RETURN before"
    _UNMARK: LiteralString = "MATCH (mark:TestGround) DELETE mark"
    _WIPE: LiteralString = "MATCH (n) WHERE NOT n:Migration AND NOT n:TestGround DETACH DELETE n"
    _TIME_LIMIT = 30.0

    def __init__(self, driver: neo4j.Driver, server: Neo4j) -> None:
        self._driver = driver
        self.server = server

    def take(self, run: str = "", process: str = "") -> None:
        """Make sure that it may be wiped, and say so in it: for this process of this run of tests, and no other."""
        if self._run(self._FOREIGN):
            pytest.fail(
                f"The database at {self.server.uri} holds data that no test has made, and the tests would delete it. "
                "scripts/test without NEO4J_URI brings a server of its own."
            )
        before = self._run(self._MARK, by=[run, process])
        if before and before[0] == run and before[1] != process:
            pytest.fail(
                f"{before[1]} and {process} would wipe the database of each other. Run pytest with --dist loadgroup, "
                "and see whether xdist_group still does what it should."
            )

    def wipe(self) -> None:
        """Delete all data; the schema stays."""
        self._run(self._WIPE)

    def leave(self) -> None:
        """Leave it empty."""
        self._run(self._WIPE)
        self._run(self._UNMARK)

    def _run(self, statement: LiteralString, **parameters: object) -> Any:
        query = neo4j.Query(statement, timeout=self._TIME_LIMIT)
        with self._driver.session(database=self.server.database) as session:
            row = session.run(query, parameters).single()
            return row[0] if row else None


@contextmanager
def neo4j_ground(run: str, process: str) -> Iterator[Neo4jGround]:
    """The database of the settings, for one process of a run of tests; skips or fails where there is none."""
    if not setting("NEO4J_URI"):
        unavailable(NO_NEO4J)
    password = setting("NEO4J_PASSWORD") or None
    user = setting("NEO4J_USER", "neo4j") if password else None
    server = Neo4j(setting("NEO4J_URI"), user, password, setting("NEO4J_DATABASE", "neo4j"))
    auth = (user, password) if user and password else None
    with neo4j.GraphDatabase.driver(server.uri, auth=auth, telemetry_disabled=True) as driver:
        ground = Neo4jGround(driver, server)
        ground.take(run, process)
        yield ground
        ground.leave()


class RedisGround:
    """A numbered database of a Redis server."""

    def __init__(self, client: "redis.Redis", url: str) -> None:
        self._client = client
        self.url = url

    def take(self) -> None:
        """Make sure that it may be flushed."""
        if self._client.dbsize():
            pytest.fail(
                f"The database {self.url} is not empty, and the tests would flush it. Flush it yourself, or let "
                "scripts/test bring a server of its own: without REDIS_URL it does."
            )

    def wipe(self) -> None:
        """Delete all keys of this database, and of no other."""
        self._client.flushdb()


@contextmanager
def redis_ground(worker: int) -> Iterator[RedisGround]:
    """A database of the settings' Redis for this process of the tests; skips or fails where there is none."""
    if not setting("REDIS_URL"):
        unavailable(NO_REDIS)
    number = worker + 1  # programs use number 0 unless they are told another
    url = urlsplit(setting("REDIS_URL"))._replace(path=f"/{number}").geturl()
    with redis.Redis.from_url(url, socket_timeout=10) as client:
        ground = RedisGround(client, url)
        ground.take()
        yield ground
        ground.wipe()


def skipped_by_reason(reports: Iterable[pytest.TestReport]) -> dict[str, Counter[str]]:
    """How many tests of each file were skipped, by the reason."""
    found: dict[str, Counter[str]] = {}
    for report in reports:
        if isinstance(report.longrepr, tuple):
            reason = report.longrepr[2].removeprefix("Skipped: ")
            found.setdefault(reason, Counter())[report.nodeid.split("::")[0]] += 1
    return found
