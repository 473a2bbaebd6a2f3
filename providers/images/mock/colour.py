"""Colours: from lightness, chroma and hue to sRGB, and how well one is read on another."""

from collections.abc import Iterable
from functools import lru_cache
from math import cos, radians, sin
from typing import TypeAlias

RGB: TypeAlias = tuple[int, int, int]


_NEARLY = 1e-4
"""What rounding does to a part that is 0 or 1."""


@lru_cache(maxsize=4096)
def oklch(lightness: float, chroma: float, hue: float) -> RGB:
    """The sRGB colour of an OKLCH one: lightness 0 to 1, chroma 0 to about 0.37, hue in degrees. Where the screen has
    no such colour, the one of the same lightness and hue with the most chroma that it has.

    OKLCH is the polar form of Oklab: Björn Ottosson, «A perceptual color space for image processing» (2020).
    """
    lightness = min(1.0, max(0.0, lightness))
    low, high = 0.0, chroma
    linear = _linear(lightness, high, hue)
    if not _shown(linear):
        for _ in range(14):
            middle = (low + high) / 2
            low, high = (middle, high) if _shown(_linear(lightness, middle, hue)) else (low, middle)
        linear = _linear(lightness, low, hue)
    red, green, blue = (round(255 * _gamma(min(1.0, max(0.0, part)))) for part in linear)
    return red, green, blue


def _linear(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    """Oklab to linear sRGB, by the two matrices that Ottosson gives."""
    a, b = chroma * cos(radians(hue)), chroma * sin(radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _shown(linear: tuple[float, float, float]) -> bool:
    return all(-_NEARLY <= part <= 1 + _NEARLY for part in linear)


def _gamma(part: float) -> float:
    """The transfer function of sRGB, IEC 61966-2-1."""
    return 12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055  # noqa: PLR2004  the standard's


def mix(one: RGB, other: RGB, share: float) -> RGB:
    """`one` with this share of `other` laid over it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def luminance(colour: RGB) -> float:
    """The relative luminance, 0 to 1, as WCAG 2.2 defines it."""
    red, green, blue = (_linearised(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linearised(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004  the standard's


def contrast(one: RGB, other: RGB) -> float:
    """The contrast ratio of WCAG 2.2, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def readable(lightness: float, chroma: float, hue: float, on: Iterable[RGB], ratio: float) -> RGB:
    """The colour nearest to this one that has that contrast ratio to each of the grounds; black or white when none
    of its hue has. Moves away from the grounds in lightness."""
    grounds = tuple(on)
    darker = lightness < 0.5  # noqa: PLR2004  the middle
    for step in range(101):
        moved = max(0.0, lightness - step / 100) if darker else min(1.0, lightness + step / 100)
        colour = oklch(moved, chroma, hue)
        if all(contrast(colour, ground) >= ratio for ground in grounds):
            return colour
    return (0, 0, 0) if darker else (255, 255, 255)
