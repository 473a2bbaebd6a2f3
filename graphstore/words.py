"""Words of a text as the full-text indexes see them, and where they are found: the same for every adapter."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from graphstore.model import Concept

_LENGTH = 200
"""Characters of text in a snippet, about."""
_LEAD = 60
"""Characters before its first match, at most."""


def words(text: str) -> tuple[str, ...]:
    """The distinct words, folded: runs of letters and digits in lower case without diacritics."""
    return tuple(dict.fromkeys(folded for _, _, folded in _tokens(unicodedata.normalize("NFC", text))))


def spelled(text: str) -> tuple[str, ...]:
    """The same words as they are written, for an index that folds them in its own way."""
    text = unicodedata.normalize("NFC", text)
    return tuple({folded: text[start:end] for start, end, folded in _tokens(text)}.values())


def matched(concept: Concept, wanted: Sequence[str]) -> tuple[str, ...]:
    """Which of name, aliases and summary hold a word that begins with a wanted one."""
    fields = {"name": (concept.name,), "aliases": concept.aliases, "summary": (concept.summary,)}
    beginnings = tuple(wanted)
    return tuple(
        field
        for field, texts in fields.items()
        if any(folded.startswith(beginnings) for text in texts for _, _, folded in _tokens(text))
    )


def snippet(concept: Concept, wanted: Sequence[str]) -> str:
    """A stretch of the summary, else of an alias, else the name, with the words that match between «»."""
    beginnings = tuple(wanted)
    for text in (concept.summary, *concept.aliases, concept.name):
        places = [(start, end) for start, end, folded in _tokens(text) if folded.startswith(beginnings)]
        if places:
            return _marked(text, places)
    return _marked(concept.summary or concept.name, [])


_DIACRITICS = re.compile(r"[̀-ͯ]+")
"""Of Latin, Greek and Cyrillic letters. The marks of other scripts make other letters: か is not が."""
_TOKEN = re.compile(rf"[^\W_]+(?:{_DIACRITICS.pattern}[^\W_]*)*")


def _tokens(text: str) -> Iterator[tuple[int, int, str]]:
    for found in _TOKEN.finditer(text):
        yield found.start(), found.end(), _folded(found.group())


def _folded(word: str) -> str:
    if word.isascii():
        return word.lower()
    apart = unicodedata.normalize("NFD", word.lower().replace("ς", "σ"))
    return unicodedata.normalize("NFC", _DIACRITICS.sub("", apart))


def _marked(text: str, places: Sequence[tuple[int, int]]) -> str:
    first, last = _stretch(text, places[0][0] if places else 0)
    parts, at = ["…" if first else ""], first
    for start, end in places:
        if start >= first and end <= last:
            parts += [text[at:start], "«", text[start:end], "»"]
            at = end
    parts += [text[at:last], "…" if last < len(text) else ""]
    return " ".join("".join(parts).split())


def _stretch(text: str, match: int) -> tuple[int, int]:
    """Bounds of the stretch around a match, between words where that is near."""
    if len(text) <= _LENGTH:
        return 0, len(text)
    first = max(0, match - _LEAD)
    first = text.find(" ", first, match) + 1 or first if first else 0
    last = min(len(text), first + _LENGTH)
    if last < len(text):
        last = max(text.rfind(" ", first, last), match + 1) if text.rfind(" ", match, last) > 0 else last
    return first, last
