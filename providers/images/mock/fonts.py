"""The typefaces that there are: the one that Pillow brings, and well-known ones that the machine may have."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from threading import Lock
from typing import TypeAlias
from unicodedata import bidirectional

from PIL import ImageFont, features

NAMES = (
    "LiberationSans-Regular.ttf",
    "NotoSans-Regular.ttf",
    "DejaVuSans.ttf",
    "Arial.ttf",
    "Helvetica.ttc",
    "NotoSansCJK-Regular.ttc",
    "NotoSansSC-Regular.otf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf",
    "Hiragino Sans GB.ttc",
    "msyh.ttc",
    "NotoSansArabic-Regular.ttf",
    "NotoSansHebrew-Regular.ttf",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSansBengali-Regular.ttf",
    "NotoSansTamil-Regular.ttf",
    "NotoSansThai-Regular.ttf",
    "NotoSansArmenian-Regular.ttf",
    "NotoSansGeorgian-Regular.ttf",
    "NotoSansEthiopic-Regular.ttf",
    "FreeSans.ttf",
    "Arial Unicode.ttf",
    "unifont.ttf",
)
"""Files of typefaces of the machine, the likeliest and the finest first."""

_PROBE = 24
"""The size, in pixels, at which a glyph is looked at."""
_LACKING = "\uffff"
"""A character that no typeface has."""


class Typeface:
    """A typeface in every size. Fonts are made anew for each picture, since they are not safe to share by threads."""

    def __init__(self, name: str, base: ImageFont.FreeTypeFont) -> None:
        """`base`: it in any size, not used by anybody else."""
        self.name = name
        self._shaped = features.check("raqm")
        self._engine = ImageFont.Layout.RAQM if self._shaped else ImageFont.Layout.BASIC
        # Without shaping each character has the one glyph that is looked for.
        self._probe = base.font_variant(size=_PROBE, layout_engine=ImageFont.Layout.BASIC)
        self._lock = Lock()
        self._lacking = bytes(self._probe.getmask(_LACKING))
        self._has = lru_cache(maxsize=8192)(self._look)

    def at(self, size: float) -> ImageFont.FreeTypeFont:
        """It in this size, in pixels of an em."""
        with self._lock:
            return self._probe.font_variant(size=size, layout_engine=self._engine)

    def covers(self, character: str) -> bool:
        """Whether it can show this character."""
        return character == " " or self._has(character)

    def _look(self, character: str) -> bool:
        if not self._shaped and bidirectional(character) in {"R", "AL"}:
            return False  # without libraqm it would be set backwards
        with self._lock:
            return bytes(self._probe.getmask(character)) != self._lacking


Faces: TypeAlias = Callable[[], Iterable[Typeface]]
"""Gives the typefaces that may be used, those to be preferred first."""


@cache
def own() -> Typeface | None:
    """The typeface that comes with Pillow: ASCII and some punctuation. None in a Pillow without FreeType."""
    base = ImageFont.load_default(_PROBE) if features.check("freetype2") else None
    return Typeface("", base) if isinstance(base, ImageFont.FreeTypeFont) else None


@cache
def installed(name: str) -> Typeface | None:
    """A typeface of the machine, or None."""
    try:
        return Typeface(name, ImageFont.truetype(name, _PROBE))
    except (OSError, ImportError):  # there is none of that name, or it is broken, or Pillow has no FreeType
        return None


def typefaces() -> Iterator[Typeface]:
    """All of them. One of the machine is looked for only when those before it do not do."""
    if first := own():
        yield first
    yield from filter(None, map(installed, NAMES))


def plain() -> Iterable[Typeface]:
    """Only the one that comes with Pillow."""
    return filter(None, (own(),))
