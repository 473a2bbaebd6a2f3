"""A sheet to draw on, in pixels of the finished picture: it is larger than that, and scaled down at the end."""

from collections.abc import Sequence
from math import atan2, cos, hypot, pi, sin
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFilter

from providers.images.mock.colour import RGB
from providers.images.mock.lettering import Lettering

Point: TypeAlias = tuple[float, float]
Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom."""

_FINE = 720 * 720
"""Up to so many pixels there are three times as many each way, beyond twice as many."""
_MIDDLING = 64


class Canvas:
    """Draws shapes and texts over one another, smoothly."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.scale = 3 if width * height <= _FINE else 2
        self._image = Image.new("RGB", (width * self.scale, height * self.scale))
        self._draw = ImageDraw.Draw(self._image, "RGBA")

    def finished(self) -> Image.Image:
        """The picture."""
        return self._image.reduce(self.scale)

    def wash(self, colours: Sequence[Sequence[RGB]]) -> None:
        """Cover everything with a soft gradient between colours, given row by row."""
        small = Image.new("RGB", (len(colours[0]), len(colours)))
        small.putdata([colour for row in colours for colour in row])
        # By way of a middling size: straight away, the few colours would be seen as stripes.
        middling = small.resize((_MIDDLING, _MIDDLING), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(6))
        self._image = middling.resize(self._image.size, Image.Resampling.BICUBIC)
        self._draw = ImageDraw.Draw(self._image, "RGBA")

    def glow(self, at: Point, radius: float, colour: RGB, strength: float) -> None:
        """Light, or shade, that fades from a point outwards."""
        reach = max(1, round(radius * self.scale))
        mask = Image.radial_gradient("L").point([round((255 - level) ** 2 / 255 * strength) for level in range(256)])
        mask = mask.resize((2 * reach, 2 * reach), Image.Resampling.BILINEAR)
        self._image.paste(colour, (round(at[0] * self.scale) - reach, round(at[1] * self.scale) - reach), mask)

    def shape(self, points: Sequence[Point], colour: RGB, alpha: float = 1.0) -> None:
        """A filled polygon."""
        self._draw.polygon([(x * self.scale, y * self.scale) for x, y in points], (*colour, round(255 * alpha)))

    def disc(self, at: Point, radius: float, colour: RGB, alpha: float = 1.0) -> None:
        """A filled circle."""
        self._draw.ellipse(self._around(at, (radius, radius)), (*colour, round(255 * alpha)))

    def ring(self, at: Point, radius: Point, width: float, colour: RGB, alpha: float = 1.0) -> None:
        """The outline of an ellipse, by its half axes."""
        line = max(1, round(width * self.scale))
        self._draw.ellipse(self._around(at, radius), outline=(*colour, round(255 * alpha)), width=line)

    def curve(self, points: Sequence[Point], width: float, colour: RGB, alpha: float = 1.0) -> None:
        """A line through points. It is one shape, so that it may be transparent; it must not cross itself."""
        if len(points) > 1:
            around = [points[0], *points, points[-1]]
            sides = self._sides(around, width)
            self.shape([side[0] for side in sides] + [side[1] for side in reversed(sides)], colour, alpha)

    def outline(self, points: Sequence[Point], width: float, colour: RGB, alpha: float = 1.0) -> None:
        """A line round a polygon."""
        sides = self._sides([points[-1], *points, points[0]], width)
        sides.append(sides[0])
        self.shape([side[0] for side in sides] + [side[1] for side in reversed(sides)], colour, alpha)

    def thread(self, points: Sequence[Point], width: float, colour: RGB) -> None:
        """A line through points that may cross itself."""
        scaled = [(x * self.scale, y * self.scale) for x, y in points]
        self._draw.line(scaled, colour, max(1, round(width * self.scale)), "curve")

    def plate(self, box: Box, radius: float, colour: RGB, alpha: float = 1.0) -> None:
        """A rectangle with round corners."""
        left, top, right, bottom = (part * self.scale for part in box)
        self._draw.rounded_rectangle((left, top, right, bottom), radius * self.scale, (*colour, round(255 * alpha)))

    def frame(self, box: Box, width: float, colour: RGB, alpha: float = 1.0) -> None:
        """The outline of a rectangle."""
        line = max(1, round(width * self.scale))
        self._draw.rectangle(
            tuple(part * self.scale for part in box), outline=(*colour, round(255 * alpha)), width=line
        )

    def text(self, at: Point, text: str, lettering: Lettering, size: float, colour: RGB, *, anchor: str = "ls") -> None:
        """One line of text; `anchor` as Pillow names it, by default the left end of the base line."""
        font = lettering.face.at(size * self.scale)
        self._draw.text((at[0] * self.scale, at[1] * self.scale), text, colour, font, anchor)

    def colour(self, at: Point) -> RGB:
        """The one that is at a point by now."""
        across = min(max(0, round(at[0] * self.scale)), self._image.width - 1)
        down = min(max(0, round(at[1] * self.scale)), self._image.height - 1)
        red, green, blue = self._image.crop((across, down, across + 1, down + 1)).tobytes()
        return red, green, blue

    def _around(self, at: Point, radius: Point) -> Box:
        (x, y), (across, down), scale = at, radius, self.scale
        return ((x - across) * scale, (y - down) * scale, (x + across) * scale, (y + down) * scale)

    def _sides(self, points: Sequence[Point], width: float) -> list[tuple[Point, Point]]:
        """The points to both sides of each but the first and the last."""
        half = max(width, 1.0 / self.scale) / 2
        threes = zip(points, points[1:], points[2:], strict=False)
        return [_beside(before, point, after, half) for before, point, after in threes]


def _beside(before: Point, point: Point, after: Point, half: float) -> tuple[Point, Point]:
    across, down = after[0] - before[0], after[1] - before[1]
    length = hypot(across, down) or 1.0
    aside = (-down / length * half, across / length * half)
    return (point[0] + aside[0], point[1] + aside[1]), (point[0] - aside[0], point[1] - aside[1])


def circle(x: float, y: float, radius: float, count: int = 48, start: float = 0.0) -> list[Point]:
    """Points on a circle, at equal distances."""
    angles = [start + 2 * pi * step / count for step in range(count)]
    return [(x + radius * cos(angle), y + radius * sin(angle)) for angle in angles]


def bent(start: Point, end: Point, bend: float, count: int = 24) -> list[Point]:
    """Points on a curve between two points that goes aside by a share of their distance (a quadratic Bézier curve)."""
    (x0, y0), (x1, y1) = start, end
    length, angle = hypot(x1 - x0, y1 - y0), atan2(y1 - y0, x1 - x0)
    x, y = (x0 + x1) / 2 - sin(angle) * length * bend, (y0 + y1) / 2 + cos(angle) * length * bend
    shares = [step / count for step in range(count + 1)]
    return [
        (x0 * (1 - t) ** 2 + 2 * x * t * (1 - t) + x1 * t**2, y0 * (1 - t) ** 2 + 2 * y * t * (1 - t) + y1 * t**2)
        for t in shares
    ]
