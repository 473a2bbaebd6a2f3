"""The colours of a picture: a theme that the style asks for, in hues that follow from the concept."""

import re
from dataclasses import dataclass
from random import Random

from providers.images.mock.colour import RGB, mix, oklch, readable


@dataclass(frozen=True, slots=True)
class Tone:
    """How light and how colourful something is."""

    lightness: float
    chroma: float


@dataclass(frozen=True, slots=True)
class Theme:
    """How a style looks, whatever the concept."""

    top: Tone
    bottom: Tone
    """The ground runs from `top` to `bottom`."""
    ink: Tone
    accent: Tone
    panel: Tone
    """What the emblem lies on."""
    pattern: float
    """How much lighter the pattern of the ground is than the ground; negative: darker."""
    drift: float
    """How far the ground's hue wanders, in degrees."""
    drawn: bool = False
    """In lines, rather than filled."""
    hue: float | None = None
    """The ground's, where the style rather than the concept decides it."""
    patterns: tuple[str, ...] = ()
    """The ones that go with it; all when empty."""
    framed: bool = False


_DAY = Theme(Tone(0.97, 0.022), Tone(0.90, 0.055), Tone(0.27, 0.06), Tone(0.63, 0.16), Tone(0.985, 0.012), -0.035, 50)
_DUSK = Theme(Tone(0.42, 0.11), Tone(0.26, 0.085), Tone(0.97, 0.02), Tone(0.79, 0.13), Tone(0.24, 0.07), 0.045, 45)
_VIVID = Theme(Tone(0.87, 0.10), Tone(0.77, 0.125), Tone(0.22, 0.06), Tone(0.50, 0.16), Tone(0.96, 0.03), 0.04, 40)
_DARK = Theme(Tone(0.235, 0.022), Tone(0.15, 0.018), Tone(0.97, 0.012), Tone(0.77, 0.15), Tone(0.19, 0.02), 0.04, 40)
_BLUEPRINT = Theme(
    top=Tone(0.43, 0.115),
    bottom=Tone(0.33, 0.10),
    ink=Tone(0.98, 0.012),
    accent=Tone(0.87, 0.095),
    panel=Tone(0.35, 0.10),
    pattern=0.05,
    drift=8,
    drawn=True,
    hue=255,
    patterns=("grid",),
    framed=True,
)
_PAPER = Theme(
    top=Tone(0.967, 0.016),
    bottom=Tone(0.935, 0.028),
    ink=Tone(0.27, 0.03),
    accent=Tone(0.52, 0.13),
    panel=Tone(0.972, 0.013),
    pattern=-0.032,
    drift=10,
    drawn=True,
    hue=82,
    patterns=("hatch", "contours", "waves"),
    framed=True,
)

MOODS = (_DAY, _DUSK, _VIVID)
"""What a concept has its own of, where no style is asked for."""

THEMES = {
    "light": _DAY,
    "pastel": _DAY,
    "dusk": _DUSK,
    "vivid": _VIVID,
    "poster": _VIVID,
    "dark": _DARK,
    "night": _DARK,
    "blueprint": _BLUEPRINT,
    "technical": _BLUEPRINT,
    "paper": _PAPER,
    "vintage": _PAPER,
    "sketch": _PAPER,
}
"""By the words that ask for them."""

HARMONIES = ((0, 28, -28, 56, 14), (0, 180, 24, 204, -24), (0, 120, 150, -120, 24), (0, 150, 210, 24, -30))
"""Hues that go together, in degrees from the first: analogous, complementary, triad, split."""

READABLE = 4.5
"""WCAG 2.2, success criterion 1.4.3: the contrast of text."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one picture."""

    theme: Theme
    stops: tuple[RGB, ...]
    """Of the ground, from its top to its bottom."""
    pattern: RGB
    glow: RGB
    panel: RGB
    ink: RGB
    """The name's."""
    quiet: RGB
    """Smaller text's."""
    line: RGB
    accents: tuple[RGB, ...]

    @property
    def grounds(self) -> tuple[RGB, ...]:
        """What text may lie on, or on any mixture of."""
        return (*self.stops, self.pattern, self.glow)


def theme_of(style: str, own: Random) -> Theme:
    """The theme of the first word of a style that names one, else one of the concept's own."""
    mood = own.choice(MOODS)
    words = re.findall(r"[a-z]+", style.casefold())
    return next((THEMES[word] for word in words if word in THEMES), mood)


def palette(style: str, own: Random, varied: Random) -> Palette:
    """The colours that follow from a concept (`own`), turned a little from picture to picture (`varied`)."""
    theme = theme_of(style, own)
    hue = _hue(theme, own.random()) + varied.uniform(-10, 10)
    harmony = own.choice(HARMONIES)
    base = hue if theme.hue is None else theme.hue + varied.uniform(-5, 5)
    drift = theme.drift * own.choice((-1, 1)) * varied.uniform(0.6, 1.0)
    stops = tuple(_between(theme, base, drift, step / 3) for step in range(4))
    middle = (theme.top.lightness + theme.bottom.lightness) / 2
    pattern = oklch(middle + theme.pattern, theme.bottom.chroma, base + drift / 2)
    accents = tuple(oklch(theme.accent.lightness, theme.accent.chroma, hue + 18 + turn) for turn in harmony)
    glow = mix(stops[1], accents[0], 0.2)
    grounds = (*stops, pattern, glow)
    return Palette(
        theme=theme,
        stops=stops,
        pattern=pattern,
        glow=glow,
        panel=oklch(theme.panel.lightness, theme.panel.chroma, base),
        ink=readable(theme.ink.lightness, theme.ink.chroma, base, grounds, READABLE + 1),
        quiet=_quiet(theme, base, grounds),
        line=_between_ink(theme, base),
        accents=accents,
    )


def _hue(theme: Theme, share: float) -> float:
    """Any hue, in degrees; but of deep colours not the yellows, which turn muddy."""
    deep = theme.bottom.lightness < 0.5 and theme.bottom.chroma > 0.05  # noqa: PLR2004  dark, and no grey
    return 140 + share * (270 if deep else 360)


def _between(theme: Theme, hue: float, drift: float, share: float) -> RGB:
    top, bottom = theme.top, theme.bottom
    lightness = top.lightness + (bottom.lightness - top.lightness) * share
    return oklch(lightness, top.chroma + (bottom.chroma - top.chroma) * share, hue + drift * share)


def _between_ink(theme: Theme, hue: float) -> RGB:
    """Of the lines: between ground and ink."""
    ground = (theme.top.lightness + theme.bottom.lightness) / 2
    return oklch(ground + (theme.ink.lightness - ground) * 0.5, theme.bottom.chroma, hue)


def _quiet(theme: Theme, hue: float, grounds: tuple[RGB, ...]) -> RGB:
    ground = (theme.top.lightness + theme.bottom.lightness) / 2
    softer = theme.ink.lightness + (ground - theme.ink.lightness) * 0.25
    return readable(softer, theme.ink.chroma, hue, grounds, READABLE)
