"""The other commands, and what all of them share."""

import asyncio
import contextlib
import json
import socket
import sqlite3
import tomllib
from pathlib import Path

import pytest

from continuum.version import VERSION
from graphstore.sqlite import schema
from tests.support.files import SMALL, lines
from tests.support.processes import ROOT, server, worker
from tests.support.services import Neo4j
from tests.support.terminal import continuum

pytestmark = pytest.mark.system

NEWEST = len(schema.migrations())

COMMANDS = ("serve", "worker", "explore", "image", "search", "import", "export", "migrate", "schema", "doctor")


def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    """--version prints what pyproject.toml says."""
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert stated == VERSION
    assert continuum(tmp_path, "--version").out == f"continuum {stated}\n"


def test_help_names_every_command(tmp_path: Path) -> None:
    """--help lists the commands, and each of them has a help of its own."""
    ended = continuum(tmp_path, "--help")
    assert ended.code == 0
    for command in COMMANDS:
        assert f"\n  {command} " in ended.out
        assert continuum(tmp_path, command, "--help").out.startswith(f"Usage: continuum {command} ")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        (("bogus",), {}, "No such command 'bogus'"),
        (("search", "x", "--limit", "0"), {}, "0 is not in the range"),
        (("--workspace", "Not one", "search", "x"), {}, "'Not one' is no workspace name"),
        (("search", "x"), {"port": "http"}, "PORT='http'"),
        (("--data-dir", "/dev/null/x", "search", "x"), {}, "cannot be made"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, arguments: tuple[str, ...], settings: dict[str, str], message: str) -> None:
    """A wrong command, option, setting or folder is said in words, with exit code 2."""
    ended = continuum(tmp_path, *arguments, **settings)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err


def test_debug_shows_where_an_error_comes_from(tmp_path: Path) -> None:
    """The traceback that is kept back as a rule is shown when it is asked for."""
    missing = tmp_path / "missing"
    assert "Traceback" not in continuum(tmp_path, "import", missing).err
    with pytest.raises(AssertionError, match="Traceback"):  # what the helper makes of one
        continuum(tmp_path, "--debug", "import", missing)


def test_search_finds_words(tmp_path: Path) -> None:
    """Names, summaries and ids are shown, best first; scripts get JSON; what is missing is said."""
    continuum(tmp_path, "import", "-", "--source-title", "small", stdin=lines(*SMALL))
    ended = continuum(tmp_path, "search", "large", "mammal")
    assert ended.code == 0
    assert ended.lines[0] == "Whale (animals)  1 relation"
    assert ended.lines[1] == "  A «large» «mammal» of the sea."
    found = [json.loads(line) for line in continuum(tmp_path, "search", "mammal", "--json").lines]
    assert {(hit["name"], hit["degree"]) for hit in found} == {("Mammal", 2), ("Mammal", 1), ("Whale", 1)}
    assert ended.lines[2].strip() in {hit["id"] for hit in found}
    limited = continuum(tmp_path, "search", "mammal", "--limit", 1)
    assert "1 of 3 concepts; --limit shows more." in limited.err
    none = continuum(tmp_path, "search", '"NEAR(', "--json")
    assert (none.code, none.out) == (0, "")


def test_schema_prints_the_sdl(tmp_path: Path) -> None:
    """The schema that is printed is the committed one."""
    ended = continuum(tmp_path, "schema")
    assert ended.code == 0
    assert ended.out.strip() == (ROOT / "schema" / "schema.graphql").read_text().strip()


def test_migrate_tells_both_versions(tmp_path: Path) -> None:
    """--check changes nothing and exits with 1 when a migration is due; a second migration has nothing to do."""
    path = tmp_path / "continuum.sqlite3"
    due = continuum(tmp_path, "migrate", "--check")
    assert (due.code, path.exists()) == (1, False)
    assert due.out == (f"{path}: schema version 0, and this program works with {NEWEST}: `continuum migrate` is due.\n")
    assert continuum(tmp_path, "migrate").out == f"{path}: migrated from schema version 0 to {NEWEST}.\n"
    done = continuum(tmp_path, "migrate", "--check")
    assert (done.code, done.out) == (0, f"{path}: schema version {NEWEST}; it is up to date.\n")
    again = continuum(tmp_path, "migrate")
    assert (again.code, again.out) == (0, f"{path}: schema version {NEWEST}; there was nothing to do.\n")


def test_migrate_refuses_what_a_newer_program_made(tmp_path: Path) -> None:
    """Exit code 2 and a sentence, with --check and without."""
    continuum(tmp_path, "migrate")
    with contextlib.closing(sqlite3.connect(tmp_path / "continuum.sqlite3")) as connection:
        connection.execute("PRAGMA user_version = 99")
    for arguments in (("migrate",), ("migrate", "--check")):
        refused = continuum(tmp_path, *arguments)
        assert (refused.code, refused.out) == (2, "")
        assert "has schema version 99, but this program knows versions up to" in refused.err


def test_doctor_finds_nothing_wrong_where_nothing_is(tmp_path: Path) -> None:
    """A fresh folder and a used one are in order; that the pages are not built is worth a warning."""
    fresh = continuum(tmp_path / "data", "doctor", port=0)
    assert (fresh.code, fresh.err) == (0, "")
    assert "does not exist yet" in fresh.out
    assert "warn  pages: explorer.html and graphiql.html not built\n      scripts/pages builds them" in fresh.out
    assert not (tmp_path / "data" / "continuum.sqlite3").exists()
    continuum(tmp_path / "data", "explore", "photosynthesis", "--depth", 1)
    used = continuum(tmp_path / "data", "doctor", port=0)
    assert used.code == 0
    assert ") holds 13 concepts" in used.out
    assert "ok    integrity" in used.out


def test_doctor_tells_how_to_mend(tmp_path: Path) -> None:
    """What is broken fails with a way to mend it, and the exit code says so."""
    wrong = continuum(tmp_path, "doctor", lease_seconds="soon")
    assert wrong.code == 1
    assert "fail  settings: LEASE_SECONDS='soon'" in wrong.out
    unknown = continuum(tmp_path, "doctor", knowledge_sources="oracle")
    assert (
        "fail  settings: KNOWLEDGE_SOURCES='oracle': there is no 'oracle'; there are: openai, atlas, graph"
        in unknown.out
    )
    (tmp_path / "file").touch()
    folder = continuum(tmp_path / "file", "doctor", port=0)
    assert folder.code == 1
    assert "fail  data folder" in folder.out
    assert "--data-dir" in folder.out
    (tmp_path / "continuum.sqlite3").write_text("this is no database, however long it may be" * 100)
    store = continuum(tmp_path, "doctor", port=0)
    assert store.code == 1
    assert "fail  store" in store.out


def test_a_default_source_that_is_none_stops_the_server(tmp_path: Path) -> None:
    """A misspelt KNOWLEDGE_SOURCES is told at the start, not by the first exploration."""
    ended = continuum(tmp_path, "serve", port=0, knowledge_sources="atlas,oracle")
    assert (ended.code, ended.err.startswith("Error: KNOWLEDGE_SOURCES='atlas,oracle'")) == (2, True)


def test_doctor_looks_at_pictures(tmp_path: Path) -> None:
    """Who makes them is told, a maker that is missing is warned of, and one who does not exist is a failure."""
    drawn = continuum(tmp_path, "doctor", port=0)
    assert "ok    pictures: drawn\n" in drawn.out
    assert f"ok    picture store: {tmp_path / 'images'} can be written" in drawn.out
    made = continuum(tmp_path, "doctor", port=0, stable_diffusion_endpoint="http://127.0.0.1:1")
    assert "ok    pictures: made by stable-diffusion" in made.out
    missing = continuum(tmp_path, "doctor", port=0, image_provider="openai")
    assert (missing.code, "set OPENAI_API_KEY" in missing.out) == (0, True)
    unknown = continuum(tmp_path, "doctor", port=0, image_provider="rembrandt")
    assert (unknown.code, "mock, openai, stable-diffusion" in unknown.out) == (1, True)
    nowhere = continuum(tmp_path, "doctor", port=0, image_store_url="ftp://far/away")
    assert (nowhere.code, "fail  picture store: IMAGE_STORE_URL" in nowhere.out) == (1, True)


def test_doctor_looks_at_backups(tmp_path: Path) -> None:
    """Where they are set up: a place that is not there is a failure, one without any is warned of."""
    here, place = tmp_path / "here", tmp_path / "backups"
    assert " backups: " not in continuum(here, "doctor", port=0).out
    nowhere = continuum(here, "doctor", port=0, backup_url=place)
    assert (nowhere.code, "fail  backups: BACKUP_URL" in nowhere.out, place.exists()) == (1, True, False)
    place.mkdir()
    none = continuum(here, "doctor", port=0, backup_url=place)
    assert (none.code, f"warn  backups: there is none of all workspaces in {place}" in none.out) == (0, True)
    assert continuum(here, "explore", "photosynthesis", "--concepts", 2).code == 0
    assert continuum(here, "backup", backup_url=place).code == 0
    one = continuum(here, "doctor", port=0, backup_url=place)
    assert f"ok    backups: the newest of 1 in {place} is 0 hours old" in one.out


def test_doctor_notices_a_damaged_file(tmp_path: Path) -> None:
    """Pages that were overwritten are found, although the file opens."""
    objects = [{"concept": str(n), "name": f"Thing {n}", "summary": "x" * 300} for n in range(2_000)]
    continuum(tmp_path, "import", "-", "--source-title", "many", stdin=lines(*objects))
    path = tmp_path / "continuum.sqlite3"
    content = bytearray(path.read_bytes())
    for page in range(200, len(content) // 4_096, 7):
        content[page * 4_096 : page * 4_096 + 64] = b"\xff" * 64
    path.write_bytes(content)
    ended = continuum(tmp_path, "doctor", port=0)
    assert ended.code == 1
    assert "fail  integrity" in ended.out
    assert "continuum export" in ended.out


def test_doctor_looks_at_redis(tmp_path: Path, redis_url: str) -> None:
    """How it is set up, and that nobody works; one that cannot be reached fails, without its password."""
    found = continuum(tmp_path, "doctor", port=0, redis_url=redis_url)
    assert found.code == 0
    assert f"  redis: {redis_url} (version " in found.out
    assert "warn  workers: none is connected to the queue\n      `continuum worker` starts one." in found.out
    missing = continuum(tmp_path, "doctor", port=0, redis_url="redis://:hunter2@127.0.0.1:1/0")
    assert missing.code == 1
    assert "fail  redis: redis://***@127.0.0.1:1/0 cannot be used: " in missing.out
    assert "hunter2" not in missing.out + missing.err


async def test_doctor_counts_workers(tmp_path: Path, redis_url: str) -> None:
    """One that runs is seen."""
    async with worker(tmp_path / "data", redis_url=redis_url):
        found = await asyncio.to_thread(continuum, tmp_path / "data", "doctor", port=0, redis_url=redis_url)
    assert "ok    workers: 1 worker connected to the queue" in found.out


def test_doctor_looks_at_neo4j(tmp_path: Path, neo4j: Neo4j) -> None:
    """The store is the server's database; one that is not there fails with a way to mend it."""
    assert continuum(tmp_path, "migrate", **neo4j.settings).code == 0
    found = continuum(tmp_path, "doctor", port=0, **neo4j.settings)
    assert found.code == 0
    assert f"ok    store: {neo4j.uri}/{neo4j.database} (neo4j 5." in found.out
    missing = continuum(tmp_path, "doctor", port=0, neo4j_uri="bolt://127.0.0.1:1", neo4j_password="hunter2")
    assert missing.code == 1
    assert "fail  store: Neo4j at bolt://127.0.0.1:1 cannot be reached" in missing.out
    assert "NEO4J_URI, NEO4J_USER, NEO4J_PASSWORD and NEO4J_DATABASE" in missing.out
    assert "hunter2" not in missing.out + missing.err


async def test_doctor_tells_a_server_of_ours_from_another(tmp_path: Path) -> None:
    """A port that our server holds is in order; one that something else holds is worth a warning."""
    async with server(tmp_path / "data") as running:
        port = running.address.rpartition(":")[2]
        assert (
            f"ok    port: a server of Continuum runs at 127.0.0.1:{port}"
            in continuum(tmp_path, "doctor", port=port).out
        )
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = continuum(tmp_path, "doctor", port=port)
    assert ended.code == 0
    assert f"warn  port: cannot listen at 127.0.0.1:{port}" in ended.out
