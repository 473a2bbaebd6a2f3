"""Thumbnails: made once, kept, and true to the picture."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from structlog.testing import capture_logs

from graphstore.bytes import WIDTHS, PictureBytes, Thumbnails, open_bytes
from graphstore.errors import UnavailableError
from tests.support.drawn import bomb, drawn
from tests.support.fake_s3 import BUCKET, ENVIRONMENT, FakeS3, fake_s3

PNG = drawn(600, 400)


def digest_of(content: bytes) -> str:
    """As pictures are named."""
    return hashlib.sha256(content).hexdigest()


DIGEST = digest_of(PNG)
KEPT = f"main/{DIGEST}/w64"


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeS3]:
    """A server that tells what it was asked for."""
    async with fake_s3() as fake:
        for name, value in {**ENVIRONMENT, "AWS_ENDPOINT_URL": fake.address}.items():
            monkeypatch.setenv(name, value)
        yield fake


@pytest.fixture
async def pictures(server: FakeS3) -> PictureBytes:
    """A place on that server, with one picture."""
    assert server.address
    pictures = open_bytes(f"s3://{BUCKET}")
    await pictures.put("main", DIGEST, PNG)
    return pictures


@pytest.fixture
async def thumbnails(pictures: PictureBytes) -> AsyncIterator[Thumbnails]:
    """Thumbnails of what is there."""
    thumbnails = Thumbnails(pictures)
    yield thumbnails
    await thumbnails.close()


def opened(content: bytes | None) -> Image.Image:
    """The picture in a file."""
    assert content is not None
    picture = Image.open(BytesIO(content))
    picture.load()
    return picture


async def thumbnail(tmp_path: Path, content: bytes, width: int = 64) -> bytes | None:
    """The thumbnail of this."""
    pictures = open_bytes(str(tmp_path))
    await pictures.put("main", digest_of(content), content)
    thumbnails = Thumbnails(pictures)
    try:
        return await thumbnails.get("main", digest_of(content), width)
    finally:
        await thumbnails.close()


def saved(picture: Image.Image, format: str = "PNG", **options: object) -> bytes:
    """The picture as a file."""
    written = BytesIO()
    picture.save(written, format, **options)
    return written.getvalue()


async def test_all_who_ask_at_once_have_it_made_once(thumbnails: Thumbnails, server: FakeS3) -> None:
    """One reads the picture; the others wait for what it makes."""
    found = await asyncio.gather(*(thumbnails.get("main", DIGEST, 64) for _ in range(30)))
    assert len(set(found)) == 1
    assert opened(found[0]).size == (64, 43)
    assert server.asked.count(("PUT", KEPT)) == 1
    assert server.asked.count(("GET", f"main/{DIGEST}/original")) == 1
    assert await thumbnails.get("main", DIGEST, 64) == found[0]
    assert server.asked.count(("PUT", KEPT)) == 1


async def test_one_at_a_time_is_made_of_each_picture(thumbnails: Thumbnails, server: FakeS3) -> None:
    """Other widths wait, and are made after it."""
    server.held = "PUT"
    making = [asyncio.create_task(thumbnails.get("main", DIGEST, WIDTHS[0]))]
    await server.seen("PUT", KEPT)
    before = len(server.asked)
    making += [asyncio.create_task(thumbnails.get("main", DIGEST, width)) for width in WIDTHS[1:]]
    for width in WIDTHS[1:]:
        await server.seen("GET", f"main/{DIGEST}/w{width}")
    assert "PUT" not in [method for method, _ in server.asked[before:]]
    server.free.set()
    assert [opened(await made).width for made in making] == list(WIDTHS)


async def test_who_leaves_does_not_take_it_away_from_others(thumbnails: Thumbnails, server: FakeS3) -> None:
    """It is made once, and to its end."""
    server.held = "PUT"
    first, second = (asyncio.create_task(thumbnails.get("main", DIGEST, 64)) for _ in range(2))
    await server.seen("PUT", KEPT)
    first.cancel()
    server.free.set()
    assert opened(await second).width == 64
    assert first.cancelled()
    assert server.asked.count(("PUT", KEPT)) == 1


async def test_what_cannot_be_kept_is_shown_all_the_same(thumbnails: Thumbnails, server: FakeS3) -> None:
    """And made again for the next one."""
    server.denied = "PUT"
    with capture_logs() as logs:
        assert opened(await thumbnails.get("main", DIGEST, 64)).width == 64
    assert [log["event"] for log in logs] == ["thumbnail_not_kept"]
    server.denied = None
    assert opened(await thumbnails.get("main", DIGEST, 64)).width == 64
    assert server.asked.count(("PUT", KEPT)) == 2


async def test_a_place_that_is_away_is_told_to_all(thumbnails: Thumbnails, server: FakeS3) -> None:
    """And asked anew by the next one."""
    server.status = 403
    asked = (thumbnails.get("main", DIGEST, 64) for _ in range(3))
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one).__mro__[1] for one in found] == [UnavailableError] * 3
    server.status = None
    assert opened(await thumbnails.get("main", DIGEST, 64)).width == 64


async def test_what_is_being_made_is_given_up_in_the_end(pictures: PictureBytes, server: FakeS3) -> None:
    """Closing waits for no one."""
    thumbnails = Thumbnails(pictures)
    server.held = "PUT"
    asking = asyncio.create_task(thumbnails.get("main", DIGEST, 64))
    await server.seen("PUT", KEPT)
    async with asyncio.timeout(5):
        await thumbnails.close()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert KEPT not in server.objects


async def test_without_a_picture_there_is_none(thumbnails: Thumbnails) -> None:
    """Nor in another workspace."""
    assert await thumbnails.get("main", digest_of(b"other"), 64) is None
    assert await thumbnails.get("other", DIGEST, 64) is None


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
async def test_every_kind_of_picture_has_thumbnails(tmp_path: Path, format: str) -> None:
    """As WebP, whatever it is itself."""
    small = opened(await thumbnail(tmp_path, drawn(300, 200, format), 128))
    assert (small.format, small.size) == ("WEBP", (128, 85))


async def test_what_can_be_seen_through_stays_so(tmp_path: Path) -> None:
    """With an alpha channel, and with a palette."""
    glass = Image.new("RGBA", (200, 200), (200, 30, 30, 0))
    glass.paste((20, 200, 30, 255), (100, 0, 200, 200))
    for picture in (glass, glass.quantize(8)):
        small = opened(await thumbnail(tmp_path, saved(picture)))
        assert small.mode == "RGBA"
        assert small.getpixel((10, 32))[3] < 10  # type: ignore[index]  # a colour of four channels
        assert small.getpixel((54, 32))[3] > 245  # type: ignore[index]  # as well


async def test_colours_stay_what_they_are(tmp_path: Path) -> None:
    """Of grey pictures, of those with a palette, and of those with one bit."""
    for mode, colour in (("L", 200), ("P", 0), ("1", 1), ("CMYK", (0, 0, 0, 55)), ("RGB", (200, 200, 200))):
        picture = Image.new(mode, (200, 100), colour)
        if mode == "P":
            picture.putpalette([200, 200, 200])
        small = opened(await thumbnail(tmp_path, saved(picture, "JPEG" if mode == "CMYK" else "PNG")))
        expected = 255 if mode == "1" else 200
        assert small.mode == "RGB"
        assert small.getpixel((30, 15)) == pytest.approx((expected,) * 3, abs=3)


async def test_very_tall_and_very_wide_pictures_have_thumbnails(tmp_path: Path) -> None:
    """At least one pixel high, and no higher than WebP can be."""
    assert opened(await thumbnail(tmp_path, saved(Image.new("RGB", (5_000, 2))))).size == (64, 1)
    tall = opened(await thumbnail(tmp_path, saved(Image.new("RGB", (65, 20_000)))))
    assert tall.width <= 64
    assert tall.height <= 16_383


@pytest.mark.parametrize(
    "content",
    [b"", b"no picture", PNG[:1_000], b"GIF89a", bomb()],
    ids=["empty", "prose", "cut off", "of another kind", "bomb"],
)
async def test_what_cannot_be_read_has_none(tmp_path: Path, content: bytes) -> None:
    """It is logged; nobody is kept waiting, and no memory is filled."""
    with capture_logs() as logs:
        assert await thumbnail(tmp_path, content) is None
    assert [log["event"] for log in logs] == ["picture_unreadable"]
