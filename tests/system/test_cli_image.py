"""`continuum image`: one picture of a stored concept, kept in its gallery and written to a file."""

import asyncio
import io
from pathlib import Path

import pytest
from PIL import Image as Pillow

from graphstore.model import Image, ImageStatus, PageRequest, name_key
from tests.support.files import opened_store
from tests.support.terminal import continuum

pytestmark = pytest.mark.system


@pytest.fixture
def explored(tmp_path: Path) -> Path:
    """A data folder with a few concepts in it."""
    data_dir = tmp_path / "data"
    assert continuum(data_dir, "explore", "photosynthesis", "--concepts", 8).code == 0
    return data_dir


def gallery(data_dir: Path, name: str) -> list[Image]:
    """The images of the concept with this name."""

    async def read() -> list[Image]:
        async with opened_store(data_dir) as store:
            [concept] = (await store.concepts.named([name_key(name)]))[name_key(name)]
            pages = await store.images.of([concept.id], PageRequest(10))
            return [item.value for item in pages[concept.id].items]

    return asyncio.run(read())


def test_a_picture_is_written_and_kept(explored: Path, tmp_path: Path) -> None:
    """The file is the picture that the concept's gallery has from then on; the terminal says what it is."""
    out = tmp_path / "picture.png"
    ended = continuum(explored, "image", "photosynthesis", "--out", out, "--size", "256x256", "--style", "blueprint")
    assert ended.code == 0, ended.err
    assert ended.out.startswith(f"{out}: 256 x 256, image/png, ")
    assert "Having Photosynthesis made by mock" in ended.err
    with Pillow.open(io.BytesIO(out.read_bytes())) as picture:
        assert (picture.format, picture.size) == ("PNG", (256, 256))
    [image] = gallery(explored, "photosynthesis")
    assert image.status is ImageStatus.READY
    assert image.picture is not None
    assert image.picture.bytes == out.stat().st_size
    assert image.options.style == "blueprint"
    assert image.lease is None


def test_a_file_that_is_there_stays(explored: Path, tmp_path: Path) -> None:
    """Nothing is written over, and nothing is made, unless --force says so."""
    out = tmp_path / "precious.png"
    out.write_text("mine")
    refused = continuum(explored, "image", "photosynthesis", "--out", out)
    assert (refused.code, out.read_text()) == (2, "mine")
    assert "--force" in refused.err
    assert not gallery(explored, "photosynthesis")
    assert continuum(explored, "image", "photosynthesis", "--out", out, "--force").code == 0
    assert out.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("light and shadow",), "no stored concept is called 'light and shadow'"),
        (("photosynthesis", "--provider", "rembrandt"), "there are: mock, openai, stable-diffusion"),
        (("photosynthesis", "--size", "7x7"), "--size: '7x7' is not among those of 'mock': 512x512"),
        (("photosynthesis", "--provider", "openai", "--no-fallback"), "set OPENAI_API_KEY"),
    ],
)
def test_what_cannot_be_made_is_said(explored: Path, tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    """A mistake is answered with what would be right; no image is asked for, no file is written."""
    out = tmp_path / "none.png"
    ended = continuum(explored, "image", *arguments, "--out", out)
    assert ended.code == 2
    assert said in ended.err
    assert not out.exists()
    assert not gallery(explored, "photosynthesis")


def test_a_provider_that_is_not_set_up_is_stood_in_for(explored: Path, tmp_path: Path) -> None:
    """Without --no-fallback the picture is drawn, and the terminal says so and why."""
    out = tmp_path / "drawn.png"
    ended = continuum(explored, "image", "photosynthesis", "--provider", "openai", "--out", out)
    assert ended.code == 0
    assert "drawn instead: openai is not set up: set OPENAI_API_KEY" in ended.out
    [image] = gallery(explored, "photosynthesis")
    assert image.picture is not None
    assert image.picture.provider == "mock"
    assert image.picture.fallback is not None


def test_what_could_not_be_kept_is_not_made(explored: Path, tmp_path: Path) -> None:
    """Where the place for pictures takes nothing, that is said before anybody is asked and paid."""
    (explored / "images" / "ping").mkdir(parents=True)  # in the way of what is written there to see whether it can be
    ended = continuum(explored, "image", "photosynthesis", "--out", tmp_path / "none.png")
    assert ended.code == 2
    assert str(explored / "images") in ended.err
    assert not gallery(explored, "photosynthesis")
