"""What the atlas promises, as checks over all of it: each yields a sentence for everything that is wrong."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import combinations

from providers.knowledge.atlas.entry import Entry, Statement
from providers.knowledge.atlas.reading import Book
from providers.knowledge.naming import name_key

ENTRY_TOPICS = (
    "Photosynthesis",
    "Evolution",
    "Brain",
    "Climate",
    "Light",
    "Star",
    "Mathematics",
    "Atom",
    "Computer",
    "Steam engine",
    "Printing press",
    "Internet",
    "Music",
    "Painting",
    "Theatre",
    "Architecture",
    "Ancient Rome",
    "Silk Road",
    "Democracy",
    "Bread",
)
"""From each of these, every other concept can be reached."""

LEAST_CONCEPTS = 600
LEAST_RELATIONS = 2_400
LEAST_TYPES = 12
LARGEST_SHARE = 0.3
"""Of all relations, for one type."""

LEAST_AROUND = 40
"""Concepts within two hops of the first entry topic."""

SENTENCES = range(1, 4)
WORDS = range(12, 71)
"""In one summary."""

SHINGLE = 3
"""Words. Shorter ones are shared by everything, longer ones by nothing."""
ALIKE = 0.2
"""The Jaccard similarity of two summaries' shingles from which on they are on one template."""

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
SENTENCE_END = re.compile(r"(?<!\b[A-Z])[.!?]['”’)]?(?=\s+['“‘(]?[^\W_])|[.!?]['”’)]?$")
"""Within a text not after a single capital, which is an initial."""


def problems(book: Book) -> Iterator[str]:
    """Everything that is wrong with an atlas."""
    for check in (labels, names, kinds, summaries, templates, relation_types, statements, balance, reach):
        yield from check(book)


def labels(book: Book) -> Iterator[str]:
    """Each label is defined once."""
    counts = Counter(entry.label for entry in book.entries)
    yield from (f"{label}: defined {n} times" for label, n in counts.items() if n > 1)


def names(book: Book) -> Iterator[str]:
    """No two entries are called the same, unless they share a name and each has a label of its own beside it."""
    called: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in book.entries:
        keys = [name_key(n) for n in (entry.name, *entry.aliases)]
        yield from (f"{entry.label}: says {key!r} twice" for key, n in Counter(keys).items() if n > 1)
        for key in {*keys, name_key(entry.label)}:
            called[key].append(entry)
    for key, entries in called.items():
        if len(entries) > 1 and not all(name_key(e.name) == key != name_key(e.label) for e in entries):
            yield f"{key!r} is what several entries are called: {', '.join(e.label for e in entries)}"


def kinds(book: Book) -> Iterator[str]:
    """Each entry has a kind that kinds.toml defines, and no kind is defined for nothing."""
    for entry in book.entries:
        if entry.kind not in book.kinds:
            yield f"{entry.label}: the kind {entry.kind!r} is not in kinds.toml"
    for kind in book.kinds.keys() - {entry.kind for entry in book.entries}:
        yield f"no entry is of the kind {kind!r}"


def summaries(book: Book) -> Iterator[str]:
    """A summary has one to three whole sentences, of a length that says something."""
    for entry in book.entries:
        if (n := len(SENTENCE_END.findall(entry.summary))) not in SENTENCES:
            yield f"{entry.label}: the summary has {n} sentences"
        if (n := len(entry.summary.split())) not in WORDS:
            yield f"{entry.label}: the summary has {n} words"
        if not re.search(r"[.!?]['”’)]?$", entry.summary):
            yield f"{entry.label}: the summary does not end as a sentence does"


def templates(book: Book) -> Iterator[str]:
    """No two summaries open alike, or are one text with other names in it."""
    shingles = [_shingles(_masked(entry)) for entry in book.entries]
    sharing: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for at, own in enumerate(shingles):
        for shingle in own:
            sharing[shingle].append(at)
    shared = Counter(pair for those in sharing.values() for pair in combinations(those, 2))
    for (a, b), n in shared.items():
        if n / (len(shingles[a]) + len(shingles[b]) - n) >= ALIKE:
            yield f"the summaries of {book.entries[a].label} and {book.entries[b].label} are on one template"
    openings = Counter(" ".join(name_key(entry.summary).split()[:4]) for entry in book.entries)
    yield from (f"{n} summaries open with {words!r}" for words, n in openings.items() if n > 1)


def relation_types(book: Book) -> Iterator[str]:
    """Each type reads as a sentence about both its ends."""
    for type_ in book.types.values():
        if sorted(re.findall(r"\{(\w*)\}", type_.reads)) != ["source", "target"]:
            yield f"{type_.name}: its sentence must have {{source}} and {{target}} once each"
        yield from (f"{type_.name}: restated by an unknown {t}" for t in type_.restated_by if t not in book.types)


def statements(book: Book) -> Iterator[str]:
    """A statement has a known type and target, is about two concepts, and is made once, in one direction."""
    known = {entry.label for entry in book.entries}
    counts = Counter(_all(book))
    for s, n in counts.items():
        if s.target not in known:
            yield f"{_said(s)}: there is no such target"
        if s.source == s.target:
            yield f"{_said(s)}: a concept is not related to itself"
        if n > 1:
            yield f"{_said(s)}: said {n} times"
        if (type_ := book.types.get(s.type)) is None:
            yield f"{_said(s)}: the type is not in relation_types.toml"
            continue
        back = (Statement(s.target, t, s.source) for t in (s.type, *type_.restated_by))
        yield from (f"{_said(s)} and {_said(b)}: say one of them" for b in back if b in counts and s != b)


def balance(book: Book) -> Iterator[str]:
    """There is enough of everything, and not too much of one type."""
    types = Counter(s.type for s in _all(book))
    for what, n, least in (
        ("concepts", len(book.entries), LEAST_CONCEPTS),
        ("relations", types.total(), LEAST_RELATIONS),
        ("relation types", len(types), LEAST_TYPES),
    ):
        if n < least:
            yield f"there are {n} {what}, and {least} are promised"
    for type_, n in types.items():
        if n > LARGEST_SHARE * types.total():
            yield f"{type_} makes {n / types.total():.0%} of all relations"
    yield from (f"no statement is of the type {t}" for t in book.types.keys() - types.keys())


def reach(book: Book) -> Iterator[str]:
    """Every concept can be reached from every entry topic, and the first one has enough around it."""
    near: defaultdict[str, set[str]] = defaultdict(set)
    for s in _all(book):
        near[s.source].add(s.target)
        near[s.target].add(s.source)
    known = {entry.label for entry in book.entries}
    for topic in ENTRY_TOPICS:
        if topic not in known:
            yield f"the entry topic {topic!r} is missing"
        elif lost := known - _within(near.__getitem__, topic, len(known)):
            yield f"from {topic} there is no way to {', '.join(sorted(lost))}"
    around = len(_within(near.__getitem__, ENTRY_TOPICS[0], 2))
    if around < LEAST_AROUND:
        yield f"only {around} concepts lie within two hops of {ENTRY_TOPICS[0]}"


def _within(near: Callable[[str], Iterable[str]], start: str, hops: int) -> set[str]:
    seen = edge = {start}
    for _ in range(hops):
        edge = {other for one in edge for other in near(one)} - seen
        if not edge:
            break
        seen = seen | edge
    return seen


def _all(book: Book) -> Iterator[Statement]:
    return (statement for entry in book.entries for statement in entry.statements)


def _said(s: Statement) -> str:
    return f"{s.source} {s.type} {s.target}"


def _masked(entry: Entry) -> list[str]:
    """The words of a summary; its own names, those of its targets and other proper names as `_`, figures as `0`."""
    called = (entry.label, entry.name, *entry.aliases, *(s.target for s in entry.statements))
    own = {word.casefold() for name in called for word in WORD.findall(name)}
    words: list[str] = []
    for at, word in enumerate(WORD.findall(entry.summary)):
        mask = "_" if word.casefold() in own or (at and word[0].isupper()) else word.casefold()
        if not (mask == "_" and words[-1:] == ["_"]):
            words.append("0" if word[0].isdigit() else mask)
    return words


def _shingles(words: list[str]) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(words[at : at + SHINGLE]) for at in range(len(words) - SHINGLE + 1))
