"""The emblem of a concept: a round ornament of the family of its kind, with a form of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from math import cos, gcd, hypot, pi, sin, sqrt
from random import Random

from providers.images.mock.canvas import Canvas, Point, circle
from providers.images.mock.colour import RGB, mix
from providers.images.mock.palette import Palette

_GOLDEN = pi * (3 - sqrt(5))
"""The golden angle, in radians."""
_INSIDE = 0.86
"""How far from the middle an ornament reaches, of its disc."""


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws within a disc, in shares of its radius."""

    canvas: Canvas
    palette: Palette
    at: Point
    radius: float

    def colour(self, number: int) -> RGB:
        """One of the accents."""
        return self.palette.accents[number % len(self.palette.accents)]

    @property
    def hair(self) -> float:
        """The width of lines, in pixels."""
        return max(0.7, self.radius * 0.018)

    def points(self, points: list[Point]) -> list[Point]:
        """Where they are on the canvas."""
        return [(self.at[0] + across * self.radius, self.at[1] + down * self.radius) for across, down in points]

    def shape(self, points: list[Point], number: int, alpha: float = 1.0) -> None:
        """A surface; only its outline where the style draws in lines."""
        if self.palette.theme.drawn:
            self.canvas.shape(self.points(points), self.colour(number), 0.20 * alpha)
            self.canvas.outline(self.points(points), self.hair, self.colour(number), min(1.0, 0.5 + alpha / 2))
        else:
            self.canvas.shape(self.points(points), self.colour(number), alpha)

    def dot(self, at: Point, radius: float, number: int, alpha: float = 1.0) -> None:
        """A small disc."""
        self.canvas.disc(self.points([at])[0], radius * self.radius, self.colour(number), alpha)

    def curve(self, points: list[Point], number: int, width: float = 1.0) -> None:
        """A line, by so many hairs."""
        self.canvas.curve(self.points(points), self.hair * width, self.colour(number))


def emblem(pen: Pen, family: str, lot: Random) -> None:
    """The ornament on its disc, with its shade on the ground."""
    palette, canvas = pen.palette, pen.canvas
    if not palette.theme.drawn:
        canvas.glow(
            (pen.at[0], pen.at[1] + pen.radius * 0.1), pen.radius * 1.45, mix(palette.panel, (0, 0, 0), 0.75), 0.30
        )
    canvas.disc(pen.at, pen.radius, palette.panel)
    FAMILIES[family](pen, lot)
    canvas.ring(pen.at, (pen.radius, pen.radius), pen.hair * 1.2, pen.colour(0), 0.9)


def family_of(kind: str, lot: Random) -> str:
    """The family of a kind: what goes with it where that is known, else any, always the same."""
    words = kind.casefold().split()
    names = list(FAMILIES)
    return next((KINDS[word] for word in words if word in KINDS), lot.choice(names))


def _polar(radius: float, angle: float) -> Point:
    return radius * cos(angle), radius * sin(angle)


def _rosette(pen: Pen, lot: Random) -> None:
    """Petals in rows."""
    count, turn, plump = lot.randint(6, 13), lot.uniform(0, pi), lot.uniform(0.75, 1.3)
    for row, long in enumerate((_INSIDE, 0.62, 0.38)):
        broad = plump * pi / count * (1.0 + 0.25 * row)
        for at in range(count):
            middle = turn + 2 * pi * (at + row / 2) / count
            shares = [step / 12 for step in range(13)]
            side = [(0.08 + (long - 0.08) * share, broad * sin(pi * share**0.8)) for share in shares]
            petal = [_polar(out, middle - wide) for out, wide in side]
            petal += [_polar(out, middle + wide) for out, wide in reversed(side[1:-1])]
            pen.shape(petal, row + at % 2 * 3, 0.72)
    pen.dot((0, 0), 0.09, 1)


def _sunflower(pen: Pen, lot: Random) -> None:
    """Seeds of a sunflower: Helmut Vogel, «A better way to construct the sunflower head» (1979)."""
    count, turn, bands = lot.randint(90, 170), lot.uniform(0, 2 * pi), lot.choice((8, 13, 21))
    for at in range(1, count):
        share = at / count
        large = (0.22 + 0.62 * share) * 0.9 / sqrt(count)
        pen.dot(_polar(_INSIDE * sqrt(share), turn + at * _GOLDEN), large, at % bands % 5, 0.95)


def _dial(pen: Pen, lot: Random) -> None:
    """Arcs of rings."""
    rings = lot.randint(4, 6)
    for ring in range(rings):
        out = _INSIDE * (ring + 1.4) / (rings + 0.4)
        angle, end = lot.uniform(0, 2 * pi), 0.0
        start = angle
        while angle < start + 2 * pi - 0.3:
            end = min(angle + lot.uniform(0.5, 2.6), start + 2 * pi - 0.14)
            points = [_polar(out, angle + (end - angle) * step / 32) for step in range(33)]
            pen.curve(points, ring + round(angle), lot.choice((2.0, 5.0, 0.52 / rings / 0.018 * 0.8)))
            angle = end + lot.uniform(0.12, 0.5)
    pen.dot((0, 0), 0.10, 0)


def _gem(pen: Pen, lot: Random) -> None:
    """A cut stone, lit from one side."""
    count, turn, light = lot.randint(6, 10), lot.uniform(0, pi), lot.uniform(0, 2 * pi)
    table = lot.uniform(0.36, 0.48)
    outer = [_polar(_INSIDE, turn + 2 * pi * at / count) for at in range(count)]
    middle = [_polar((table + _INSIDE) / 2 * 0.97, turn + 2 * pi * (at + 0.5) / count) for at in range(count)]
    inner = [_polar(table, turn + 2 * pi * at / count) for at in range(count)]
    for at in range(count):
        after, angle = (at + 1) % count, turn + 2 * pi * at / count
        lit = 0.55 + 0.35 * cos(angle - light)
        pen.shape([outer[at], outer[after], middle[at]], 0, lit)
        pen.shape([inner[at], middle[at], inner[after]], 3, min(1.0, lit + 0.15))
        pen.shape([outer[at], middle[at], inner[at], middle[at - 1]], 1, min(1.0, lit + 0.05))
    pen.shape(inner, 0, 0.55)


def _landscape(pen: Pen, lot: Random) -> None:
    """Hills before a sun."""
    sun = (lot.uniform(-0.35, 0.35), lot.uniform(-0.42, -0.15))
    pen.dot(sun, lot.uniform(0.18, 0.27), 1)
    for hill in range(4):
        high, swing = -0.12 + hill * 0.24, lot.uniform(0.06, 0.15)
        length, phase = lot.uniform(1.5, 3.5), lot.uniform(0, 6)
        turns = [pi * (step / 60 - 0.5) for step in range(61)]  # closer together towards the rim
        xs, edge = [0.985 * sin(turn) for turn in turns], [0.985 * cos(turn) for turn in turns]
        tops = [min(deep, max(-deep, high + swing * sin(x * length + phase))) for x, deep in zip(xs, edge, strict=True)]
        line = list(zip(xs, tops, strict=True)) + list(zip(reversed(xs), reversed(edge), strict=True))
        pen.shape(line, (0, 4, 2, 3)[hill], 0.42 + 0.16 * hill)


def _honeycomb(pen: Pen, lot: Random) -> None:
    """Six-sided cells."""
    size, turn = lot.choice((0.15, 0.18, 0.22)), lot.uniform(0, pi)
    reach = int(1 / size) + 1
    for row in range(-reach, reach + 1):
        for column in range(-reach, reach + 1):
            x, y = size * sqrt(3) * (column + row / 2), size * 1.5 * row
            if (far := hypot(x, y)) > _INSIDE - size * 0.35:
                continue
            full = size * (0.92 - 0.35 * far * lot.random())
            cell = circle(x, y, full, 6, pi / 6)
            turned = [(a * cos(turn) - b * sin(turn), a * sin(turn) + b * cos(turn)) for a, b in cell]
            pen.shape(turned, lot.choice((0, 0, 1, 3, 4)), lot.uniform(0.45, 1.0))


def _guilloche(pen: Pen, lot: Random) -> None:
    """Lines of a spirograph (hypotrochoids), as on bank notes."""
    for number in range(2):
        teeth, wheel = lot.choice(((29, 12), (31, 11), (23, 7), (37, 14), (19, 8), (41, 15)))
        arm = lot.uniform(0.6, 1.1)
        turns = wheel // gcd(teeth, wheel)
        steps = [2 * pi * turns * step / 520 for step in range(521)]
        size = _INSIDE * (1 - 0.32 * number) / (1 + wheel / teeth * (arm - 1))
        inner, ratio = 1 - wheel / teeth, (teeth - wheel) / wheel
        line = [
            (
                size * (inner * cos(t) + arm * wheel / teeth * cos(ratio * t)),
                size * (inner * sin(t) - arm * wheel / teeth * sin(ratio * t)),
            )
            for t in steps
        ]
        pen.canvas.thread(pen.points(line), pen.hair * 0.75, pen.colour(number * 3))
    pen.dot((0, 0), 0.12, 1)


def _cycle(pen: Pen, lot: Random) -> None:
    """Arrows that go round."""
    sign = lot.choice((-1, 1))
    for ring, out in enumerate((0.66, 0.36)):
        count, turn = lot.randint(2, 5) - ring, lot.uniform(0, 2 * pi)
        thick = 0.085 - 0.03 * ring
        for at in range(max(2, count)):
            span = 2 * pi / max(2, count)
            tip, back = turn + sign * span * at, 0.24 / (ring + 1) / out * 0.8
            angles = [tip - sign * (back + (span * 0.86 - back) * step / 20) for step in range(21)]
            body = [_polar(out + thick * (1 - 0.85 * step / 20), angle) for step, angle in enumerate(angles)]
            body += [
                _polar(out - thick * (1 - 0.85 * step / 20), angle) for step, angle in reversed(list(enumerate(angles)))
            ]
            head = [
                _polar(out - 2.1 * thick, tip - sign * back),
                _polar(out, tip),
                _polar(out + 2.1 * thick, tip - sign * back),
            ]
            pen.shape([*head, *body], at + 3 * ring, 0.92)
    pen.dot((0, 0), 0.11, 1)


FAMILIES: dict[str, Callable[[Pen, Random], None]] = {
    "rosette": _rosette,
    "sunflower": _sunflower,
    "dial": _dial,
    "gem": _gem,
    "landscape": _landscape,
    "honeycomb": _honeycomb,
    "guilloche": _guilloche,
    "cycle": _cycle,
}
"""By name."""

KINDS = {
    **dict.fromkeys(("process", "technique", "activity", "method", "practice"), "cycle"),
    **dict.fromkeys(("plant", "organism", "food", "species"), "rosette"),
    **dict.fromkeys(("animal", "body", "people", "person"), "sunflower"),
    **dict.fromkeys(("event", "period", "quantity", "machine"), "dial"),
    **dict.fromkeys(("element", "object", "mineral", "work"), "gem"),
    **dict.fromkeys(("place", "celestial", "phenomenon", "ecosystem"), "landscape"),
    **dict.fromkeys(("substance", "material", "structure", "institution"), "honeycomb"),
    **dict.fromkeys(("theory", "field", "art", "idea", "concept", "law"), "guilloche"),
}
"""The families of kinds, by a word of their name."""
