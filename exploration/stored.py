"""The stored graph as a knowledge source: exploring it ranks the neighbours that are there, and creates nothing."""

import math
from collections.abc import Sequence

from graphstore.model import Concept, ConceptFilter, Direction, Edge, PageRequest, name_key
from graphstore.port import Store
from providers.knowledge.port import (
    Ambiguous,
    Card,
    Findings,
    Known,
    Link,
    Question,
    Resolution,
    Subject,
    Unknown,
)
from providers.price import Price

CONSIDERED = 200
"""How many relations of one concept are ranked at most, the strongest."""

SUGGESTIONS = 5


class StoredGraph:
    """`providers.knowledge.port.KnowledgeSource` over what one workspace holds already, imported data for example."""

    name = "graph"

    def __init__(self, store: Store) -> None:
        self._store = store

    def card(self) -> Card:
        """See `KnowledgeSource.card`."""
        return Card(
            self.name, "What is stored already: imported data and earlier explorations.", True, None, "free", True
        )

    def price(self, question: Question) -> Price:  # noqa: ARG002 - the port's signature
        """See `KnowledgeSource.price`."""
        return Price()

    async def resolve(self, topic: str) -> Resolution:
        """See `KnowledgeSource.resolve`. A concept of that very name goes before those with such an alias."""
        key = name_key(topic)
        called = (await self._store.concepts.named([key])).get(key, ())
        senses = [c for c in called if c.key == key] or list(called)
        if len(senses) == 1:
            return Known(_subject(senses[0]))
        if senses:
            return Ambiguous(tuple(_subject(c) for c in senses))
        found = await self._store.concepts.search(topic, ConceptFilter(), PageRequest(SUGGESTIONS))
        return Unknown(tuple(dict.fromkeys(item.value.value.name for item in found.items)))

    async def research(self, question: Question) -> Findings | None:
        """See `KnowledgeSource.research`. A subject is looked up by its id, so a shared name leads nowhere else."""
        concept = await self._find(question.subject)
        if concept is None:
            return None
        pages = await self._store.relations.of([concept.id], Direction.BOTH, None, PageRequest(CONSIDERED))
        edges = [item.value for item in pages[concept.id].items] if concept.id in pages else []
        ranked = sorted(edges, key=lambda e: _rank(e, _other(e, concept)))
        return Findings(_subject(concept), tuple(_links(concept, ranked, question.breadth)))

    async def _find(self, subject: Subject) -> Concept | None:
        if subject.concept_id is not None:
            return (await self._store.concepts.get([subject.concept_id])).get(subject.concept_id)
        resolution = await self.resolve(subject.name)
        if not isinstance(resolution, Known) or resolution.subject.concept_id is None:
            return None
        return (await self._store.concepts.get([resolution.subject.concept_id])).get(resolution.subject.concept_id)


def _rank(edge: Edge, other: Concept) -> tuple[float, str, str]:
    """Best attested first, then towards the better connected; the name and the id make it one order for good."""
    attested = edge.relation.confidence * (1 + math.log1p(edge.relation.support))
    return -attested * (1 + math.log1p(other.degree)), other.key, other.id


def _links(concept: Concept, edges: Sequence[Edge], breadth: int) -> list[Link]:
    near = list(dict.fromkeys(_other(e, concept).id for e in edges))[:breadth]
    return [_link(concept, e) for e in edges if _other(e, concept).id in near]


def _link(concept: Concept, edge: Edge) -> Link:
    other = _other(edge, concept)
    return Link(edge.relation.key.type, _subject(other), edge.source.id == concept.id, edge.relation.confidence)


def _other(edge: Edge, concept: Concept) -> Concept:
    return edge.target if edge.source.id == concept.id else edge.source


def _subject(concept: Concept) -> Subject:
    return Subject(
        name=concept.name,
        kind=concept.kind,
        domain=concept.domain,
        summary=concept.summary,
        aliases=concept.aliases,
        external_ids=concept.external_ids,
        concept_id=concept.id,
    )
