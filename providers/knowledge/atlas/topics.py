"""Finding the entry that a person's words mean, or the nearest ones."""

import difflib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from providers.knowledge.atlas.atlas import Atlas
from providers.knowledge.atlas.entry import Entry
from providers.knowledge.naming import loose_key, loose_words, name_key

SUGGESTIONS = 5
LONGEST_TOPIC = 200
"""Characters beyond which no name is looked for near a topic: comparing takes quadratic time."""

ALIKE = 0.75
"""The least ratio (Ratcliff/Obershelp) of two names that may be one misspelt."""
WORDS_ALIKE = 0.85
"""The same for two words, of which there are more to be mistaken for."""
EVERYWHERE = 300
"""A word that stands in more summaries than this (of, the) is no reason to offer a name that has it."""
TELLING = 25
"""A word that stands in more summaries than this does not tell what a summary is about."""


class Topics:
    """The atlas by everything that a person may call its entries."""

    def __init__(self, atlas: Atlas) -> None:
        entries = atlas.entries.values()
        self._exact = _index(entries, lambda entry: map(name_key, _callings(entry)))
        self._loose = _index(entries, lambda entry: map(loose_key, _callings(entry)))
        self._mentions = _index(entries, lambda entry: loose_words(entry.summary))
        self._names_with: defaultdict[str, set[str]] = defaultdict(set)
        for entry in entries:
            for name in map(loose_key, (entry.name, *entry.aliases)):
                for word in name.split():
                    self._names_with[word].add(name)

    def find(self, topic: str) -> list[Entry]:
        """The entries that the topic may mean, in the order of the files."""
        return self._exact.get(name_key(topic)) or self._loose.get(loose_key(topic)) or []

    def near(self, topic: str) -> tuple[str, ...]:
        """Labels of the entries with the nearest names, nearest first; else of those that mention the topic's words."""
        if len(topic) > LONGEST_TOPIC:
            return ()
        names = {**self._sharing_words(topic), **self._misspelt(topic)}
        ranked = sorted(names, key=lambda name: (-names[name], name))
        labels = [entry.label for name in ranked for entry in self._loose[name]]
        return tuple(dict.fromkeys(labels or self._mentioning(topic)))[:SUGGESTIONS]

    def _misspelt(self, topic: str) -> dict[str, float]:
        """Names like the topic; for a single word also the names that have a word like it."""
        key = loose_key(topic)
        like = _like(key, self._loose, ALIKE)
        words = {} if " " in key else _like(key, self._names_with, WORDS_ALIKE)
        part = {name: ratio / 2 for word, ratio in words.items() for name in self._names_with[word]}
        return {**part, **like}

    def _sharing_words(self, topic: str) -> dict[str, float]:
        """The share of common words in both names (Dice), below 1."""
        words = self._rarer(topic, EVERYWHERE)
        names = {name: set(name.split()) for word in words for name in self._names_with.get(word, ())}
        return {name: 2 * len(words & own) / (len(words) + len(own) + 1) for name, own in names.items()}

    def _mentioning(self, topic: str) -> list[str]:
        counts = Counter(entry.label for word in self._rarer(topic, TELLING) for entry in self._mentions.get(word, ()))
        return [label for label, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]

    def _rarer(self, topic: str, limit: int) -> set[str]:
        return {word for word in loose_words(topic) if len(self._mentions.get(word, ())) <= limit}


def _like(key: str, names: Iterable[str], least: float) -> dict[str, float]:
    """The names that may be the key misspelt, with how alike they are: above 1, so before all other suggestions."""
    near = difflib.get_close_matches(key, names, n=SUGGESTIONS, cutoff=least)
    return {name: 1 + difflib.SequenceMatcher(None, key, name).ratio() for name in near}


def _callings(entry: Entry) -> tuple[str, ...]:
    return (entry.label, entry.name, f"{entry.name} ({entry.kind})", *entry.aliases)


def _index(entries: Iterable[Entry], keys_of: Callable[[Entry], Iterable[str]]) -> dict[str, list[Entry]]:
    index: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        for key in dict.fromkeys(keys_of(entry)):
            index[key].append(entry)
    return dict(index)
