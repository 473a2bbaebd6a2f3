"""`continuum backup` and `continuum restore`, beside a server that explores, and killed in the middle."""

import asyncio
import json
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.exploring import until
from tests.support.fake_s3 import BUCKET, ENVIRONMENT, FakeS3, fake_s3
from tests.support.oracle import oracle
from tests.support.processes import ServerProcess, environment, server
from tests.support.services import NEO4J
from tests.support.terminal import command, continuum, in_terminal

pytestmark = pytest.mark.system

START = """
mutation { startExploration(input: {
  topic: "topic", depth: 6, breadth: 5, budget: {concepts: 1000, seconds: 3600}
  pictures: {provider: "mock", size: "256x256"}
}) { exploration { id } } }"""
STATE = """
query ($id: ID!) { exploration(id: $id) {
  status progress { conceptsFound stepsDone stepsFailed } } }"""
PLACE = f"s3://{BUCKET}/backups"
HOUR = timedelta(hours=1)


async def run(data_dir: Path, *arguments: object, **settings: Any) -> tuple[int, str, str]:
    """A command, while others go on: its exit code, and what it said."""
    ended = await asyncio.to_thread(partial(continuum, data_dir, *arguments, **settings))
    return ended.code, ended.out, ended.err


async def begun(running: ServerProcess, steps: int) -> str:
    """The id of an exploration that has done so many steps."""
    id: str = (await running.graphql(START))["startExploration"]["exploration"]["id"]

    async def has_done() -> bool:
        state = (await running.graphql(STATE, id=id))["exploration"]
        return int(state["progress"]["stepsDone"]) >= steps

    await until(has_done, seconds=30)
    return id


async def completed(running: ServerProcess, id: str) -> dict[str, int]:
    """Wait for the exploration's end; how far it came."""

    async def has_ended() -> bool:
        return bool((await running.graphql(STATE, id=id))["exploration"]["status"] == "COMPLETED")

    await until(has_ended, seconds=90, every=0.1)
    state = (await running.graphql(STATE, id=id))["exploration"]
    progress: dict[str, int] = state["progress"]
    return progress


@pytest.mark.parametrize("here", ["sqlite", pytest.param("neo4j", marks=NEO4J)])
async def test_a_backup_beside_a_server_that_explores(
    tmp_path: Path, here: str, request: pytest.FixtureRequest
) -> None:
    """Restored into another data directory, the exploration comes to the same end there as it does where it was."""
    backups = {"backup_url": tmp_path / "backups"}
    store = request.getfixturevalue("neo4j").settings if here == "neo4j" else {}
    async with oracle(seconds=0.1) as source:
        async with server(tmp_path / "here", oracle=source.address, lease_seconds=1, **store) as running:
            id = await begun(running, 6)
            code, out, err = await run(tmp_path / "here", "backup", "--keep", 2, **store, **backups)
            assert (code, err) == (0, "")
            assert "1 workspace, " in out
            source.seconds = 0.0
            expected = await completed(running, id)
        restored = await run(tmp_path / "there", "restore", **backups)
        assert (restored[0], restored[2]) == (0, "")
        assert "1 exploration" in restored[1]
        assert "goes on with the explorations that are not finished" in restored[1]
        async with server(tmp_path / "there", oracle=source.address, lease_seconds=1) as running:
            assert await completed(running, id) == expected
            found = await run(tmp_path / "there", "doctor", port=0)
            assert "ok    integrity: the stored data is sound" in found[1]


def filled(data_dir: Path) -> None:
    """A graph with pictures."""
    assert continuum(data_dir, "explore", "photosynthesis", "--concepts", 5, "--pictures").code == 0


@pytest.mark.parametrize("moment", ["/original", ".jsonl.zst", "manifest.json"])
async def test_a_backup_that_is_killed_is_none(tmp_path: Path, moment: str) -> None:
    """Whatever it was writing: what was there before can be restored, and a later backup clears away what it left."""
    filled(tmp_path / "here")
    async with fake_s3() as s3:
        settings = {**ENVIRONMENT, "aws_endpoint_url": s3.address, "backup_url": PLACE}
        assert (await run(tmp_path / "here", "backup", **settings))[0] == 0
        [older] = kept(s3)
        continuum(tmp_path / "here", "explore", "light", "--concepts", 5, "--pictures")
        await killed(s3, tmp_path / "here", moment, settings)
        assert kept(s3) == [older]
        left = {key.split("/")[1] for key in s3.objects} - {older, "pictures"}
        assert len(left) == 1
        listed = await run(tmp_path / "here", "restore", "--list", **settings)
        assert (listed[0], listed[1].split()[0], listed[2]) == (0, older, f"{left.pop()} is not finished.\n")
        assert (await run(tmp_path / "old", "restore", **settings))[0] == 0
        s3.objects = {key: (content, at - HOUR) for key, (content, at) in s3.objects.items()}
        code, _, err = await run(tmp_path / "here", "backup", "--keep", 1, **settings)
        assert code == 0
        assert "Removed what was left of 1 unfinished backup." in err
        assert "Removed 1 older backup and 0 pictures" in err
        [newest] = kept(s3)
        assert {key.split("/")[1] for key in s3.objects} == {newest, "pictures"}
        restored = await run(tmp_path / "new", "restore", **settings)
        assert (restored[0], restored[2]) == (0, "")
        assert exported(tmp_path / "new") == exported(tmp_path / "here")


def kept(s3: FakeS3) -> list[str]:
    """The finished backups."""
    return sorted(key.split("/")[1] for key in s3.objects if key.endswith("/manifest.json"))


async def killed(s3: FakeS3, data_dir: Path, moment: str, settings: dict[str, str]) -> None:
    """Begin a backup, and kill it while it writes this."""
    before = len(s3.asked)
    s3.held, s3.held_for = "PUT", moment
    process = await asyncio.create_subprocess_exec(
        *command("backup"),
        env=environment(data_dir, **settings),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )

    async def is_held() -> bool:
        return any(method == "PUT" and key.endswith(moment) for method, key in s3.asked[before:])

    await until(is_held, seconds=30)
    process.kill()
    await process.wait()
    s3.held = None


def exported(data_dir: Path) -> list[str]:
    """All records of the default workspace."""
    return sorted(continuum(data_dir, "export", "-").lines[1:])


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    """In one sentence, with exit code 2, and nothing is changed."""
    here, backups = tmp_path / "here", tmp_path / "backups"
    missing = continuum(here, "backup")
    assert missing.code == 2
    assert missing.err.startswith("Error: BACKUP_URL must be set for this")
    empty = continuum(here, "backup", backup_url=backups)
    assert (empty.code, empty.out) == (0, "")
    assert empty.err == "The store holds nothing: no backup was made, and older ones stay.\n"
    none = continuum(here, "restore", backup_url=backups)
    assert (none.code, none.err) == (2, f"Error: there is no backup in {backups}\n")
    filled(here)
    (tmp_path / "file").write_text("no folder")
    away = continuum(here, "backup", backup_url=tmp_path / "file" / "there")
    assert away.code == 2
    assert "for backups cannot be made" in away.err
    assert continuum(here, "backup", backup_url=backups).code == 0
    again = continuum(here, "restore", backup_url=backups)
    assert again.code == 2
    assert "the store holds something already in: main." in again.err
    [part] = backups.glob("*/main.0000.jsonl.zst")
    part.write_bytes(part.read_bytes()[:-9])
    damaged = continuum(tmp_path / "there", "restore", backup_url=backups)
    assert damaged.code == 2
    assert "is damaged: its main.0000.jsonl.zst" in damaged.err


def test_a_full_disk_leaves_the_place_as_it_was(tmp_path: Path) -> None:
    """The backup fails, says why, and leaves nothing of its own; the older one is there."""
    here, backups = tmp_path / "here", tmp_path / "backups"
    filled(here)
    assert continuum(here, "backup", backup_url=backups).code == 0
    before = sorted(backups.rglob("*"))
    code, err = on_a_full_disk(500, here, "backup", backup_url=backups)
    assert code == 2
    assert "is full" in err
    assert sorted(backups.rglob("*")) == before


def on_a_full_disk(most: int, data_dir: Path, *arguments: str, **settings: Any) -> tuple[int, str]:
    """A command that may write files of so many bytes; its exit code, and what it complained of."""
    limited = "import resource, runpy, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    limited += f"resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most})); "
    limited += "sys.argv[0] = 'continuum'; runpy.run_module('continuum', run_name='__main__')"
    ended = subprocess.run(
        [sys.executable, "-c", limited, *arguments],
        env=environment(data_dir, **settings),
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    return ended.returncode, ended.stderr


def test_a_restore_that_ends_early_says_how_to_go_on(tmp_path: Path) -> None:
    """Part of the records are there then, and the command that it names completes them."""
    here, there, backups = tmp_path / "here", tmp_path / "there", tmp_path / "backups"
    lines = [f'{{"concept": "{i}", "name": "concept {i}", "summary": "{"word " * 40}"}}' for i in range(3_000)]
    (tmp_path / "many.jsonl").write_text("\n".join(lines))
    assert continuum(here, "import", tmp_path / "many.jsonl").code == 0
    assert continuum(here, "backup", backup_url=backups).code == 0
    code, err = on_a_full_disk(2_000_000, there, "restore", backup_url=backups)
    assert code == 2
    told = re.search(r"with (--at \S+ --onto-existing) completes it", err)
    assert told is not None
    assert "cannot be written" in err
    assert 0 < len(exported(there)) < len(exported(here))
    assert continuum(there, "restore", *told[1].split(), backup_url=backups).code == 0
    assert exported(there) == exported(here)


def test_a_damaged_backup_that_is_passed_over_is_named(tmp_path: Path) -> None:
    """It may have been the newest."""
    here, backups = tmp_path / "here", tmp_path / "backups"
    filled(here)
    for _ in range(2):
        assert continuum(here, "backup", backup_url=backups).code == 0
    older, newer = sorted(backups.glob("*/manifest.json"))
    newer.write_bytes(newer.read_bytes()[:-9])
    ended = continuum(tmp_path / "there", "restore", backup_url=backups)
    assert ended.code == 0
    assert ended.err == f"the backup {newer.parent.name} is damaged: its manifest cannot be read\n"
    assert f"Restored {older.parent.name} to " in ended.out


def test_one_workspace_of_several(tmp_path: Path) -> None:
    """By the program's own option or the command's; restored under another name, beside the first."""
    here, backups = tmp_path / "here", tmp_path / "backups"
    filled(here)
    assert continuum(here, "--workspace", "side", "explore", "light", "--concepts", 5).code == 0
    taken = continuum(here, "--workspace", "side", "backup", backup_url=backups)
    assert taken.code == 0
    [manifest] = backups.glob("*/manifest.json")
    assert json.loads(manifest.read_text())["scope"] == ["side"]
    refused = continuum(here, "restore", backup_url=backups)
    assert (refused.code, refused.err) == (2, f"Error: there is no backup of all workspaces in {backups}\n")
    restored = continuum(here, "restore", "--workspace", "side", "--into", "copy", backup_url=backups)
    assert (restored.code, restored.err) == (0, "")
    one, two = (sorted(continuum(here, "--workspace", name, "export", "-").lines[1:]) for name in ("side", "copy"))
    assert one == two
    assert continuum(here, "backup", backup_url=backups).code == 0
    many = continuum(tmp_path / "there", "restore", "--into", "copy", backup_url=backups)
    assert many.code == 2
    assert "--into is for one workspace, and these are 3" in many.err


def test_a_terminal_is_told_meanwhile(tmp_path: Path) -> None:
    """And at the end one line says what was done."""
    filled(tmp_path)
    ended = in_terminal(tmp_path, "backup", backup_url=tmp_path / "backups")
    assert ended.code == 0
    assert "Backing up" in ended.out
    assert "5 pictures (5 copied)" in ended.out
    shutil.rmtree(tmp_path / "images")
    (tmp_path / "continuum.sqlite3").unlink()
    back = in_terminal(tmp_path, "restore", backup_url=tmp_path / "backups")
    assert back.code == 0
    assert "Restoring" in back.out
    assert "5 pictures put back" in back.out
