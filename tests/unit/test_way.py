"""The way from a topic to a concept, as those are told of it who are asked about the concept."""

from itertools import pairwise

from exploration.way import way_to
from graphstore.port import Store
from tests.support.claims import added, says, stored

CHAIN = ("folding", "paper", "plant", "cellulose", "glue")


async def chain(store: Store) -> dict[str, str]:
    """Concepts that lead to each other; the last one is led to by nobody."""
    relations = tuple(says(one, "LEADS_TO", other) for one, other in pairwise(CHAIN[:-1]))
    return dict(await added(store, *CHAIN, relations=relations))


async def test_it_names_the_concepts_between(store: Store) -> None:
    """The topic as it was typed, then each concept on the way, without the one that is asked about."""
    ids = await chain(store)
    way = await way_to(store, "the art of folding", ids["folding"], await stored(store, ids["cellulose"]), 3)
    assert way == ("the art of folding", "paper", "plant")


async def test_one_step_away_only_the_topic_lies_on_the_way(store: Store) -> None:
    """Nothing is between a topic and its neighbour, nor between it and itself, nor before it is stored."""
    ids = await chain(store)
    assert await way_to(store, "folding", ids["folding"], await stored(store, ids["paper"]), 1) == ("folding",)
    assert await way_to(store, "folding", ids["folding"], await stored(store, ids["folding"]), 0) == ("folding",)
    assert await way_to(store, "folding", None, await stored(store, ids["paper"]), 1) == ("folding",)


async def test_without_a_way_the_topic_alone_is_told(store: Store) -> None:
    """A concept to which no relations lead, or none within its depth, is asked about all the same."""
    ids = await chain(store)
    assert await way_to(store, "folding", ids["folding"], await stored(store, ids["glue"]), 4) == ("folding",)
    assert await way_to(store, "folding", ids["folding"], await stored(store, ids["cellulose"]), 2) == ("folding",)
