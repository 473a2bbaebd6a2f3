"""The tests on a machine that has no Neo4j and no Redis."""

import os
import subprocess
import sys

import pytest

from tests.support.processes import ROOT
from tests.support.services import NO_NEO4J

pytestmark = pytest.mark.system

NEEDS_NEO4J = "tests/unit/test_services_ground.py"


def without_services(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """A run of tests that need them, while no setting names any."""
    settings = {k: v for k, v in os.environ.items() if not k.startswith(("TESTS_", "NEO4J_", "REDIS_", "PYTEST_"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", NEEDS_NEO4J, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**settings, "CI": "", **more},
        check=False,
    )


@pytest.mark.parametrize("processes", [(), ("-n", "1", "--dist", "loadgroup")], ids=["alone", "xdist"])
def test_what_cannot_run_is_skipped_counted_and_named(processes: tuple[str, ...]) -> None:
    """The last lines tell how many tests of which file there were, and how to have them run."""
    done = without_services("-k", "neo4j", *processes)
    assert done.returncode == 0, done.stdout
    assert f"3 tests skipped: {NO_NEO4J}\n     3 {NEEDS_NEO4J}\n" in done.stdout


def test_in_ci_nothing_may_be_missing() -> None:
    """There a test without its server fails."""
    done = without_services("-k", "neo4j", CI="true")
    assert done.returncode == 1
    assert NO_NEO4J in done.stdout


def test_those_that_need_a_server_can_be_left_out() -> None:
    """`scripts/test --fast` selects by their marker, which they get by asking for the fixture."""
    assert "5 deselected" in without_services("-m", "not services").stdout
