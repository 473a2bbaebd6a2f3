"""How a text is broken into lines, and how large it can be in a given space."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from providers.images.mock.lettering import Lettering

_REFERENCE = 64.0
"""The size, in pixels, at which words are measured; other sizes follow in proportion."""
_STEP = 0.94
"""From one size that is tried to the next."""
_BROKEN = 0.55
"""Broken words are set no larger than this share of the largest size."""
LEADING = 1.16
"""From one line to the next, in sizes."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Lines of a text in a size; lengths are in pixels of the finished picture."""

    lettering: Lettering
    lines: tuple[str, ...]
    size: float
    width: float
    """Of the widest line."""

    @property
    def height(self) -> float:
        """From the top of the first line's capitals to below the last line's descenders."""
        return self.size * (LEADING * (len(self.lines) - 1) + 1.0)


@dataclass(frozen=True, slots=True)
class Room:
    """The space there is for a text, in pixels, and the sizes that it may have there."""

    width: float
    height: float
    largest: float
    smallest: float
    lines: int = 1


class Ruler:
    """Measures words of one lettering."""

    def __init__(self, lettering: Lettering) -> None:
        self._font = lettering.face.at(_REFERENCE)
        self._known: dict[str, float] = {}

    def width(self, text: str) -> float:
        """In sizes."""
        if text not in self._known:
            self._known[text] = self._font.getlength(text) / _REFERENCE
        return self._known[text]


def fit(lettering: Lettering, room: Room, *, whole: bool = False) -> Setting | None:
    """The text as large as the room allows, in lines of about equal length; when it cannot be small enough, its words
    are broken, and at last it is cut short. None when not even a letter has room, or when it would be cut and `whole`
    is asked for."""
    ruler = Ruler(lettering)
    words = tuple(_words(lettering.text))
    found = _largest(ruler, words, room)
    if found or whole:
        return found and _set(lettering, ruler, found)
    if not _wrapped(ruler, words, room.width / room.smallest):  # some word is too long for a line
        words = tuple(piece for word in words for piece in _clusters(word))
        found = _largest(ruler, words, replace(room, largest=max(room.smallest, room.largest * _BROKEN)))
    found = found or _cut(lettering, ruler, words, room)
    return found and _set(lettering, ruler, found)


def _set(lettering: Lettering, ruler: Ruler, found: tuple[float, tuple[str, ...]]) -> Setting:
    size, lines = found[0], _hyphenated(lettering, found[1])
    return Setting(lettering, lines, size, max(map(ruler.width, lines)) * size)


def _hyphenated(lettering: Lettering, lines: tuple[str, ...]) -> tuple[str, ...]:
    """With a hyphen where a word goes on in the next line."""
    text, at, marked = lettering.text, 0, []
    for line in lines[:-1]:
        at = text.index(line, at) + len(line)
        inside = text[at - 1].isalpha() and text[at].isalpha() and not _wide(text[at])
        marked.append(line + "-" * (inside and lettering.face.covers("-")))
    return (*marked, lines[-1])


def _words(text: str) -> Iterator[str]:
    """What a line may be broken before: words, with the space before them, and wide characters."""
    word = ""
    for character in text:
        if character == " " or (_wide(character) and word.strip()):
            yield word
            word = ""
        word += character
    yield word


def _wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in {"W", "F"} and not unicodedata.combining(character)


def _clusters(word: str) -> Iterator[str]:
    """The letters of a word, each with its marks and with the space before it."""
    cluster = ""
    for character in word:
        if cluster.strip() and not unicodedata.category(character).startswith("M"):
            yield cluster
            cluster = ""
        cluster += character
    yield cluster


def _largest(ruler: Ruler, words: Sequence[str], room: Room) -> tuple[float, tuple[str, ...]] | None:
    for size in _sizes(room):
        lines = _wrapped(ruler, words, room.width / size)
        if lines and len(lines) <= _lines_in(room, size):
            return size, _balanced(ruler, words, lines, room.width / size)
    return None


def _sizes(room: Room) -> Iterator[float]:
    """From the largest to the smallest, which is always among them: what has room in it need not be cut."""
    size = room.largest
    while size > room.smallest:
        yield size
        size *= _STEP
    if room.largest >= room.smallest:
        yield room.smallest


def _lines_in(room: Room, size: float) -> int:
    """How many lines of this size there is room for."""
    return min(room.lines, int((room.height / size - 1.0) / LEADING) + 1) if room.height >= size else 0


def _wrapped(ruler: Ruler, words: Sequence[str], width: float) -> tuple[str, ...]:
    """Lines no longer than that, in sizes; none when a word is longer."""
    lines = [""]
    for word in words:
        if ruler.width(lines[-1] + word if lines[-1] else word.strip()) <= width:
            lines[-1] = lines[-1] + word if lines[-1] else word.strip()
        else:
            lines.append(word.strip())
            if ruler.width(lines[-1]) > width:
                return ()
    return tuple(filter(None, lines))


def _balanced(ruler: Ruler, words: Sequence[str], lines: tuple[str, ...], width: float) -> tuple[str, ...]:
    """As many lines, as equal in length as can be: those of the least width that still does."""
    low, high = width / len(lines) * 0.8, width
    for _ in range(7 if len(lines) > 1 else 0):
        middle = (low + high) / 2
        tried = _wrapped(ruler, words, middle)
        if tried and len(tried) <= len(lines):
            lines, high = tried, middle
        else:
            low = middle
    return lines


def _cut(lettering: Lettering, ruler: Ruler, pieces: Sequence[str], room: Room) -> tuple[float, tuple[str, ...]] | None:
    """The beginning of the text in the smallest size, and that it goes on."""
    size = room.smallest
    count = _lines_in(room, size)
    lines = list(_wrapped(ruler, pieces, room.width / size))
    if not lines or not count:
        return None
    more = "…" if lettering.face.covers("…") else "..."
    while lines[count - 1 :] and ruler.width(lines[count - 1] + more) > room.width / size:
        lines[count - 1] = lines[count - 1][:-1].rstrip()
    lines[count - 1] += more
    return size, tuple(lines[:count])
