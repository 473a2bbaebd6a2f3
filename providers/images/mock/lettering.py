"""What is written of a text, and in which typeface: as it is, else as near to it as the typefaces allow."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from providers.images.mock.fonts import Faces, Typeface

LONGEST = 320
"""Characters of a text that are looked at."""
MARKS = 3
"""Marks that one letter may bear."""

_CYRILLIC = "а=a б=b в=v г=g д=d е=e ё=yo ж=zh з=z и=i й=y к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh ц=ts ч=ch ш=sh щ=shch ъ= ы=y ь= э=e ю=yu я=ya і=i ї=yi є=ye ґ=g ј=j љ=lj њ=nj ћ=c ђ=dj џ=dz ў=u"  # noqa: E501  a table
_GREEK = "α=a β=v γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m ν=n ξ=x ο=o π=p ρ=r σ=s ς=s τ=t υ=y φ=f χ=ch ψ=ps ω=o"
_LATIN = 'ß=ss æ=ae œ=oe ø=o đ=d ð=d þ=th ł=l ħ=h ı=i ŋ=ng ŧ=t ə=e ‘=\' ’=\' “=" ”=" „=" –=- —=- −=- ×=x'
_ROMAN = {ord(a): b for a, b in (pair.split("=", 1) for pair in f"{_CYRILLIC} {_GREEK} {_LATIN}".split())}
_ROMAN |= {ord(chr(letter).upper()): roman.title() for letter, roman in _ROMAN.items() if len(chr(letter).upper()) == 1}
_SYLLABLE = re.compile(r"(?:HANGUL SYLLABLE|(?:HIRAGANA|KATAKANA) LETTER(?: SMALL)?) ([A-Z]+)$")


@dataclass(frozen=True, slots=True)
class Lettering:
    """A text that a typeface can show."""

    text: str
    face: Typeface

    @property
    def leftward(self) -> bool:
        """Whether it is read from right to left."""
        strong = (unicodedata.bidirectional(character) for character in self.text)
        return next((kind != "L" for kind in strong if kind in {"L", "R", "AL"}), False)


def cleaned(text: str) -> str:
    """The text as one line, in composed form, without what cannot be seen and what can be no text at all."""
    kept = "".join(" " if _spaces(character) else character for character in text[:LONGEST] if _visible(character))
    return " ".join(_marked(unicodedata.normalize("NFC", kept)).split())


def _spaces(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in {"Zl", "Zp", "Zs"}


def _visible(character: str) -> bool:
    # Cc, Cf, Cs, Co, Cn: control and format characters, lone surrogates, private and unassigned ones.
    return _spaces(character) or not unicodedata.category(character).startswith("C")


def _marked(text: str) -> str:
    """With no more marks on a letter than writing has: heaps of them would cover the picture."""
    kept: list[str] = []
    marks = MARKS  # none without a letter
    for character in text:
        marks = marks + 1 if unicodedata.category(character).startswith("M") else 0
        if marks <= MARKS:
            kept.append(character)
    return "".join(kept)


def lettering(text: str, faces: Faces) -> Lettering | None:
    """The text in the first typeface that has all of it; else without its symbols (emoji), else romanised, else without
    what is lacking as long as most of it is left. None when there is nothing to show, or no way to."""
    for attempt in _attempts(cleaned(text)):
        for face in faces() if attempt else ():
            if all(map(face.covers, attempt)):
                return Lettering(attempt, face)
    return _most(cleaned(text), faces())


def _attempts(text: str) -> Iterator[str]:
    yield text
    plain = _worded("".join(character for character in text if unicodedata.category(character)[0] in "LMNPZ"))
    yield plain
    yield _worded(romanised(plain))


def _worded(text: str) -> str:
    """Nothing, when it has neither letters nor digits."""
    return " ".join(text.split()) if any(map(str.isalnum, text)) else ""


def romanised(text: str) -> str:
    """In letters without marks, where the alphabet is known or Unicode names the sound; other characters stay."""
    return "".join(_sounded(character) or _flat(character) for character in text)


def _sounded(character: str) -> str:
    """Nothing when the sound is not known."""
    found = _SYLLABLE.match(unicodedata.name(character, ""))
    return found[1].lower() if found else _ROMAN.get(ord(character), "")


def _flat(character: str) -> str:
    """Without its marks, each of its parts as it sounds."""
    if ord(character) in _ROMAN:
        return ""  # it has no sound
    parts = (part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part))
    return "".join(_sounded(part) or part for part in parts)


def _most(text: str, faces: Iterable[Typeface]) -> Lettering | None:
    """What the typeface that has most of it has of it."""
    shown = ((_worded("".join(filter(face.covers, text))), face) for face in faces)
    best = max(shown, key=lambda pair: len(pair[0]), default=None)
    if best is None or not best[0] or 2 * len(best[0]) < len(text):
        return None
    return Lettering(*best)
