"""The ground of a picture: a soft gradient and a quiet pattern."""

from collections.abc import Callable
from math import cos, hypot, pi, radians, sin
from random import Random

from providers.images.mock.canvas import Canvas, circle
from providers.images.mock.colour import RGB, mix
from providers.images.mock.palette import Palette

_CELLS = 6
"""The gradient is made of so many colours each way."""


def ground(canvas: Canvas, palette: Palette, lot: Random) -> None:
    """Cover the canvas. All that is drawn is a mixture of `palette.grounds`, on which the ink can be read."""
    canvas.wash(_gradient(palette, lot))
    chosen = palette.theme.patterns or tuple(name for name in PATTERNS if name not in {"grid", "hatch"})
    PATTERNS[lot.choice(chosen)](canvas, palette.pattern, lot)


def _gradient(palette: Palette, lot: Random) -> list[list[RGB]]:
    """Rows of colours from stop to stop in some direction, a little out of step."""
    angle = radians(lot.uniform(50, 130))
    across, down = cos(angle), sin(angle)
    reach = (abs(across) + abs(down)) / 2

    def share(column: int, row: int) -> float:
        x, y = column / (_CELLS - 1) - 0.5, row / (_CELLS - 1) - 0.5
        along = (x * across + y * down) / (2 * reach) + 0.5
        return min(1.0, max(0.0, along + lot.uniform(-0.11, 0.11)))

    return [[_stop(palette.stops, share(column, row)) for column in range(_CELLS)] for row in range(_CELLS)]


def _stop(stops: tuple[RGB, ...], share: float) -> RGB:
    place = share * (len(stops) - 1)
    at = min(int(place), len(stops) - 2)
    return mix(stops[at], stops[at + 1], place - at)


def _unit(canvas: Canvas) -> float:
    """A 100th of the picture's geometric mean side: patterns are as fine in any format."""
    return float((canvas.width * canvas.height) ** 0.5) / 100


def _dots(canvas: Canvas, colour: RGB, lot: Random) -> None:
    """A lattice of dots that swell and shrink in waves."""
    unit = _unit(canvas)
    step, turn, phase = unit * lot.uniform(3.2, 4.6), lot.uniform(0.5, 1.4), lot.uniform(0, 6)
    for row in range(int(canvas.height / step) + 2):
        for column in range(int(canvas.width / step) + 2):
            x, y = (column + row % 2 / 2) * step, row * step * 0.87
            wave = sin(x / unit * 0.06 * turn + phase) + cos(y / unit * 0.07 + phase)
            canvas.disc((x, y), step * (0.12 + 0.055 * wave), colour, 0.9)


def _ripples(canvas: Canvas, colour: RGB, lot: Random) -> None:
    """Circles round a point at the edge."""
    x, y = lot.choice((-0.05, 1.05)) * canvas.width, lot.uniform(-0.05, 0.45) * canvas.height
    unit, reach = _unit(canvas), hypot(canvas.width, canvas.height) * 1.1
    radius, step = unit * 8, unit * lot.uniform(4.5, 7)
    while radius < reach:
        canvas.ring((x, y), (radius, radius), unit * lot.uniform(0.25, 1.6), colour, 0.75)
        radius += step


def _waves(canvas: Canvas, colour: RGB, lot: Random) -> None:
    """Lines that swing together."""
    unit = _unit(canvas)
    step, swing, length = unit * lot.uniform(4, 6), unit * lot.uniform(1.5, 4), unit * lot.uniform(30, 60)
    phase, lean = lot.uniform(0, 6), lot.uniform(0.1, 0.3)
    count = max(16, canvas.width // 16)
    for row in range(-2, int(canvas.height / step) + 4):
        points = [
            (x, row * step + swing * sin(x / length * 2 * pi + phase + row * lean))
            for x in (canvas.width * (part / count * 1.04 - 0.02) for part in range(count + 1))
        ]
        canvas.curve(points, unit * 0.35, colour)


def _bands(canvas: Canvas, colour: RGB, lot: Random) -> None:
    """Broad slanting stripes."""
    unit, side = _unit(canvas), canvas.width + canvas.height
    slant = canvas.height * lot.uniform(0.5, 1.1) * lot.choice((-1, 1))
    x = -float(side)
    while x < 2 * side:
        broad = unit * lot.uniform(3, 16)
        corners = [(x, 0.0), (x + broad, 0.0), (x + broad + slant, float(canvas.height))]
        canvas.shape([*corners, (x + slant, float(canvas.height))], colour, lot.uniform(0.25, 0.6))
        x += broad + unit * lot.uniform(8, 22)


def _orbs(canvas: Canvas, colour: RGB, lot: Random) -> None:
    """Large circles that overlap."""
    for _ in range(7):
        x, y = lot.uniform(-0.1, 1.1) * canvas.width, lot.uniform(-0.1, 1.1) * canvas.height
        canvas.disc((x, y), _unit(canvas) * lot.uniform(14, 38), colour, lot.uniform(0.3, 0.55))


def _contours(canvas: Canvas, colour: RGB, lot: Random) -> None:
    """Lines of height, as on a map."""
    unit = _unit(canvas)
    for _ in range(2):
        x, y = lot.uniform(0, 1) * canvas.width, lot.uniform(0, 1) * canvas.height
        waves = [(count, lot.uniform(0.02, 0.10), lot.uniform(0, 6)) for count in (2, 3, 5)]
        for level in range(1, 9):
            points = circle(0, 0, 1, 72)
            sizes = [
                unit * level * 5 * (1 + sum(high * sin(count * 2 * pi * at / 72 + turn) for count, high, turn in waves))
                for at in range(72)
            ]
            line = [(x + across * size, y + down * size) for (across, down), size in zip(points, sizes, strict=True)]
            canvas.outline(line, unit * 0.3, colour, 0.9)


def _triangles(canvas: Canvas, colour: RGB, lot: Random) -> None:
    """Triangles of a mesh, some of them."""
    step = _unit(canvas) * lot.uniform(9, 14)
    high = step * 0.866
    for row in range(int(canvas.height / high) + 1):
        for column in range(-1, int(2 * canvas.width / step) + 1):
            x, y, up = column * step / 2, row * high, (row + column) % 2
            corners = [(x, y + high * up), (x + step, y + high * up), (x + step / 2, y + high * (1 - up))]
            canvas.shape(corners, colour, lot.uniform(0.0, 0.75) ** 2)


def _crosses(canvas: Canvas, colour: RGB, lot: Random) -> None:
    """Small crosses at equal distances."""
    unit = _unit(canvas)
    step, arm = unit * lot.uniform(6.5, 8.5), unit * 0.85
    for row in range(int(canvas.height / step) + 1):
        for column in range(int(canvas.width / step) + 1):
            x, y = (column + 0.5) * step, (row + 0.5) * step
            canvas.curve([(x - arm, y), (x + arm, y)], unit * 0.32, colour)
            canvas.curve([(x, y - arm), (x, y + arm)], unit * 0.32, colour)


def _grid(canvas: Canvas, colour: RGB, lot: Random) -> None:
    """Squared paper."""
    fine = _unit(canvas) * lot.choice((3.2, 4.0))
    shift = lot.uniform(0, fine)
    for side, other, upright in ((canvas.width, canvas.height, True), (canvas.height, canvas.width, False)):
        for at in range(int(side / fine) + 1):
            place, strong = shift + at * fine, at % 5 == 0
            ends = [(place, 0.0), (place, float(other))] if upright else [(0.0, place), (float(other), place)]
            canvas.curve(ends, _unit(canvas) * (0.26 if strong else 0.16), colour, 1.0 if strong else 0.6)


def _hatch(canvas: Canvas, colour: RGB, lot: Random) -> None:
    """Fine slanting lines."""
    unit = _unit(canvas)
    step, slant = unit * lot.uniform(1.8, 2.6), canvas.height * lot.choice((-1, 1))
    for at in range(int((canvas.width + canvas.height) / step) + 1):
        x = at * step - (canvas.height if slant > 0 else 0)
        canvas.curve([(x, 0.0), (x + slant, float(canvas.height))], unit * 0.22, colour, 0.7)


PATTERNS: dict[str, Callable[[Canvas, RGB, Random], None]] = {
    "dots": _dots,
    "ripples": _ripples,
    "waves": _waves,
    "bands": _bands,
    "orbs": _orbs,
    "contours": _contours,
    "triangles": _triangles,
    "crosses": _crosses,
    "grid": _grid,
    "hatch": _hatch,
}
"""By name."""
