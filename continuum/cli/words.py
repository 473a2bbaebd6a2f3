"""Words for a terminal: what is stored may come from anywhere and must not steer it."""

import unicodedata
from collections.abc import Sequence

from rich.text import Text

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def safe(text: str) -> str:
    """The text on one line, without anything that a terminal would obey."""
    if text.isascii() and text.isprintable():
        return text
    clean = "".join(" " if unicodedata.category(c) in _UNSAFE and c != "\N{ZERO WIDTH JOINER}" else c for c in text)
    return " ".join(clean.split())


def styled(text: str, style: str = "") -> Text:
    """The same for rich, which would take square brackets for markup."""
    return Text(safe(text), style=style)


def indented(text: str, spaces: int, style: str = "") -> Text:
    """The same after some spaces."""
    return Text(" " * spaces).append_text(styled(text, style))


def counted(number: int, noun: str) -> str:
    """`1 concept`, `1,200 concepts`, `2 pieces of evidence`."""
    head, _, rest = noun.partition(" of ")
    return f"{number:,} {head}{'' if number == 1 else 's'}{f' of {rest}' if rest else ''}"


def cut(text: str, length: int) -> str:
    """The text, or its beginning up to a word's end and an ellipsis."""
    text = safe(text)
    if len(text) <= length:
        return text
    return text[: text.rfind(" ", 0, length) if " " in text[:length] else length].rstrip(" ,;.") + "…"


def named(names: Sequence[str], most: int) -> str:
    """The first names, and how many more there are."""
    shown = ", ".join(safe(n) for n in names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown


def lasted(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 20 s`."""
    if seconds < 10:  # noqa: PLR2004 - from here on tenths tell nothing
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
