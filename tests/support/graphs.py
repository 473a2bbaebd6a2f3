"""A workspace's content by key, to compare graphs that were made at different times under different ids."""

from typing import Any

from graphstore.model import (
    Concept,
    Event,
    EventKind,
    Image,
    Member,
    Relation,
    RelationKey,
    Source,
    StoredEvidence,
    Subject,
)
from graphstore.port import Store

Named = tuple[str, str]


async def graph_by_key(store: Store) -> dict[str, Any]:
    """Concepts, relations, evidence, memberships and images without ids and times."""
    records = [record async for record in store.archive.export()]
    names: dict[str, Named] = {c.id: (c.key, c.sense) for c in records if isinstance(c, Concept)}
    sources = {s.id: s.key for s in records if isinstance(s, Source)}

    def subject(of: Subject) -> tuple[Any, ...]:
        return (names[of.source], of.type, names[of.target]) if isinstance(of, RelationKey) else names[of]

    return {
        "concepts": {names[c.id]: _content(c) for c in records if isinstance(c, Concept)},
        "relations": {
            subject(r.key): (r.confidence, r.support, r.contradicted) for r in records if isinstance(r, Relation)
        },
        "evidence": sorted(
            (str(subject(e.subject)), sources[e.source], e.quote, e.confidence)
            for e in records
            if isinstance(e, StoredEvidence)
        ),
        "images": sorted((names[i.concept], i.status) for i in records if isinstance(i, Image)),
        "members": sorted((names[m.concept], m.depth) for m in records if isinstance(m, Member)),
    }


async def check_history(store: Store, exploration: str) -> None:
    """Numbers run 1..n, and the concepts and images that the events tell of are exactly those stored, each once."""
    records = [record async for record in store.archive.export()]
    events = [e for e in records if isinstance(e, Event) and e.exploration == exploration]
    assert [e.seq for e in sorted(events, key=lambda e: e.seq)] == list(range(1, len(events) + 1))
    told = [id for e in events if e.kind is EventKind.GRAPH_GREW for id in e.concepts]
    members = [m.concept for m in records if isinstance(m, Member) and m.exploration == exploration]
    assert sorted(told) == sorted(members)
    shown = [e.image for e in events if e.kind is EventKind.IMAGE_READY]
    made = [i.id for i in records if isinstance(i, Image) and i.exploration == exploration]
    assert sorted(filter(None, shown)) == sorted(made)
    assert len(shown) == len(made)


def _content(concept: Concept) -> tuple[Any, ...]:
    external = tuple(sorted(concept.external_ids.items()))
    return (
        *(concept.name, concept.kind, concept.domain, concept.summary, tuple(sorted(concept.aliases)), external),
        *(concept.confidence, concept.support, concept.degree),
    )
