"""Walks along relations, in either direction, over any store: the shortest path between two concepts, and what lies
around one. Breadth first, a level at a time, in batches."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field

from graphstore.model import ConceptId, Relation, RelationKey
from graphstore.port import Relations

BATCH = 200
"""Concepts whose relations are read at once."""
LINKS = 500
"""Relations of one concept that are followed, the strongest."""
MOST = 50_000
"""Concepts that one walk looks at."""

RANKING = "distance, then confidence and support of the strongest relation that leads there"


@dataclass(frozen=True, slots=True)
class Path:
    """The relations from one concept to another, in order; or why none was found."""

    hops: tuple[RelationKey, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The nearest concepts around one, which is the first of them, and the relations among them."""

    concepts: tuple[ConceptId, ...]
    relations: tuple[Relation, ...]
    total: int
    """How many concepts lie within the depth, as far as the walk went."""
    truncated: bool
    """Whether there are more than were given."""


async def shortest_path(
    relations: Relations,
    ends: tuple[ConceptId, ConceptId],
    max_depth: int,
    types: Sequence[str] | None,
    time_limit: float,
) -> Path:
    """A shortest path of at most `max_depth` relations, searched from both ends, within so many seconds."""
    sides = [_Side.at(end) for end in ends]
    if ends[0] == ends[1]:
        return Path()
    try:
        async with asyncio.timeout(time_limit):
            return await _meet(relations, sides, max_depth, types)
    except TimeoutError:  # the store's own limit is one too
        looked = sum(len(side.came_by) for side in sides)
        return Path(reason=f"stopped at the time limit, after looking at {looked:,} concepts")


async def neighbourhood(
    relations: Relations, centre: ConceptId, depth: int, limit: int, types: Sequence[str] | None
) -> Neighbourhood:
    """The concepts within `depth` relations of the centre, the best `limit` of them, ranked as `RANKING` says."""
    found, frontier, complete = [centre], [centre], True
    for _ in range(depth):
        level, all_read = await _level(relations, frontier, set(found), types)
        complete = complete and all_read
        found += level
        frontier = level
    kept = tuple(found[:limit])
    inside = frozenset(kept)
    links = [link async for batch in _batches(relations, kept, types) for link in batch]
    among = {link.key: link for link in links if {link.key.source, link.key.target} <= inside}
    return Neighbourhood(kept, tuple(among.values()), len(found), not complete or len(found) > limit)


@dataclass(slots=True)
class _Side:
    """How far a search has come from one end."""

    frontier: list[ConceptId]
    came_by: dict[ConceptId, RelationKey | None] = field(default_factory=dict)

    @classmethod
    def at(cls, end: ConceptId) -> "_Side":
        return cls([end], {end: None})

    async def grow(self, relations: Relations, types: Sequence[str] | None) -> None:
        """Go one level further."""
        reached: list[ConceptId] = []
        inside = frozenset(self.frontier)
        async for links in _batches(relations, self.frontier, types):
            for link, _, there in _crossings(links, inside):
                if there not in self.came_by:
                    self.came_by[there] = link.key
                    reached.append(there)
        self.frontier = reached

    def way(self, concept: ConceptId) -> list[RelationKey]:
        """The relations back from a concept to the end."""
        way = []
        while (key := self.came_by[concept]) is not None:
            way.append(key)
            concept = key.source if key.target == concept else key.target
        return way


async def _meet(relations: Relations, sides: list[_Side], max_depth: int, types: Sequence[str] | None) -> Path:
    start, goal = sides
    for _ in range(max_depth):
        growing = min(sides, key=lambda side: len(side.frontier))
        if not growing.frontier:
            return Path(reason="nothing connects the two")
        if len(start.came_by) + len(goal.came_by) > MOST:
            return Path(reason=f"stopped after looking at {MOST:,} concepts")
        await growing.grow(relations, types)
        other = goal if growing is start else start
        if meeting := [concept for concept in growing.frontier if concept in other.came_by]:
            return Path((*reversed(start.way(meeting[0])), *goal.way(meeting[0])))
    return Path(reason=f"nothing connects the two within {max_depth} relation{'s' * (max_depth != 1)}")


async def _level(
    relations: Relations, frontier: Sequence[ConceptId], found: set[ConceptId], types: Sequence[str] | None
) -> tuple[list[ConceptId], bool]:
    """The concepts one level beyond the frontier, ranked, and whether they are all."""
    rank: dict[ConceptId, tuple[float, int, ConceptId]] = {}
    followed: Counter[ConceptId] = Counter()
    inside = frozenset(frontier)
    async for links in _batches(relations, frontier, types):
        for link, here, there in _crossings(links, inside):
            followed[here] += 1
            if there not in found:
                strength = (-link.confidence, -link.support, there)
                rank[there] = min(rank.get(there, strength), strength)
        if len(found) + len(rank) > MOST:
            break
    complete = len(found) + len(rank) <= MOST and all(count < LINKS for count in followed.values())
    return sorted(rank, key=rank.__getitem__), complete


def _crossings(
    links: Sequence[Relation], inside: frozenset[ConceptId]
) -> Iterator[tuple[Relation, ConceptId, ConceptId]]:
    """Each relation with its end inside and its other end, both ways where both are inside."""
    for link in links:
        source, _, target = link.key
        if source in inside:
            yield link, source, target
        if target in inside:
            yield link, target, source


async def _batches(
    relations: Relations, concepts: Sequence[ConceptId], types: Sequence[str] | None
) -> AsyncIterator[Sequence[Relation]]:
    """Strongest first, so that each store gives the same answer."""
    for first in range(0, len(concepts), BATCH):
        links = await relations.links(concepts[first : first + BATCH], types, LINKS)
        yield sorted(links, key=lambda link: (-link.confidence, -link.support, link.key))
