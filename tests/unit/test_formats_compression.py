"""Compressed files, and lines in bounded memory."""

import io
import itertools
import tracemalloc
from pathlib import Path

import pytest
import zstandard

from graphstore.formats import FormatError, LineError, compressed, decompressed
from graphstore.formats.lines import PLAIN_LIMIT, Line, Lines
from tests.support.files import COMPRESS, lines, opened

CONTENT = lines(*({"number": n, "text": "x" * 50} for n in range(2_000)))


def parsed(data: bytes, name: str = "") -> list[Line]:
    """The lines of a file."""
    return list(Lines(decompressed(opened(data), name)))


def problems(read: list[Line]) -> dict[int, str]:
    """What was wrong, by line."""
    return {line.number: str(line.content) for line in read if isinstance(line.content, LineError)}


@pytest.mark.parametrize("suffix", COMPRESS)
def test_what_is_compressed_by_a_name_is_read_whatever_the_name(suffix: str, tmp_path: Path) -> None:
    """A file compressed as its name says is read by its first bytes, under any name."""
    path = tmp_path / f"graph.jsonl{suffix}"
    with path.open("wb") as raw:
        stream = compressed(raw, path.name)
        stream.write(CONTENT)
        if stream is not raw:
            stream.close()
        assert not raw.closed
    assert (path.stat().st_size < len(CONTENT) / 10) == bool(suffix)
    read = parsed(path.read_bytes(), "renamed.txt")
    assert [line.content for line in read][-1] == {"number": 1_999, "text": "x" * 50}
    assert [line.number for line in read] == list(range(1, 2_001))


@pytest.mark.parametrize("suffix", [".xz", ".gz", ".zst"])
def test_a_file_that_was_cut_off_gives_its_whole_lines_and_says_so(suffix: str) -> None:
    """Whatever is missing at the end, the lines before are read and the loss is reported."""
    text = lines(*({"number": n, "text": "x" * 50} for n in range(20_000)))
    whole = COMPRESS[suffix](text)
    read = parsed(whole[: len(whole) * 2 // 3])
    assert problems(read) == {read[-1].number: "the compressed data ends too early; the file was cut off"}
    assert [line.number for line in read[:-1]] == list(range(1, len(read)))


@pytest.mark.parametrize("suffix", [".xz", ".gz", ".zst"])
def test_damage_is_reported(suffix: str) -> None:
    """Bytes that were changed in the middle are noticed."""
    whole = bytearray(COMPRESS[suffix](CONTENT))
    middle = len(whole) // 2
    whole[middle : middle + 8] = bytes(b ^ 0xFF for b in whole[middle : middle + 8])
    assert "the compressed data is damaged" in problems(parsed(bytes(whole))).values()


@pytest.mark.parametrize("suffix", [".xz", ".gz", ".zst"])
def test_files_joined_end_to_end_are_read_as_one(suffix: str) -> None:
    """Compressed files can be concatenated, as their own tools allow."""
    one, two = lines({"a": 1}), lines({"b": 2})
    read = parsed(COMPRESS[suffix](one) + COMPRESS[suffix](two))
    assert [line.content for line in read] == [{"a": 1}, {"b": 2}]


def test_a_zst_file_of_unknown_size_is_read() -> None:
    """Frames that were written as a stream do not tell how long they are."""
    raw = io.BytesIO()
    with zstandard.ZstdCompressor().stream_writer(raw, closefd=False) as stream:
        stream.write(CONTENT)
    assert len(parsed(raw.getvalue())) == 2_000


@pytest.mark.parametrize("suffix", [".xz", ".gz", ".zst"])
def test_a_name_that_promises_what_the_content_is_not_is_refused(suffix: str) -> None:
    """A compressed file whose very beginning is damaged is not taken for text, but text under such a name is read."""
    with pytest.raises(FormatError, match=f"the file is named {suffix} and is not compressed so"):
        parsed(b"\x00\x01\x02", f"graph{suffix}")
    assert parsed(b'{"a": 1}', f"graph{suffix}") == [Line(1, {"a": 1})]


def test_lines_that_are_no_objects_are_told_from_those_that_are() -> None:
    """Each bad line has its number and its reason; empty lines, a byte order mark and a missing end are no fault."""
    data = b'\xef\xbb\xbf{"a": 1}\r\n\n  \n[1]\nnull\n{"a"\n{"a": "\xff"}\n{"a": "\\ud800"}\n{"b": 2}'
    read = parsed(data)
    assert [line.number for line in read if not isinstance(line.content, LineError)] == [1, 9]
    wrong = problems(read)
    assert wrong.keys() == {4, 5, 6, 7, 8}
    assert wrong[4] == wrong[5] == "not a JSON object"
    assert all(wrong[n].startswith("not JSON: ") for n in (6, 7, 8))


@pytest.mark.parametrize("suffix", COMPRESS)
def test_a_huge_line_takes_no_memory(suffix: str) -> None:
    """A line of 60 MB, a few kilobytes when compressed, is refused in little memory, and the next line is read."""
    data = COMPRESS[suffix](b'{"a": 1}\n' + b"x" * 60_000_000 + b'\n{"b": 2}\n')
    tracemalloc.start()
    read = parsed(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert problems(read) == {2: "the line is longer than 1,024 KiB"}
    assert [line.number for line in read] == [1, 2, 3]
    assert peak < 40_000_000


@pytest.mark.parametrize(("size", "is_read"), [(PLAIN_LIMIT, True), (PLAIN_LIMIT + 1, False)])
def test_the_limit_is_exact(size: int, is_read: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A line of just the limit is read, one byte more is not."""
    line = b'{"a":"' + b"x" * (size - 9) + b'"}\n'
    assert len(line) == size
    assert [not isinstance(each.content, LineError) for each in parsed(line)] == [is_read]


def test_the_limit_can_be_raised_on_the_way() -> None:
    """A changed limit holds from the next line on."""
    read = Lines(opened(lines({"a": 1}, {"b": "x" * PLAIN_LIMIT})))
    found = []
    for line in itertools.islice(read, 2):
        found.append(line)
        read.limit = 2 * PLAIN_LIMIT
    assert [isinstance(line.content, dict) for line in found] == [True, True]
