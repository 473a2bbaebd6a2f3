"""A real Neo4j and a real Redis for the tests that need them, and word of those that had to do without."""

import signal
from collections.abc import Iterator

import pytest

from tests.support import services
from tests.support.services import Neo4j, Neo4jGround, RedisGround

FIXTURES = {"neo4j_ground", "redis_ground"}
"""Who asks for one of these, or for what stands on it, needs a server."""


def pytest_configure() -> None:
    """Before anything is imported that might read the environment."""
    services.set_apart()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a shell; our processes inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that use the servers run in one process; --fast leaves them out."""
    for item in items:
        if FIXTURES.intersection(getattr(item, "fixturenames", ())) and not item.get_closest_marker("services"):
            for mark in services.MARKS:
                item.add_marker(mark)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests had no server or something else that they need, where they are, and how to get it."""
    for reason, files in services.skipped_by_reason(terminalreporter.stats.get("skipped", [])).items():
        terminalreporter.section("skipped", yellow=True)
        terminalreporter.write_line(f"{files.total()} test{'s' * (files.total() > 1)} skipped: {reason}")
        for file, count in sorted(files.items()):
            terminalreporter.write_line(f"  {count:>4} {file}")


@pytest.fixture(scope="session")
def neo4j_ground(testrun_uid: str, worker_id: str) -> Iterator[Neo4jGround]:
    """The Neo4j of the settings."""
    with services.neo4j_ground(testrun_uid, worker_id) as ground:
        yield ground


@pytest.fixture
def neo4j(neo4j_ground: Neo4jGround) -> Neo4j:
    """A real Neo4j whose database is empty but for its schema."""
    neo4j_ground.wipe()
    return neo4j_ground.server


@pytest.fixture(scope="session")
def redis_ground(worker_id: str) -> Iterator[RedisGround]:
    """A database of the Redis of the settings that no other process of the tests uses."""
    number = worker_id.removeprefix("gw")
    with services.redis_ground(int(number) if number.isdigit() else 0) as ground:
        yield ground


@pytest.fixture
def redis_url(redis_ground: RedisGround) -> str:
    """A real Redis whose database is empty."""
    redis_ground.wipe()
    return redis_ground.url
