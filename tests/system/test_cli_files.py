"""`continuum import` and `continuum export`."""

import json
import lzma
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.files import COMPRESS, SMALL, lines
from tests.support.processes import environment
from tests.support.terminal import LIMIT, command, continuum, in_terminal

pytestmark = pytest.mark.system


@pytest.mark.parametrize("suffix", COMPRESS)
def test_a_workspace_goes_to_a_file_and_back(tmp_path: Path, suffix: str) -> None:
    """An import, an export and an import of that into another folder: the same records."""
    small, moved = tmp_path / f"small.jsonl{suffix}", tmp_path / f"moved.jsonl{suffix}"
    small.write_bytes(COMPRESS[suffix](lines(*SMALL)))
    imported = continuum(tmp_path / "a", "import", small)
    assert imported.code == 0
    assert imported.lines[0].startswith(f"{small.name}: stored 3 concepts, 2 relations (3 of the concepts are new) in ")
    assert imported.lines[1] == "The workspace main holds 3 concepts and 2 relations now."
    assert imported.err == ""
    exported = continuum(tmp_path / "a", "export", moved)
    assert (exported.code, exported.out) == (0, "")
    assert "Exported 11 records of the workspace main." in exported.err
    loaded = continuum(tmp_path / "b", "import", moved)
    assert loaded.code == 0
    assert "stored 3 concepts, 2 relations, 1 source, 5 pieces of evidence in " in loaded.out
    one, two = (continuum(tmp_path / name, "export", "-").lines[1:] for name in "ab")
    assert one == two
    assert len(one) == 12


def test_bad_lines_are_told_and_the_exit_code_says_so(tmp_path: Path) -> None:
    """0: all is stored; 1: some lines are not, and each is named; 2: nothing is."""
    file = tmp_path / "mixed.jsonl"
    file.write_bytes(lines(*SMALL[:1]) + b"nonsense\n" + lines({"concept": "5"}))
    mixed = continuum(tmp_path, "import", file)
    assert mixed.code == 1
    assert mixed.err.splitlines()[0].startswith("line 2: not JSON: ")
    assert mixed.err.splitlines()[1] == "line 3: name is missing"
    assert "stored 1 concept " in mixed.out
    file.write_bytes(b"nonsense\n" * 30)
    bad = continuum(tmp_path, "import", file)
    assert (bad.code, bad.out) == (2, "")
    assert len(bad.err.splitlines()) == 22
    assert bad.err.splitlines()[-2:] == [
        "... and 10 further lines that cannot be used",
        f"Error: nothing of {file} could be stored",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "Error: the file is empty"),
        (
            lines({"continuum": 2}),
            "Error: the file is of version 2 of the format, and this program",
        ),
        (b"\x00\x00", "Error: the file is named .xz and is not compressed so"),
        (None, "No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    """Nothing is stored, and one sentence says why."""
    file = tmp_path / "file.jsonl.xz"
    if content is not None:
        file.write_bytes(lzma.compress(content) if content[:1] != b"\x00" else content)
    ended = continuum(tmp_path, "import", file)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert ended.err.count("\n") == 1


def test_a_truncated_archive_gives_what_it_holds(tmp_path: Path) -> None:
    """Whole lines before the cut are stored, and the cut is reported."""
    objects = [{"concept": str(n), "name": f"Thing {n}", "summary": os.urandom(30).hex()} for n in range(2_000)]
    whole = lzma.compress(lines(*objects))
    file = tmp_path / "things.jsonl.xz"
    file.write_bytes(whole[: len(whole) // 2])
    ended = continuum(tmp_path, "import", file)
    assert ended.code == 1
    assert "the compressed data ends too early; the file was cut off" in ended.err
    assert "stored " in ended.out


def test_standard_input_needs_a_title_for_a_data_set_only(tmp_path: Path) -> None:
    """An export is taken from a pipe as it is; a data set needs something to be cited as."""
    ended = continuum(tmp_path / "a", "import", "-", stdin=lines(*SMALL))
    assert ended.code == 2
    assert "needs a title to be cited by (--source-title)" in ended.err
    titled = continuum(tmp_path / "a", "import", "-", "--source-title", "Small things", stdin=lines(*SMALL))
    assert titled.code == 0
    exported = continuum(tmp_path / "a", "export", "-")
    assert any('"title":"Small things"' in line for line in exported.lines)
    piped = continuum(tmp_path / "b", "import", "-", stdin=lzma.compress(exported.out.encode()))
    assert piped.code == 0
    assert piped.lines[0].startswith("standard input: stored 3 concepts, ")


def test_an_address_must_be_one(tmp_path: Path) -> None:
    """--source-url takes web addresses only."""
    ended = continuum(tmp_path, "import", "-", "--source-url", "javascript:x", stdin=b"")
    assert ended.code == 2
    assert "must start with http:// or https://" in ended.err


def test_an_export_replaces_nothing_unasked(tmp_path: Path) -> None:
    """A file that exists is kept without --force, and what is no file is never replaced."""
    target = tmp_path / "graph.jsonl"
    target.write_text("precious")
    ended = continuum(tmp_path / "data", "export", target)
    assert ended.code == 2
    assert "exists; --force replaces it" in ended.err
    assert target.read_text() == "precious"
    assert continuum(tmp_path / "data", "export", target, "--force").code == 0
    assert json.loads(target.read_text().splitlines()[0])["continuum"] == 1
    folder = continuum(tmp_path / "data", "export", tmp_path, "--force")
    assert folder.code == 2
    assert "is not a file" in folder.err
    nowhere = continuum(tmp_path / "data", "export", tmp_path / "no" / "graph.jsonl")
    assert nowhere.code == 2
    assert "is not a folder" in nowhere.err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data", "graph.jsonl"]


def test_a_reader_that_goes_away_ends_an_export_in_silence(tmp_path: Path) -> None:
    """`continuum export - | head -1` ends without a traceback."""
    many = [{"concept": str(n), "name": f"Thing {n}", "summary": "x" * 200} for n in range(1_000)]
    assert continuum(tmp_path, "import", "-", "--source-title", "many", stdin=lines(*many)).code == 0
    with subprocess.Popen(
        command("export", "-"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(tmp_path)
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b'{"continuum":1')
        process.stdout.close()
        assert (process.wait(LIMIT), process.stderr.read()) == (141, b"")


def test_an_interrupted_import_keeps_what_it_stored(tmp_path: Path) -> None:
    """SIGINT ends an import that waits for its input with exit code 130 and leaves a sound store."""
    process = subprocess.Popen(
        command("import", "-", "--source-title", "endless"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(tmp_path),
    )
    assert process.stdin is not None
    objects = [{"concept": str(n), "name": f"Thing {n}"} for n in range(3_000)]
    process.stdin.write(lines(*objects))
    process.stdin.flush()
    while b"Thing" not in b"".join(p.read_bytes() for p in tmp_path.glob("continuum.sqlite3*")):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=LIMIT)
    assert process.returncode == 130
    assert err == b"Interrupted.\n"
    assert "Thing" in continuum(tmp_path, "search", "thing").out
    assert "ok    integrity" in continuum(tmp_path, "doctor", port=0).out


def test_a_terminal_sees_how_far_an_import_is(tmp_path: Path) -> None:
    """A bar is drawn while it runs, and only the summary stays."""
    file = tmp_path / "many.jsonl"
    file.write_bytes(lines(*({"concept": str(n), "name": f"Thing {n}"} for n in range(3_000))))
    ended = in_terminal(tmp_path, "import", file)
    assert ended.code == 0
    assert "Importing" in ended.out
    assert "stored 3,000 concepts (3,000 of the concepts are new)" in ended.out
