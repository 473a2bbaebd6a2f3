"""The atlas, ready to be looked things up in."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping

from providers.errors import GarbledError
from providers.knowledge.atlas.entry import Entry, RelationType, Statement
from providers.knowledge.atlas.reading import Book
from providers.knowledge.naming import name_key


class Atlas:
    """Entries by label and by name, and what is stated about each of them. Never changes."""

    def __init__(self, book: Book) -> None:
        self.entries: Mapping[str, Entry] = {entry.label: entry for entry in book.entries}
        self.types: Mapping[str, RelationType] = book.types
        self._named: defaultdict[str, list[Entry]] = defaultdict(list)
        self._incoming: defaultdict[str, list[Statement]] = defaultdict(list)
        self._near: defaultdict[str, set[str]] = defaultdict(set)
        for entry in book.entries:
            self._named[name_key(entry.name)].append(entry)
            for statement in entry.statements:
                self._add(statement)

    def named(self, key: str) -> list[Entry]:
        """The entries of one name, in the order of the files."""
        return self._named.get(key, [])

    def about(self, label: str) -> Iterator[Statement]:
        """What is stated about an entry, best first: its own statements as it lists them, then those of others."""
        yield from self.entries[label].statements
        yield from self._ranked(self._incoming.get(label, []), label)

    def sentence(self, statement: Statement) -> str:
        """The statement in words."""
        source, target = self.entries[statement.source], self.entries[statement.target]
        return self.types[statement.type].reads.format(source=source.name, target=target.name)

    def _add(self, statement: Statement) -> None:
        if statement.target not in self.entries or statement.type not in self.types:
            raise GarbledError(f"the atlas states what it does not define: {statement}")
        self._incoming[statement.target].append(statement)
        self._near[statement.source].add(statement.target)
        self._near[statement.target].add(statement.source)

    def _ranked(self, incoming: list[Statement], label: str) -> list[Statement]:
        """The types take turns, so that a hub shows all its sides; within a type the closest entries come first."""
        closest = sorted(incoming, key=lambda s: (-self._closeness(s.source, label), s.source))
        turns: defaultdict[str, int] = defaultdict(int)
        turn_of: dict[Statement, int] = {}
        for statement in closest:
            turn_of[statement] = turns[statement.type]
            turns[statement.type] += 1
        return sorted(closest, key=turn_of.__getitem__)

    def _closeness(self, one: str, other: str) -> float:
        """Shared neighbours, the less widely linked the weightier (Adamic and Adar 2003)."""
        shared = self._near[one] & self._near[other]
        return math.fsum(1 / math.log(len(self._near[label])) for label in shared)
