"""The neighbourhood of a concept, drawn as a small graph round its emblem."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, cos, hypot, pi, sin
from random import Random

from providers.images.mock.canvas import Box, Canvas, Point, bent
from providers.images.mock.colour import RGB
from providers.images.mock.emblem import Pen, emblem
from providers.images.mock.fonts import Faces
from providers.images.mock.labels import Label, Space, around, lettered, relation
from providers.images.mock.palette import Palette
from providers.images.port import Neighbour

_NAMED = 300
"""From this mean side on, in pixels, neighbours have their names; relations from half as much again on."""


@dataclass(frozen=True, slots=True)
class Body:
    """A neighbour's place."""

    at: Point
    radius: float
    neighbour: Neighbour
    colour: RGB
    path: tuple[Point, ...]
    """From the emblem to it, with room for an arrow's head at either end."""


@dataclass(frozen=True, slots=True)
class Chart:
    """What the graph is drawn with, and where."""

    canvas: Canvas
    palette: Palette
    box: Box
    faces: Faces

    @property
    def centre(self) -> Point:
        """Of the box."""
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2

    @property
    def sides(self) -> Point:
        """Its width and height."""
        return self.box[2] - self.box[0], self.box[3] - self.box[1]

    @property
    def middle(self) -> float:
        """The picture's mean side, by which texts and lines are sized."""
        return float((self.canvas.width * self.canvas.height) ** 0.5)


def network(chart: Chart, neighbours: Sequence[Neighbour], family: str, own: Random, varied: Random) -> None:
    """The emblem of the concept, and about it as many of its neighbours as there is room for."""
    least = min(chart.sides)
    (x, y), many = chart.centre, bool(neighbours)
    radius = least * (0.215 if many else 0.33)
    chart.canvas.glow((x, y), least * (0.55 if many else 0.62), chart.palette.glow, 0.95)
    if many:
        _graph(chart, neighbours, radius, varied)
    else:
        _orbits(chart, radius, varied)
    emblem(Pen(chart.canvas, chart.palette, (x, y), radius), family, own)


def _orbits(chart: Chart, radius: float, lot: Random) -> None:
    """Circles with a few small bodies on them: a concept that nothing is tied to yet."""
    (x, y), reach = chart.centre, min(chart.sides) / 2
    for number in range(1, 4):
        out = radius + (reach - radius) * number / 3.2
        chart.canvas.ring((x, y), (out, out), _line(chart) * 0.6, chart.palette.line, 0.5 - 0.1 * number)
        for _ in range(lot.randint(1, 2)):
            angle = lot.uniform(0, 2 * pi)
            at, size = (x + out * cos(angle), y + out * sin(angle)), reach * lot.uniform(0.018, 0.042)
            chart.canvas.disc(at, size, lot.choice(chart.palette.accents))


def _graph(chart: Chart, neighbours: Sequence[Neighbour], radius: float, lot: Random) -> None:
    bodies = _placed(chart, neighbours[: _most(chart)], radius, lot)
    grounds = [chart.canvas.colour(body.path[len(body.path) // 2]) for body in bodies]
    for body in bodies:
        _edge(chart, body)
    for body in bodies:
        _node(chart, body)
    space = Space(chart.box)
    space.take(_square(chart.centre, radius))
    for body in bodies:
        space.take(_square(body.at, body.radius * 1.1))
        space.cross(body.path)
    if chart.middle >= _NAMED:
        _name(chart, bodies, space)
    if chart.middle >= _NAMED * 1.5:
        _type(chart, bodies, grounds, space)


def _square(at: Point, half: float) -> Box:
    return at[0] - half, at[1] - half, at[0] + half, at[1] + half


def _most(chart: Chart) -> int:
    """How many neighbours are shown."""
    least = min(chart.sides)
    return 4 if least < 70 else 6 if least < 180 else 7  # noqa: PLR2004  as many as look well


def _placed(chart: Chart, neighbours: Sequence[Neighbour], radius: float, lot: Random) -> list[Body]:
    """On an ellipse round the emblem, the stronger ones larger."""
    (x, y), (wide, high), least = chart.centre, chart.sides, min(chart.sides)
    text = 0.034 * chart.middle if chart.middle >= _NAMED else 0.0
    size = least * 0.056
    across = max(radius * 1.5, wide / 2 - max(size * 1.4, min(0.15 * wide, 1.9 * text)))
    down = max(radius * 1.5, high / 2 - size * 1.2 - 1.35 * text)
    start, turn, bend = -pi / 2 + lot.uniform(-0.35, 0.35), lot.choice((-1, 1)), lot.choice((-0.14, -0.1, 0.1, 0.14))
    chart.canvas.ring((x, y), (across, down), _line(chart) * 0.6, chart.palette.line, 0.28)
    bodies = []
    for rank, neighbour in enumerate(neighbours):
        angle = start + turn * 2 * pi * (rank + lot.uniform(-0.06, 0.06)) / len(neighbours)
        at = (x + across * cos(angle), y + down * sin(angle))
        colour = chart.palette.accents[(rank + 1) % len(chart.palette.accents)]
        ample = size * (1.0 - 0.055 * rank)
        path = _path(chart.centre, at, radius * 1.1, ample * 1.35, bend)
        bodies.append(Body(at, ample, neighbour, colour, path))
    return bodies


def _path(start: Point, end: Point, before: float, after: float, bend: float) -> tuple[Point, ...]:
    """The part of a curve that is outside of the discs at its ends."""
    points = bent(start, end, bend, 60)
    kept = [
        point
        for point in points
        if hypot(point[0] - start[0], point[1] - start[1]) >= before
        and hypot(point[0] - end[0], point[1] - end[1]) >= after
    ]
    return tuple(kept) if len(kept) > 2 else (points[29], points[30], points[31])  # noqa: PLR2004  a line and its middle


def _line(chart: Chart) -> float:
    return max(0.8, 0.0034 * chart.middle)


def _edge(chart: Chart, body: Body) -> None:
    """A line with its arrow's head where the relation points to."""
    points = body.path if body.neighbour.forward else body.path[::-1]
    chart.canvas.curve(points, _line(chart), chart.palette.line)
    (x, y), (x0, y0) = points[-1], points[-3]
    angle, long = atan2(y - y0, x - x0), max(3.0, 0.016 * chart.middle)
    head = [(x - long * cos(angle + side), y - long * sin(angle + side)) for side in (0.42, -0.42)]
    chart.canvas.shape([(x + long * 0.3 * cos(angle), y + long * 0.3 * sin(angle)), *head], chart.palette.line)


def _node(chart: Chart, body: Body) -> None:
    canvas, palette = chart.canvas, chart.palette
    if palette.theme.drawn:
        canvas.disc(body.at, body.radius, palette.panel)
        canvas.ring(body.at, (body.radius, body.radius), _line(chart), body.colour)
        canvas.disc(body.at, body.radius * 0.42, body.colour)
    else:
        canvas.disc(body.at, body.radius * 1.16, palette.panel)
        canvas.disc(body.at, body.radius, body.colour)
        canvas.disc(body.at, body.radius * 0.36, palette.panel, 0.85)


def _name(chart: Chart, bodies: Sequence[Body], space: Space) -> None:
    """Names where they touch nothing, the strongest neighbours' first."""
    size = max(10.5, 0.027 * chart.middle)
    for body in bodies:
        label = lettered(body.neighbour.name, size, 0.25 * chart.middle, chart.faces)
        places = map(space.within, around(body.at, body.radius * 1.3, chart.centre, label)) if label else ()
        _put(chart, label, next((place for place in places if space.free(place)), None), space, chart.palette.ink)


def _put(chart: Chart, label: Label | None, place: Box | None, space: Space, colour: RGB) -> None:
    if label and place:
        space.take(place)
        label.write(chart.canvas, place, colour)


def _type(chart: Chart, bodies: Sequence[Body], grounds: Sequence[RGB], space: Space) -> None:
    """Types of relations, on the middle of the lines where these are long enough."""
    size = max(9.5, 0.0195 * chart.middle)
    for body, ground in zip(bodies, grounds, strict=True):
        label = relation(body.neighbour.type, size, 0.2 * chart.middle, chart.faces)
        if label and (place := label.middle(body.path, space)):
            chart.canvas.plate(place, size * 0.4, ground)
            _put(chart, label, place, space, chart.palette.quiet)
