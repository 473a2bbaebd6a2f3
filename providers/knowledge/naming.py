"""How names from outside are compared."""

import unicodedata

ARTICLES = frozenset({"the", "a", "an"})
SHORT = 3
"""An s at the end of a word this short is no plural: gas, bus."""


def name_key(name: str) -> str:
    """The form under which a name is looked up: NFKC, case folded, spaces collapsed.

    Normalised twice, as Unicode TR15/TR31 advise for NFKC_Casefold, since folding can denormalise.
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def loose_key(name: str) -> str:
    """A form that forgives: no accents, no punctuation, no article in front, every word in the singular."""
    words = loose_words(name)
    return " ".join(words[1:] if len(words) > 1 and words[0] in ARTICLES else words)


def loose_words(text: str) -> list[str]:
    """The words of a text without case, accents, apostrophes and plural endings."""
    plain = unicodedata.normalize("NFKD", name_key(text)).replace("'", "").replace("’", "")
    bare = (c for c in plain if not unicodedata.combining(c))
    return [_singular(word) for word in "".join(c if c.isalnum() else " " for c in bare).split()]


def _singular(word: str) -> str:
    if not word.endswith("s") or word.endswith(("ss", "us", "is")) or len(word) <= SHORT:
        return word
    if word.endswith("ies") and len(word) > SHORT + 1:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    return word[:-1]
