"""Pictures are what they say they are, or they are refused."""

import asyncio
import resource
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from io import BytesIO

import PIL.Image
import pytest

from providers.errors import GarbledError
from providers.images.openai import OpenAiImages
from providers.images.port import ImageCard, ImageProvider, Picture, PictureRequest, Scene, Told, unheard
from providers.images.verified import MOST_BYTES, Verified, verified
from providers.openai.config import OpenAiConfig
from tests.support.drawn import animated, bomb, drawn, heavy, noise
from tests.support.fake_openai import fake_openai

REQUEST = PictureRequest("main", Scene("origami"), "A picture of origami.", (1024, 1024))
TYPES = {"PNG": "image/png", "WEBP": "image/webp", "JPEG": "image/jpeg"}


class Giving:
    """A provider that gives what it was given."""

    name = "giving"

    def __init__(self, *contents: bytes) -> None:
        self._pictures = tuple(given(content) for content in contents)

    def card(self) -> ImageCard:
        """What it is."""
        return ImageCard(self.name, "Gives.", True, None, "m", ("1024x1024",), ("auto",), ("image/png",), 9, False, 0.0)

    async def generate(self, _request: PictureRequest, told: Told = unheard) -> Sequence[Picture]:
        """The same at each call."""
        told(0.5)
        return self._pictures


def given(content: bytes) -> Picture:
    """A picture that claims to be something else than it is."""
    return Picture(content, "image/tiff", "giving", "m", width=7, height=7, seed=3, cost_usd=0.5)


@pytest.mark.parametrize("format", TYPES)
def test_type_and_size_are_those_of_the_bytes(format: str) -> None:
    """Whatever was claimed, what the file is counts; all else stays."""
    content = drawn(64, 48, format)
    expected = replace(given(content), media_type=TYPES[format], width=64, height=48)
    assert verified(given(content)) == expected


async def test_it_is_a_provider_like_the_one_that_it_wraps() -> None:
    """Name, card and progress are the provider's; the pictures keep their order."""
    heard: list[float] = []
    provider = Verified(Giving(drawn(), drawn(format="JPEG")))
    assert isinstance(provider, ImageProvider)
    assert (provider.name, provider.card().name) == ("giving", "giving")
    pictures = await provider.generate(replace(REQUEST, count=2), heard.append)
    assert [picture.media_type for picture in pictures] == ["image/png", "image/jpeg"]
    assert heard == [0.5]


@pytest.mark.parametrize("count", [1, 3])
async def test_as_many_as_were_asked_for(count: int) -> None:
    """Two pictures are neither one nor three."""
    with pytest.raises(GarbledError, match="gave 2 pictures instead of"):
        await Verified(Giving(drawn(), drawn())).generate(replace(REQUEST, count=count))


@pytest.mark.parametrize("format", TYPES)
def test_a_truncated_picture_is_refused_wherever_it_ends(format: str) -> None:
    """A file that lacks its end, be it one byte, is no picture."""
    content = drawn(24, 16, format)
    for length in range(len(content)):
        with pytest.raises(GarbledError):
            verified(given(content[:length]))


@pytest.mark.parametrize("format", TYPES)
def test_broken_bytes_end_as_an_error_of_ours(format: str) -> None:
    """Whatever byte is wrong: it is a picture of bounded size, or a `GarbledError`, and nothing else."""
    content = bytearray(drawn(24, 16, format))
    for place in range(len(content)):
        broken = bytes(content[:place]) + bytes([content[place] ^ 0xFF]) + bytes(content[place + 1 :])
        with suppress(GarbledError):
            assert verified(given(broken)).width <= 4_096


def test_a_png_is_held_against_its_check_sums() -> None:
    """A PNG with a wrong bit in its pixels is refused, since its check sum says so."""
    content = bytearray(drawn(256, 256))
    content[content.index(b"IDAT") + 100] ^= 1
    with pytest.raises(GarbledError, match="cannot be decoded"):
        verified(given(bytes(content)))


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_an_animation_is_refused(format: str) -> None:
    """More than one frame is not one picture."""
    with pytest.raises(GarbledError, match="animated"):
        verified(given(animated(format)))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg/>",
        b"GIF89a" + bytes(50),
        b"MZ this is a program",
        b"%PDF-1.7",
        drawn(format="BMP"),
        drawn(format="TIFF"),
    ],
    ids=["nothing", "SVG", "GIF", "program", "PDF", "BMP", "TIFF"],
)
def test_other_types_are_refused(content: bytes) -> None:
    """What is neither PNG nor WebP nor JPEG is not even tried."""
    with pytest.raises(GarbledError, match="neither PNG nor WebP nor JPEG"):
        verified(given(content))


def test_a_bomb_is_not_decoded() -> None:
    """A PNG of 30,000 x 30,000 pixels is refused by its header: the memory for its pixels is never taken."""
    content = bomb()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(GarbledError, match="30000x30000"):
        verified(given(content))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB; its pixels would be 879,000


@pytest.mark.parametrize(
    "header",
    [
        b"VP8X" + struct.pack("<I", 10) + bytes(4) + (16_383).to_bytes(3, "little") * 2,
        b"VP8L" + struct.pack("<I", 10) + b"\x2f" + (0x3FFF | 0x3FFF << 14).to_bytes(4, "little") + bytes(5),
        b"VP8 " + struct.pack("<I", 10) + b"\x10\x00\x00\x9d\x01\x2a" + struct.pack("<HH", 0x3FFF, 0x3FFF),
    ],
    ids=["extended", "lossless", "lossy"],
)
def test_a_large_webp_is_refused_by_its_header(header: bytes) -> None:
    """The decoder, which takes memory for all pixels at once, is not even asked."""
    content = b"RIFF" + struct.pack("<I", 4 + len(header)) + b"WEBP" + header
    with pytest.raises(GarbledError, match=r"claims 1638[34]x1638[34] pixels"):
        verified(given(content))


def test_a_side_may_be_4096_pixels_and_no_more() -> None:
    """The bound is where it is said to be."""
    assert verified(given(drawn(4_096, 8))).width == 4_096
    for size in ((4_097, 8), (8, 4_097)):
        with pytest.raises(GarbledError, match="at most 4096x4096"):
            verified(given(drawn(*size)))


def test_a_file_of_20_mb_is_refused() -> None:
    """However small the picture in it is; up to 16 MiB it is taken."""
    assert verified(given(heavy(MOST_BYTES))).width == 64
    with pytest.raises(GarbledError, match="more than 16 MiB"):
        verified(given(heavy(20_000_000)))


@pytest.mark.parametrize("mood", ["bomb", "heavy", "truncated", "no picture"])
async def test_what_a_real_provider_answers_is_verified(mood: str) -> None:
    """Bad pictures that come over the wire end as a `GarbledError` with a reason; the next good one is taken."""
    async with fake_openai(mood) as fake:
        inner = OpenAiImages(OpenAiConfig(base_url=f"{fake.address}/v1", timeout=10))
        provider = Verified(inner)
        with pytest.raises(GarbledError, match="a picture by openai"):
            await provider.generate(REQUEST)
        (picture,) = await provider.generate(REQUEST)
        assert (picture.media_type, picture.width, picture.height) == ("image/png", 1024, 1024)
        await inner.close()


async def test_the_loop_runs_while_a_picture_is_decoded() -> None:
    """Decoding happens beside the loop, so that nobody else waits for it."""
    large = noise(1_600, 1_600)
    turns = 0
    task = asyncio.create_task(_generated(Verified(Giving(large))))
    while not task.done():
        turns += 1
        await asyncio.sleep(0.001)
    assert (await task)[0].width == 1_600
    assert turns > 5


async def _generated(provider: ImageProvider) -> Sequence[Picture]:
    return await provider.generate(REQUEST)


def test_a_jpeg_of_countless_scans_is_refused() -> None:
    """Scans that cost next to no bytes would each be decoded over all pixels; a usual progressive picture is taken."""
    with BytesIO() as written:
        PIL.Image.new("RGB", (64, 48), "gray").save(written, "JPEG", progressive=True)
        content = written.getvalue()
    assert verified(given(content)).width == 64
    scan = content[content.rfind(b"\xff\xda") : -2]
    with pytest.raises(GarbledError, match="scans"):
        verified(given(content[:-2] + scan * 1_000 + content[-2:]))
