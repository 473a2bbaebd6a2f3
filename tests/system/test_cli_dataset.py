"""The large data set: its import takes little memory, and what it stored can be used."""

import json
import lzma
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import ROOT, environment
from tests.support.terminal import command, continuum

DATASET = ROOT.parent / "shared" / "data" / "oewn.jsonl.xz"
CONCEPTS, RELATIONS = 107_525, 131_105
MEGABYTES = 300

pytestmark = [
    pytest.mark.system,
    pytest.mark.dataset,
    pytest.mark.xdist_group("dataset"),  # it is imported once
    pytest.mark.skipif(not DATASET.exists(), reason=f"{DATASET.name} is not beside the project (../shared/data)"),
]


# A process of its own between the test and the command: a child's peak memory is at least that of its parent, which
# for the test runner is large.
MEASURED = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
sys.exit(code)
"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder into which the data set was imported, within its limit of memory."""
    data_dir = tmp_path_factory.mktemp("dataset")
    measured = [sys.executable, "-c", MEASURED, *command("import", DATASET)]
    ended = subprocess.run(measured, capture_output=True, env=environment(data_dir), check=True, text=True)
    *out, megabytes = ended.stdout.splitlines()
    assert ended.stderr == ""
    assert f"stored {CONCEPTS:,} concepts, {RELATIONS:,} relations ({CONCEPTS:,} of the concepts are new)" in out[0]
    assert int(megabytes) < MEGABYTES
    return data_dir


def test_everything_is_stored_once(imported: Path) -> None:
    """The store holds the file's concepts and relations, with evidence for each, and is sound."""
    told = continuum(imported, "doctor", port=0)
    assert told.code == 0
    assert f"holds {CONCEPTS:,} concepts, {RELATIONS:,} relations, " in told.out
    assert "ok    integrity" in told.out
    exported = continuum(imported, "export", "-")
    kinds = [line[2 : line.index('"', 2)] for line in exported.lines]
    assert kinds.count("evidence") == CONCEPTS + RELATIONS
    assert kinds.count("source") == 1


def test_importing_a_part_again_changes_nothing(imported: Path) -> None:
    """Lines from the beginning and the end, imported again under the same name, create nothing."""
    text = lzma.decompress(DATASET.read_bytes()).splitlines(keepends=True)
    part = imported / DATASET.name.removesuffix(".xz")
    part.write_bytes(b"".join(text[:2_000] + text[-2_000:]))
    before = continuum(imported, "export", "-").lines[1:]
    again = continuum(imported, "import", part)
    assert again.code == 0
    assert "stored 2,000 concepts, 2,000 relations (0 of the concepts are new)" in again.out
    assert f"holds {CONCEPTS:,} concepts and {RELATIONS:,} relations now" in again.out
    assert continuum(imported, "export", "-").lines[1:] == before


def test_a_stored_topic_is_explored(imported: Path) -> None:
    """A word of several senses shows them; one that is chosen leads through the stored graph, and creates nothing."""
    senses = continuum(imported, "explore", "whale", "--source", "graph")
    assert senses.code == 2
    [number] = re.findall(r"^ *(\d+)  whale \(noun\.animal\)", senses.err, re.MULTILINE)
    arguments = ("--source", "graph", "--sense", number, "--depth", 5, "--concepts", 50, "--json")
    explored = continuum(imported, "explore", "whale", *arguments)
    assert explored.code == 0
    summary = json.loads(explored.lines[-1])
    assert (summary["progress"]["conceptsFound"], summary["created"]) == (50, 0)


def test_words_are_found(imported: Path) -> None:
    """Full-text search over all of it."""
    hits = [json.loads(line) for line in continuum(imported, "search", "baleen", "whale", "--json").lines]
    assert "baleen whale" in {hit["name"] for hit in hits}
