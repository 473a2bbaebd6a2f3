"""Small texts of the graph, and the space that they find."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import hypot

from providers.images.mock.canvas import Box, Canvas, Point
from providers.images.mock.colour import RGB
from providers.images.mock.fonts import Faces
from providers.images.mock.lettering import lettering
from providers.images.mock.setting import LEADING, Room, Setting, fit


class Space:
    """A box, and what in it is taken."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._taken: list[Box] = []
        self._lines: list[Point] = []

    def take(self, box: Box) -> None:
        """Nothing else is to be there."""
        self._taken.append(box)

    def cross(self, line: Sequence[Point]) -> None:
        """A line goes through here."""
        self._lines.extend(line)

    def free(self, box: Box, *, on_lines: bool = False) -> bool:
        """Whether a box is within, and touches nothing that is taken; nor any line, if it is not meant to."""
        left, top, right, bottom = self._box
        within = left <= box[0] and top <= box[1] and box[2] <= right and box[3] <= bottom
        crossed = not on_lines and any(box[0] < x < box[2] and box[1] < y < box[3] for x, y in self._lines)
        return within and not crossed and not any(_meet(box, other) for other in self._taken)

    def within(self, box: Box) -> Box:
        """The box, moved sideways so that it does not stick out."""
        aside = max(0.0, self._box[0] - box[0]) - max(0.0, box[2] - self._box[2])
        return box[0] + aside, box[1], box[2] + aside, box[3]


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


@dataclass(frozen=True, slots=True)
class Label:
    """A short text in its size."""

    setting: Setting

    @property
    def wide(self) -> float:
        """In pixels."""
        return self.setting.width + self.setting.size * 0.5

    @property
    def high(self) -> float:
        """In pixels."""
        return self.setting.height + self.setting.size * 0.25

    def write(self, canvas: Canvas, box: Box, colour: RGB) -> None:
        """In the middle of a box."""
        size = self.setting.size
        base = (box[1] + box[3] - self.setting.height) / 2 + size * 0.8
        for number, line in enumerate(self.setting.lines):
            at = ((box[0] + box[2]) / 2, base + number * LEADING * size)
            canvas.text(at, line, self.setting.lettering, size, colour, anchor="ms")

    def middle(self, path: Sequence[Point], space: Space) -> Box | None:
        """Its place at the middle of a line, or near it, that is free and leaves enough of the line."""
        if _length(path) < 1.25 * self.wide and _length(path) < 3.2 * self.high:
            return None
        places = (path[len(path) * part // 100] for part in (50, 42, 58, 34, 66))
        return next((box for box in map(self._over, places) if space.free(box, on_lines=True)), None)

    def _over(self, at: Point) -> Box:
        return at[0] - self.wide / 2, at[1] - self.high / 2, at[0] + self.wide / 2, at[1] + self.high / 2


def _length(path: Sequence[Point]) -> float:
    return hypot(path[-1][0] - path[0][0], path[-1][1] - path[0][1])


def lettered(text: str, size: float, width: float, faces: Faces) -> Label | None:
    """A neighbour's name, in two lines at most; cut short when it is longer. None when no typeface has it."""
    found = lettering(text, faces)
    setting = fit(found, Room(width, 2.3 * size, size, size * 0.86, lines=2)) if found else None
    return Label(setting) if setting else None


def relation(type: str, size: float, width: float, faces: Faces) -> Label | None:
    """A relation type in plain words; None when it is too long for that."""
    found = lettering(type.replace("_", " ").lower(), faces)
    setting = fit(found, Room(width, 1.2 * size, size, size), whole=True) if found else None
    return Label(setting) if setting else None


def around(at: Point, radius: float, centre: Point, label: Label) -> Iterator[Box]:
    """Places for a label beside a disc, those that look away from the centre first."""
    (x, y), wide, high = at, label.wide, label.high
    below = (x - wide / 2, y + radius, x + wide / 2, y + radius + high)
    above = (x - wide / 2, y - radius - high, x + wide / 2, y - radius)
    right = (x + radius, y - high / 2, x + radius + wide, y + high / 2)
    left = (x - radius - wide, y - high / 2, x - radius, y + high / 2)
    yield from (below, above) if y >= centre[1] else (above, below)
    yield from (right, left) if x >= centre[0] else (left, right)
