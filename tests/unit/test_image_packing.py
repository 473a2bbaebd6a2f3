"""Pictures as bytes."""

import json
from dataclasses import replace

import pytest

from providers.images.cache.packing import packed, unpacked
from tests.support.fake_images import PICTURE

HEADER = json.loads(packed(PICTURE).split(b"\n", 1)[0])


@pytest.mark.parametrize(
    "picture",
    [
        PICTURE,
        replace(PICTURE, content=b""),
        replace(PICTURE, content=b"\n\x00\xff\n" * 9, seed=2**70, model='«a\n"\ud800»', cost_usd=0),
    ],
    ids=["usual", "empty", "strange"],
)
def test_what_is_packed_comes_back(picture: object) -> None:
    """All that a picture says of itself, and every byte."""
    assert unpacked(packed(picture)) == picture  # type: ignore[arg-type]  # they are pictures


def test_what_was_so_for_one_request_is_not_packed() -> None:
    """Whether it had been cached, and why it was drawn, is nothing of the picture's own."""
    assert unpacked(packed(replace(PICTURE, cached=True, fallback="busy"))) == PICTURE


GARBAGE = {
    "nothing": b"",
    "no header": b"pixels",
    "no JSON": b"{\npixels",
    "a list": b"[]\npixels",
    "no text": b"\xff\npixels",
    "deep": b"[" * 60_000 + b"\npixels",
    "a long header": b" " * 70_000 + packed(PICTURE),
    "half a picture": packed(PICTURE)[:-1],
    "more than a picture": packed(PICTURE) + b"s",
    "a field less": json.dumps({k: v for k, v in HEADER.items() if k != "seed"}).encode() + b"\npixels",
    "a field more": json.dumps({**HEADER, "fallback": None}).encode() + b"\npixels",
    "a wrong type": json.dumps({**HEADER, "width": "8"}).encode() + b"\npixels",
}


@pytest.mark.parametrize("value", GARBAGE.values(), ids=GARBAGE.keys())
def test_what_is_no_picture_is_none(value: bytes) -> None:
    """Whatever bytes lie there, nothing is raised and nothing is made up."""
    assert unpacked(value) is None
