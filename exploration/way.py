"""The way that leads from a topic to one of its concepts, as a knowledge source is told of it."""

from graphstore.model import Concept, RelationKey
from graphstore.port import Store
from graphstore.walks import shortest_path

TIME_LIMIT = 2.0
"""Seconds. A source that is not told of the way answers nearly as well."""


async def way_to(store: Store, topic: str, root: str | None, concept: Concept, depth: int) -> tuple[str, ...]:
    """The names of the concepts between, the topic first; the topic alone where no way of that depth is known."""
    if root is None or root == concept.id:
        return (topic,)
    path = await shortest_path(store.relations, (root, concept.id), depth, None, TIME_LIMIT)
    between = _between(root, path.hops)
    names = {id: c.name for id, c in (await store.concepts.get(between)).items()} if between else {}
    return (topic, *(names[id] for id in between if id in names))


def _between(start: str, hops: tuple[RelationKey, ...]) -> list[str]:
    """The concepts that the hops pass through, without both ends."""
    at, passed = start, []
    for hop in hops[:-1]:
        at = hop.target if hop.source == at else hop.source
        passed.append(at)
    return passed
