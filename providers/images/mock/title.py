"""The words of a picture: the concept's name, and its kind above it."""

from dataclasses import dataclass

from providers.images.mock.canvas import Box, Canvas
from providers.images.mock.fonts import Faces
from providers.images.mock.lettering import Lettering, cleaned, lettering
from providers.images.mock.palette import Palette
from providers.images.mock.seals import MOST, seals
from providers.images.mock.setting import LEADING, Room, Setting, fit

_WIDE = 1.3
"""From this ratio of width to height on, the words stand beside the drawing, else below it."""
_SPOKEN = 160
"""From this shorter side on, in pixels, the kind is shown."""
_TRACKING = 0.14
"""Between the letters of the kind, in sizes."""


@dataclass(frozen=True, slots=True)
class Page:
    """Where things are, in pixels."""

    drawing: Box
    words: Box
    name: Setting | None
    """None when there is no name, or no typeface for it."""
    seals: str
    """What is shown in seals instead of the name."""
    seal: float
    """Their size."""
    kind: Setting | None
    rule: bool
    """Whether there is room for the short line above the name."""

    @property
    def leftward(self) -> bool:
        """Whether the words stand to the right, since they are read from there."""
        return self.name is not None and self.name.lettering.leftward


def page(width: int, height: int, name: str, kind: str, faces: Faces) -> Page:
    """The places of the words and of the drawing on a sheet of that size."""
    least, middle = min(width, height), (width * height) ** 0.5
    margin = max(3.0, 0.075 * least)
    beside = width >= _WIDE * height
    columns = 0.41 * width if beside else width - 2 * margin
    called, spoken = lettering(name, faces), lettering(kind.upper(), faces)
    room = _room(called, columns, height - 2 * margin if beside else 0.27 * height, middle, beside=beside)
    title = fit(called, room) if called else None
    unread = cleaned(name) if called is None else ""
    seal = min(0.11 * middle, room.height, columns / (1.2 * MOST))
    small = max(8.5, 0.025 * middle)
    tag = _tag(spoken, columns, small) if least >= _SPOKEN else None
    high = title.height if title else seal if unread else 0.0
    top = height - margin - high - (small * 2.1 if least >= _SPOKEN else 0)
    words = (margin, top, margin + columns, height - margin)
    gap = 0.035 * middle
    left = margin + columns + gap if beside else margin
    drawing = (left, margin, width - margin, height - margin if beside else max(margin + 8, top - gap))
    return Page(drawing, words, title, unread, seal, tag, rule=least >= _SPOKEN)


def _room(called: Lettering | None, width: float, height: float, middle: float, *, beside: bool) -> Room:
    """A long name has more lines, in a smaller size."""
    long = len(called.text) if called else 0
    lines = 2 + (long > 34) + (long > 80) + (long > 140) + beside  # noqa: PLR2004  as many as look well
    return Room(width, height * (0.8 if beside else 1.0), 0.128 * middle, max(7.0, 0.032 * middle), lines)


def _tag(spoken: Lettering | None, columns: float, size: float) -> Setting | None:
    return fit(spoken, Room(columns * 0.62, size * 1.2, size, size)) if spoken else None


def write(canvas: Canvas, palette: Palette, where: Page) -> None:
    """The rule, the kind and the name."""
    left, _, right, bottom = where.words
    middle = (canvas.width * canvas.height) ** 0.5
    if where.rule:
        _overline(canvas, palette, where, middle)
    if where.name:
        _name(canvas, palette, where.name, (left, bottom - where.name.height, right, bottom))
    elif where.seals:
        seals(canvas, (left, bottom - where.seal), where.seal, where.seals, palette.ink)


def _overline(canvas: Canvas, palette: Palette, where: Page, middle: float) -> None:
    left, top, right, _ = where.words
    long, thick = 0.055 * middle, max(1.5, 0.006 * middle)
    size = where.kind.size if where.kind else max(8.5, 0.025 * middle)
    line = top + size * 0.5
    ends = (right - long, right) if where.leftward else (left, left + long)
    canvas.plate((ends[0], line - thick / 2, ends[1], line + thick / 2), thick / 2, palette.accents[0])
    if where.kind:
        base, gap = top + size * 0.86, 0.02 * middle
        start = ends[0] - gap - tracked(where.kind) if where.leftward else ends[1] + gap
        _spaced(canvas, palette, where.kind, (start, base))


def tracked(setting: Setting) -> float:
    """How long the kind is when its letters are spaced."""
    return setting.width + (_tracking(setting) * setting.size * (len(setting.lines[0]) - 1))


def _tracking(setting: Setting) -> float:
    # Only the typeface of plain letters: in others they may join, or bear marks.
    return _TRACKING if setting.lines[0].isascii() else 0.0


def _spaced(canvas: Canvas, palette: Palette, setting: Setting, at: tuple[float, float]) -> None:
    x, text = at[0], setting.lines[0]
    font = setting.lettering.face.at(setting.size * canvas.scale)
    for letter in text if _tracking(setting) else (text,):
        canvas.text((x, at[1]), letter, setting.lettering, setting.size, palette.quiet)
        x += font.getlength(letter) / canvas.scale + _tracking(setting) * setting.size


def _name(canvas: Canvas, palette: Palette, name: Setting, box: Box) -> None:
    left, top, right, _ = box
    x, anchor = (right, "rs") if name.lettering.leftward else (left, "ls")
    for number, line in enumerate(name.lines):
        base = top + name.size * (0.78 + LEADING * number)
        canvas.text((x, base), line, name.lettering, name.size, palette.ink, anchor=anchor)
