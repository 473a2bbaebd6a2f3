"""Seals: a small ornament for each character, for texts in a script that no typeface here has."""

from providers.images.mock.canvas import Canvas, Point
from providers.images.mock.colour import RGB
from providers.images.mock.lot import lot

MOST = 6
"""So many characters have one; a longer text goes on unseen."""
_CELLS = 5


def seals(canvas: Canvas, at: Point, size: float, text: str, colour: RGB) -> None:
    """A row of seals from this left upper corner on; the same character has the same one everywhere."""
    for number, character in enumerate(text.replace(" ", "")[:MOST]):
        left = at[0] + number * size * 1.2
        canvas.plate((left, at[1], left + size, at[1] + size), size * 0.16, colour, 0.14)
        _seal(canvas, (left + size * 0.14, at[1] + size * 0.14), size * 0.72 / _CELLS, character, colour)


def _seal(canvas: Canvas, at: Point, cell: float, character: str, colour: RGB) -> None:
    """Squares in a pattern whose left half mirrors its right one."""
    chance = lot("seal", character)
    for row in range(_CELLS):
        for column in range(_CELLS // 2 + 1):
            if chance.random() < 0.55:  # noqa: PLR2004  a little more than half of the squares
                for place in {column, _CELLS - 1 - column}:
                    x, y = at[0] + place * cell, at[1] + row * cell
                    canvas.shape([(x, y), (x + cell, y), (x + cell, y + cell), (x, y + cell)], colour)
