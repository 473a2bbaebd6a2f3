"""Walks along relations, over relations held in memory: how far they look, and what they say when they stop."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphstore import walks
from graphstore.errors import TimeLimitError
from graphstore.model import Relation, RelationKey
from graphstore.port import Relations

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Held:
    """As much of `Relations` as a walk needs."""

    keys: Sequence[tuple[str, str]]
    confidence: dict[tuple[str, str], float] = field(default_factory=dict)
    reads: list[list[str]] = field(default_factory=list)
    slow_after: int = 1_000_000
    fails: Exception | None = None

    async def links(self, ids: Sequence[str], types: Sequence[str] | None, limit: int) -> list[Relation]:
        """The strongest `limit` relations of each concept."""
        assert types is None
        self.reads.append(list(ids))
        if len(self.reads) > self.slow_after:
            if self.fails:
                raise self.fails
            await asyncio.Event().wait()
        found: dict[RelationKey, Relation] = {}
        for id in ids:
            mine = sorted((-self.confidence.get(k, 0.5), k) for k in self.keys if id in k)[:limit]
            for doubt, (source, target) in mine:
                key = RelationKey(source, "R", target)
                found[key] = Relation(key, -doubt, 1, contradicted=False, version=1, created=NOW, updated=NOW)
        return list(found.values())


@dataclass
class Shuffled(Held):
    """The same in no order."""

    chance: Random = field(default_factory=Random)

    async def links(self, ids: Sequence[str], types: Sequence[str] | None, limit: int) -> list[Relation]:
        """The strongest `limit` relations of each concept."""
        links = await super().links(ids, types, limit)
        self.chance.shuffle(links)
        return links


def over(held: Held) -> Relations:
    """The fake as the port."""
    return cast("Relations", held)


async def way(held: Held, start: str, end: str, max_depth: int = 10, seconds: float = 5) -> Any:
    """The concepts of a path, or why there is none."""
    found = await walks.shortest_path(over(held), (start, end), max_depth, None, seconds)
    if found.reason is not None:
        assert not found.hops
        return found.reason
    here, passed = start, []
    for source, _, target in found.hops:
        assert here in {source, target}
        here = target if here == source else source
        passed.append(here)
    return passed


EDGES = st.sets(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")).filter(lambda e: e[0] != e[1]))


@settings(deadline=None)
@given(edges=EDGES, max_depth=st.integers(1, 4))
def test_the_way_is_a_shortest_one(edges: set[tuple[str, str]], max_depth: int) -> None:
    """Whatever the graph, a path is found exactly when there is one, and none is shorter."""
    distance = {"a": 0}
    for _ in "abcdefgh":  # Bellman and Ford: no way is longer than the concepts are many
        for one, other in [*edges, *((b, a) for a, b in edges)]:
            if one in distance:
                distance[other] = min(distance.get(other, 99), distance[one] + 1)
    found = asyncio.run(way(Held(sorted(edges)), "a", "h", max_depth))
    if distance.get("h", 99) <= max_depth:
        assert len(found) == distance["h"]
        assert found[-1] == "h"
    else:
        assert isinstance(found, str)


@settings(deadline=None)
@given(edges=EDGES, chance=st.randoms(use_true_random=False))
def test_a_walk_does_not_depend_on_the_order_of_what_is_read(edges: set[tuple[str, str]], chance: Random) -> None:
    """Stores give relations in any order, and yet the same ways and neighbourhoods."""
    held, shuffled = Held(sorted(edges)), Shuffled(sorted(edges), chance=chance)

    async def walked(one: Held) -> tuple[walks.Path, walks.Neighbourhood]:
        path = await walks.shortest_path(over(one), ("a", "h"), 10, None, 5)
        return path, await walks.neighbourhood(over(one), "a", 3, 100, None)

    assert asyncio.run(walked(shuffled)) == asyncio.run(walked(held))


async def test_a_hub_is_read_from_the_other_side() -> None:
    """The smaller side grows: a way to a hub does not look at all that hangs on it."""
    held = Held([*((f"x{n}", "hub") for n in range(1_000)), ("x1", "y"), ("y", "z")])
    assert await way(held, "hub", "z") == ["x1", "y", "z"]
    assert all("x500" not in read for read in held.reads)


async def test_only_the_strongest_relations_of_a_hub_are_followed() -> None:
    """Of a concept with very many relations the strongest are followed, and what they lead to is found."""
    keys = [("hub", f"x{n}") for n in range(walks.LINKS + 100)]
    held = Held([*keys, ("x599", "z")], confidence={("hub", "x599"): 0.9})
    around = await walks.neighbourhood(over(held), "hub", 1, 10, None)
    assert around.concepts[:2] == ("hub", "x599")
    assert around.total == walks.LINKS + 1
    assert around.truncated


@pytest.mark.parametrize("fails", [None, TimeLimitError(5)])
async def test_a_way_that_takes_too_long_says_so(fails: Exception | None) -> None:
    """At the walk's own time limit, or the store's, the answer says how far the search came."""
    held = Held([(f"c{n}", f"c{n + 1}") for n in range(9)], slow_after=2, fails=fails)
    assert await way(held, "c0", "c9", seconds=0.05) == "stopped at the time limit, after looking at 4 concepts"


async def test_a_way_that_leads_too_far_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that has looked at very many concepts ends."""
    monkeypatch.setattr(walks, "MOST", 5)
    held = Held([(f"c{n}", f"c{n + 1}") for n in range(20)])
    assert await way(held, "c0", "c19", max_depth=50) == "stopped after looking at 5 concepts"


async def test_no_way_says_whether_there_is_none_at_all() -> None:
    """That nothing connects two concepts differs from that nothing short does."""
    held = Held([("a", "b"), ("b", "c"), ("x", "y")])
    assert await way(held, "a", "x") == "nothing connects the two"
    assert await way(held, "a", "c", max_depth=1) == "nothing connects the two within 1 relation"


async def test_reads_come_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """A level is read in batches, each concept once."""
    monkeypatch.setattr(walks, "BATCH", 3)
    held = Held([("a", f"b{n}") for n in range(7)])
    around = await walks.neighbourhood(over(held), "a", 2, 100, None)
    assert [len(read) for read in held.reads] == [1, 3, 3, 1, 3, 3, 2]
    assert (around.total, around.truncated, len(around.relations)) == (8, False, 7)


async def test_a_neighbourhood_that_is_too_wide_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A neighbourhood of very many concepts is not followed to its end, and says that it is cut."""
    monkeypatch.setattr(walks, "MOST", 5)
    monkeypatch.setattr(walks, "BATCH", 1)
    edges = [("a", f"b{n}") for n in range(4)] + [(f"b{n}", f"c{n}") for n in range(4)]
    around = await walks.neighbourhood(over(Held(edges)), "a", 2, 100, None)
    assert around.truncated
    assert around.total == 6
