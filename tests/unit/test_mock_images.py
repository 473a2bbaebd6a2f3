"""The pictures that are drawn here: always, the same ones for the same request, and readable."""

import asyncio
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFont

from providers.images.mock.colour import RGB, contrast, oklch, readable
from providers.images.mock.drawing import backdrop, colouring, drawn, paint
from providers.images.mock.emblem import FAMILIES, KINDS, family_of
from providers.images.mock.fonts import Typeface, own, plain, typefaces
from providers.images.mock.ground import PATTERNS
from providers.images.mock.lettering import MARKS, cleaned, lettering
from providers.images.mock.lot import lot
from providers.images.mock.mock import LARGEST, SMALLEST, MockImages
from providers.images.mock.palette import MOODS, READABLE, THEMES
from providers.images.mock.setting import Room, Ruler, fit
from providers.images.port import ImageProvider, Neighbour, Picture, PictureRequest, Scene

LEAVES = Scene(
    "Photosynthesis",
    "process",
    (
        Neighbour("Light", "USES", forward=True),
        Neighbour("Carbon dioxide", "USES", forward=True),
        Neighbour("Chloroplast", "PART_OF", forward=False),
        Neighbour("Oxygen", "PRODUCES", forward=True),
    ),
)
STYLES = ("", *THEMES, "watercolour")
ANYTHING = st.text(st.characters(exclude_categories=()), max_size=40)
"""Any characters at all: lone surrogates and unassigned ones too."""
SCENES = st.builds(
    Scene, ANYTHING, ANYTHING, st.lists(st.builds(Neighbour, ANYTHING, ANYTHING, st.booleans()), max_size=9).map(tuple)
)


def asked(scene: Scene = LEAVES, size: tuple[int, int] = (320, 320), **more: Any) -> PictureRequest:
    """A request."""
    return replace(PictureRequest("w", scene, "Draw it.", size), **more)


async def made(**more: Any) -> list[Picture]:
    """What is given for it."""
    return list(await MockImages().generate(asked(**more)))


def nothing() -> tuple[Typeface, ...]:
    """The typefaces of a Pillow without FreeType."""
    return ()


def opened(content: bytes) -> Image.Image:
    """The file, found sound and read."""
    with Image.open(BytesIO(content)) as image:
        image.verify()
    image = Image.open(BytesIO(content))
    image.load()
    return image


def pixels(image: Image.Image, box: tuple[int, int, int, int]) -> list[RGB]:
    """The colours in a part of it."""
    parts = image.crop(box).tobytes()
    return list(zip(parts[::3], parts[1::3], parts[2::3], strict=True))


def test_it_is_a_provider_that_is_always_there() -> None:
    """It keeps the port and says what it can, with the usual size first."""
    provider = MockImages()
    card = provider.card()
    assert isinstance(provider, ImageProvider)
    assert (card.name, card.available, card.reason, card.cost_usd, card.seeds) == ("mock", True, None, 0.0, True)
    assert card.sizes[0] == "512x512"
    assert (card.max_batch, card.qualities, card.formats) == (10, ("auto",), ("image/png",))


async def test_a_picture_is_a_sound_png_of_the_size_that_was_asked_for() -> None:
    """Each size of the card comes out exactly, as a PNG without any added data."""
    for words in MockImages().card().sizes:
        width, height = map(int, words.split("x"))
        (picture,) = await made(size=(width, height))
        image = opened(picture.content)
        assert (image.format, image.size, image.info) == ("PNG", (width, height), {})
        assert (picture.width, picture.height, picture.media_type) == (width, height, "image/png")
        assert (picture.provider, picture.model, picture.cost_usd, picture.fallback) == ("mock", "pillow", 0.0, None)


@pytest.mark.parametrize("size", [(64, 64), (65, 97), (64, 2048), (2048, 64), (2048, 2048), (90, 400), (401, 100)])
def test_any_format_is_drawn(size: tuple[int, int]) -> None:
    """The smallest, the largest and the narrowest come out as they were asked for."""
    assert opened(drawn(LEAVES, size)).size == size


async def test_a_size_that_cannot_be_is_the_nearest_that_can() -> None:
    """It never fails for a size."""
    (picture,) = await made(size=(1, 99999))
    assert opened(picture.content).size == (picture.width, picture.height) == (SMALLEST, LARGEST)


async def test_the_same_request_gives_the_same_bytes() -> None:
    """Also from another instance."""
    assert await made(count=2, seed=7) == await made(count=2, seed=7)


def test_another_process_gives_the_same_bytes() -> None:
    """Nothing depends on what differs from process to process, such as the hashes of strings."""
    program = (
        "import sys; from hashlib import sha256; from providers.images.mock.drawing import drawn;"
        "from providers.images.port import Neighbour, Scene;"
        "print(sha256(drawn(Scene('Zoë', 'idea', (Neighbour('Y', 'IS_A', True),)), (320, 320), 'dark', 3)).hexdigest())"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    here = sha256(drawn(Scene("Zoë", "idea", (Neighbour("Y", "IS_A", forward=True),)), (320, 320), "dark", 3))
    assert outputs == [here.hexdigest()] * 2


def test_what_is_shown_makes_the_picture() -> None:
    """Another name, kind, neighbour, relation type, direction, style or seed is another picture."""
    first, *others = LEAVES.neighbours
    scenes = [
        LEAVES,
        replace(LEAVES, name="Respiration"),
        replace(LEAVES, kind="theory"),
        replace(LEAVES, neighbours=()),
        *(replace(LEAVES, neighbours=(other, *others)) for other in (
            replace(first, name="Darkness"),
            replace(first, forward=False),
        )),
    ]  # fmt: skip
    typed = replace(LEAVES, neighbours=(first, replace(others[0], type="NEEDS"), *others[1:]))
    pictures = [drawn(scene, (480, 480)) for scene in (*scenes, typed)]
    pictures += [drawn(LEAVES, (480, 480), style) for style in ("light", "dark", "blueprint", "paper", "watercolour")]
    pictures += [drawn(LEAVES, (480, 480), seed=seed) for seed in (1, 2, -1, 2**80)]
    assert len(set(pictures)) == len(pictures)


def test_small_pictures_leave_out_what_cannot_be_read() -> None:
    """Names of neighbours are in the usual size and not in a small one, relation types need more room still."""
    named = replace(LEAVES, neighbours=tuple(replace(each, name=each.name[::-1]) for each in LEAVES.neighbours))
    typed = replace(LEAVES, neighbours=tuple(replace(each, type="NEEDS") for each in LEAVES.neighbours))
    for side, names, types in ((512, True, True), (360, True, False), (256, False, False)):
        shown = drawn(LEAVES, (side, side))
        assert (drawn(named, (side, side)) != shown) == names
        assert (drawn(typed, (side, side)) != shown) == types


async def test_a_series_has_a_seed_for_each_place() -> None:
    """Picture number n has the seed plus n, wherever the series begins, and says so; no two of it are equal."""
    series = await made(count=4, seed=10)
    (third,) = await made(first=2, seed=10)
    (again,) = await made(seed=12)
    assert [picture.seed for picture in series] == [10, 11, 12, 13]
    assert third == again == series[2]
    assert len({picture.content for picture in series}) == 4
    assert len({picture.content for picture in await made(count=3)}) == 3


async def test_it_tells_how_far_it_is() -> None:
    """After each picture, in the end that all is done; with nothing to draw, nothing."""
    shares: list[float] = []
    await MockImages().generate(asked(count=4, size=(64, 64)), shares.append)
    assert shares == [0.25, 0.5, 0.75, 1.0]
    assert await made(count=0) == []


async def test_drawing_does_not_keep_the_loop() -> None:
    """Other work goes on while it draws, and who asked may turn away."""
    shares: list[float] = []
    task = asyncio.create_task(MockImages().generate(asked(count=3, size=(512, 512)), shares.append))
    await asyncio.sleep(0)
    assert shares == []
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert shares == []


def test_threads_do_not_disturb_one_another() -> None:
    """Many at once give what one alone gives."""
    scenes = [replace(LEAVES, name=name) for name in ("Leaf", "Zoë", "Лист", "ورقة", "葉", "Blatt 🌱")] * 3
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda scene: drawn(scene, (320, 320)), scenes))
    assert together == [drawn(scene, (320, 320)) for scene in scenes[:6]] * 3


@settings(max_examples=60, deadline=None)
@given(SCENES, ANYTHING, st.integers(), st.sampled_from([(64, 64), (130, 200), (460, 460), (420, 260)]))
@example(Scene("x" * 200, "y" * 200, (Neighbour("z" * 200, "T" * 200, forward=True),) * 12), "", 0, (460, 460))
@example(Scene("a" + "\u0301" * 150, "\ud800", (Neighbour("\udfff\x00", "\x07", forward=False),)), "", 0, (460, 460))
@example(Scene("👩‍👩‍👧‍👦🏳️‍🌈", "\u202e", (Neighbour("שלום world", "\u200f", forward=True),)), "", 0, (460, 460))
@example(Scene("", ""), "", 0, (64, 64))
@example(Scene("क्षत्रिय ไทย ქართული", " \u2028 "), "dark", 0, (460, 460))
def test_no_text_makes_it_fail(scene: Scene, style: str, seed: int, size: tuple[int, int]) -> None:
    """Whatever stands in names, kinds, relation types and styles, there is a picture, without a second attempt."""
    assert paint(scene, size, style, seed, typefaces).size == size


@settings(max_examples=25, deadline=None)
@given(SCENES)
@example(Scene("", "", (Neighbour("0000000@I\u00c6\u00c6\u00de", "", forward=False),)))  # just fits when it is smallest
def test_no_text_makes_it_fail_without_typefaces_of_the_machine(scene: Scene) -> None:
    """Neither where there is only Pillow's own typeface, nor where there is none at all."""
    for faces in (plain, nothing):
        assert paint(scene, (320, 320), "", 0, faces).size == (320, 320)


def test_a_broken_typeface_is_done_without() -> None:
    """A typeface that cannot be used costs its look, not the picture."""

    class Broken(Typeface):
        def at(self, size: float) -> ImageFont.FreeTypeFont:
            raise OSError(size)

    base = ImageFont.load_default(20)
    assert isinstance(base, ImageFont.FreeTypeFont)
    assert drawn(LEAVES, (320, 320), faces=lambda: (Broken("", base),)) == drawn(LEAVES, (320, 320), faces=plain)


def test_every_family_is_drawn() -> None:
    """Kinds lead to every family there is, and each can be drawn filled and in lines; themes name known patterns."""
    kinds = {family: kind for kind, family in KINDS.items()}
    assert kinds.keys() == FAMILIES.keys()
    pictures = {drawn(Scene("Same", kind), (128, 128), style) for kind in kinds.values() for style in ("dark", "paper")}
    assert len(pictures) == 2 * len(FAMILIES)
    used = {pattern for theme in (*MOODS, *THEMES.values()) for pattern in theme.patterns}
    assert used <= set(PATTERNS)


@settings(max_examples=150, deadline=None)
@given(ANYTHING, ANYTHING, st.sampled_from(STYLES), st.integers(0, 10**6))
def test_words_can_be_read_on_all_colours_of_the_ground(name: str, kind: str, style: str, seed: int) -> None:
    """The name, and smaller text, has the contrast that WCAG asks for to every colour that the ground is mixed of."""
    colours = colouring(Scene(name, kind), style, seed)
    for text in (colours.ink, colours.quiet):
        assert min(contrast(text, ground) for ground in colours.grounds) >= READABLE


@pytest.mark.parametrize("style", ["light", "dusk", "vivid", "dark", "blueprint", "paper"])
@pytest.mark.parametrize("seed", range(4))
def test_the_name_can_be_read_where_it_stands(style: str, seed: int) -> None:
    """Measured on the picture: the name's colour is there, and contrasts with every pixel that lies behind."""
    scene = replace(LEAVES, name=f"Photosynthesis {seed}")
    canvas, colours, where = backdrop(scene, (320, 320), style, seed, typefaces)
    assert where.name
    box = (int(where.words[0]), int(where.words[3] - where.name.height), int(where.words[2]), int(where.words[3]))
    written = paint(scene, (320, 320), style, seed, typefaces)
    assert min(contrast(colours.ink, pixel) for pixel in pixels(canvas.finished(), box)) >= READABLE
    assert pixels(written, box).count(colours.ink) > 50


def test_colours_are_those_of_the_standards() -> None:
    """OKLCH and contrast agree with the values that are published for them."""
    assert oklch(1, 0, 0) == (255, 255, 255)
    assert oklch(0.627955, 0.257683, 29.2339) == (255, 0, 0)
    assert oklch(0.452014, 0.313214, 264.052) == (0, 0, 255)
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.005)


@given(st.floats(0, 1), st.floats(0, 0.3), st.floats(0, 360), st.floats(1.5, 4.5))
def test_ink_is_moved_until_it_can_be_read(lightness: float, chroma: float, hue: float, ratio: float) -> None:
    """Light ink becomes lighter on dark grounds, dark ink darker on light ones, and none is moved without need."""
    on = ((40, 60, 50), (10, 10, 60)) if lightness >= 0.5 else ((200, 220, 190), (250, 250, 220))
    ink = readable(lightness, chroma, hue, on, ratio)
    assert min(contrast(ink, ground) for ground in on) >= ratio
    plain_ink = oklch(lightness, chroma, hue)
    assert ink == plain_ink or min(contrast(plain_ink, ground) for ground in on) < ratio


@given(st.floats(0, 1), st.floats(0, 0.4), st.floats(-720, 720))
def test_every_colour_is_one_of_the_screen(lightness: float, chroma: float, hue: float) -> None:
    """More chroma than the screen has is brought back, and lightness is kept thereby."""
    assert all(0 <= part <= 255 for part in oklch(lightness, chroma, hue))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Growth", "Growth"),
        ("🌱 Growth\x00\ud800", "Growth"),
        ("Café Ångström – Straße", "Cafe Angstrom - Strasse"),
        ("Фотосинтез Щука", "Fotosintez Shchuka"),
        ("Φωτοσύνθεση", "Fotosynthesi"),
        ("かなカナ", "kanakana"),
        ("한글", "hangeul"),
        ("Osmosis 浸透", "Osmosis"),
        ("光合作用", None),
        ("🌱", None),
        ("", None),
    ],
)
def test_what_a_typeface_lacks_is_written_in_another_way(text: str, expected: str | None) -> None:
    """With plain letters only: symbols are left out, known alphabets are romanised, and the rest is not guessed."""
    found = lettering(text, plain)
    assert (found and found.text) == expected


def test_a_text_is_cleaned_of_what_cannot_be_seen() -> None:
    """One line, no control characters, no heaps of marks."""
    assert cleaned(" a\tb\r\n\u2028c\u200b\u202e\ue000\ud83d ") == "a b c"
    assert cleaned("\u0301x") == "x"
    assert cleaned("q" + "\u0323" * 99) == "q" + "\u0323" * MARKS


@given(st.text("abcdefgh ", min_size=1, max_size=220).filter(str.strip), st.floats(30, 500), st.floats(10, 300))
@settings(deadline=None)
def test_lines_stay_within_their_room(text: str, width: float, height: float) -> None:
    """A text that is fitted sticks out of its room on no side, and is cut only when no size would do."""
    found = lettering(text, plain)
    assert found
    setting = fit(found, Room(width, height, 60, 8, lines=3))
    if setting is None:
        assert height < 8 or width < 30
        return
    ruler = Ruler(found)
    assert setting.height <= height + 0.01
    assert len(setting.lines) <= 3
    for line in setting.lines:
        assert ruler.width(line.rstrip("-")) * setting.size <= width + 0.01
    whole = "".join(setting.lines).replace("-", "").replace(" ", "")
    assert whole == found.text.replace(" ", "") or (whole.endswith("…") and setting.size == pytest.approx(8))


def test_the_kind_decides_the_family_whatever_the_name() -> None:
    """Emblems of one kind are relatives, also of a kind that nobody foresaw."""
    assert family_of("celestial body", lot("x")) == "landscape"
    assert family_of("Dragon", lot("x")) == family_of("Dragon", lot("x"))
    assert {family_of(f"dragon{number}", lot(number)) for number in range(60)} == set(FAMILIES)


def test_nothing_is_read_when_it_is_imported() -> None:
    """Importing the provider opens no file but its code: typefaces are looked for when something is drawn."""
    program = (
        "import sys, PIL.Image, PIL.ImageDraw, PIL.ImageFont, PIL.ImageFilter, asyncio, hashlib, random\n"
        "opened = []\n"
        "watched = ('open', 'socket.connect', 'os.listdir', 'os.scandir')\n"
        "sys.addaudithook(lambda event, args: opened.append((event, str(args[0]))) if event in watched else None)\n"
        "import providers.images.mock.mock as mock\n"
        "mock.MockImages().card()\n"
        "print([found for found in opened if '.py' not in found[1] and found[0] == 'open'])\n"
        "from providers.images.mock.fonts import installed\n"
        "opened.clear(); installed('none.ttf'); print(len(opened) > 0)\n"
    )
    run = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert run.stdout.split("\n")[:2] == ["[]", "True"]


def test_pillow_brings_a_typeface() -> None:
    """Names in plain letters look the same on every machine."""
    face = own()
    assert face
    assert all(map(face.covers, "Photosynthesis, 42 & more…"))
    assert not face.covers("光")
