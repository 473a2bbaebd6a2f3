"""A whole picture, from what it shows to the bytes of its file."""

from io import BytesIO

from PIL import Image

from providers.images.mock.canvas import Canvas
from providers.images.mock.emblem import family_of
from providers.images.mock.fonts import Faces, plain, typefaces
from providers.images.mock.ground import ground
from providers.images.mock.lot import lot
from providers.images.mock.network import Chart, network
from providers.images.mock.palette import Palette, palette
from providers.images.mock.title import Page, page, write
from providers.images.port import Scene


def drawn(scene: Scene, size: tuple[int, int], style: str = "", seed: int = 0, *, faces: Faces = typefaces) -> bytes:
    """The picture as a PNG file: the same for the same scene, size, style and seed on one machine."""
    try:
        image = paint(scene, size, style, seed, faces)
    except (OSError, ValueError):  # a typeface of the machine that cannot be used: then only Pillow's own
        image = paint(scene, size, style, seed, plain)
    file = BytesIO()
    image.save(file, "PNG", compress_level=6)
    return file.getvalue()


def paint(scene: Scene, size: tuple[int, int], style: str, seed: int, faces: Faces) -> Image.Image:
    """The picture."""
    canvas, colours, where = backdrop(scene, size, style, seed, faces)
    write(canvas, colours, where)
    return canvas.finished()


def backdrop(scene: Scene, size: tuple[int, int], style: str, seed: int, faces: Faces) -> tuple[Canvas, Palette, Page]:
    """All of a picture but its words, the colours it is in, and where the words go."""
    concept = (scene.name, scene.kind)
    varied = lot("form", *concept, style, seed)
    canvas, colours = Canvas(*size), colouring(scene, style, seed)
    where = page(*size, *concept, faces)
    ground(canvas, colours, varied)
    chart = Chart(canvas, colours, where.drawing, faces)
    family = family_of(scene.kind, lot("family", scene.kind))
    network(chart, scene.neighbours, family, lot("emblem", *concept), varied)
    _frame(canvas, colours)
    return canvas, colours, where


def colouring(scene: Scene, style: str, seed: int) -> Palette:
    """The colours of a picture."""
    concept = (scene.name, scene.kind)
    return palette(style, lot("colours", *concept), lot("turn", *concept, style, seed))


def _frame(canvas: Canvas, colours: Palette) -> None:
    """A double line along the edges, where the style has one."""
    least = min(canvas.width, canvas.height)
    for inset, width in ((0.028, 0.0035), (0.038, 0.0015)) if colours.theme.framed else ():
        edge = inset * least
        box = (edge, edge, canvas.width - edge, canvas.height - edge)
        canvas.frame(box, width * least, colours.line)
