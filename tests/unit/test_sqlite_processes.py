"""Several processes on one file, some of which are killed."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from graphstore.model import ConceptFilter
from graphstore.sqlite import open_database
from tests.support.claims import added, begun
from tests.support.snapshots import records

ROOT = Path(__file__).parents[2]

WRITER = """
import asyncio, sys
from pathlib import Path
from graphstore.sqlite import open_database
from tests.support.claims import added, says

async def main(path, name, rounds):
    database = await open_database(path)
    store = database.within("main")
    for n in range(rounds):
        own = f"{name} {n}"
        await added(store, own, f"shared {n}", relations=(says(own, "IS_A", f"shared {n}"),))
        print(n, flush=True)
    await database.close()

asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
"""


def start(path: Path, name: str, rounds: int) -> subprocess.Popen[str]:
    """A process that writes a shared and an own concept in each round, and tells when they are committed."""
    command = [sys.executable, "-c", WRITER, str(path), name, str(rounds)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


async def test_processes_that_start_on_one_new_file_all_get_their_work_done(tmp_path: Path) -> None:
    """The schema is made once; what several create is there once; each sees the others' work."""
    path = tmp_path / "graph.db"
    processes = [start(path, f"process {i}", 15) for i in range(3)]
    for process in processes:
        output, _ = await asyncio.to_thread(process.communicate, timeout=60)
        assert process.returncode == 0
        assert output.split() == [str(n) for n in range(15)]
    database = await open_database(path)
    store = database.within("main")
    assert await store.concepts.count(ConceptFilter()) == 15 + 3 * 15
    assert await store.relations.types() == {"IS_A": 45}
    await database.close()


@pytest.mark.parametrize("rounds", [1, 7, 30])
async def test_what_a_killed_process_had_committed_stays(tmp_path: Path, rounds: int) -> None:
    """All that it told of, in whole transactions, and the next process goes on at once."""
    path = tmp_path / "graph.db"
    with start(path, "victim", 100_000) as process:
        assert process.stdout is not None
        for n in range(rounds):
            assert await asyncio.to_thread(process.stdout.readline) == f"{n}\n"
        process.kill()
        told = rounds + len(process.stdout.read().split())
    database = await open_database(path)
    store = database.within("main")
    found = await store.concepts.count(ConceptFilter())
    assert found % 2 == 0
    assert told <= found // 2 <= told + 1
    assert await store.relations.types() == {"IS_A": found // 2}
    await added(store, "afterwards")
    await database.close()


async def test_another_processes_writes_are_noticed(tmp_path: Path) -> None:
    """The number changes for them, and not for our own."""
    database = await open_database(tmp_path / "graph.db")
    await begun(database.within("main"))
    before = await database.operations.foreign_changes()
    await begun(database.within("main"))
    assert await database.operations.foreign_changes() == before
    with start(tmp_path / "graph.db", "process", 1) as process:
        await asyncio.to_thread(process.wait, 60)
    assert await database.operations.foreign_changes() != before
    assert len(await records(database.within("main"))) > 4
    await database.close()
