"""Reading relations, what attests them, and walks along them."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass

from exploration.errors import InvalidRequest
from graphstore import walks
from graphstore.errors import NotFoundError
from graphstore.model import (
    RELATION_TYPE,
    Concept,
    ConceptId,
    Direction,
    Edge,
    Evidence,
    Page,
    RelationKey,
    SourceKind,
    Subject,
)
from resolvers.context import RequestContext
from resolvers.ids import CONCEPT, raw_id
from resolvers.loaders.graph import CountOf, EvidenceFor, RelationsOf, Types
from resolvers.paging import Slice, checked_range, checked_size

RELATIONS = "relations"
RELATED = "related"
EVIDENCE = "evidence"

PATH_DEPTH = 10
"""Relations in the longest path that is searched for."""
NEIGHBOURHOOD_DEPTH = 4
"""Levels of the widest neighbourhood."""
MOST_TYPES = 100
"""Relation types that may be named at once."""


@dataclass(frozen=True, slots=True)
class Hop:
    """A relation of a path, and the concept to which it leads."""

    relation: Edge
    concept: Concept


@dataclass(frozen=True, slots=True)
class Path:
    """A way from one concept to another, or why there is none."""

    found: bool
    hops: tuple[Hop, ...]
    reason: str | None


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What lies around a concept."""

    concepts: tuple[Concept, ...]
    relations: tuple[Edge, ...]
    total_count: int
    truncated: bool
    ranked_by: str


@dataclass(frozen=True, slots=True)
class TypeCount:
    """How many relations of a type there are."""

    type: str
    count: int


async def of_concept(
    context: RequestContext, concept: ConceptId, direction: Direction, types: Sequence[str] | None, part: Slice
) -> Page[Edge]:
    """A page of a concept's relations."""
    key = RelationsOf(concept, direction, checked_types(types), part.of(RELATIONS))
    return await context.loaders.relations.load(key)


def count(
    context: RequestContext, concept: ConceptId, direction: Direction, types: Sequence[str] | None
) -> Awaitable[int]:
    """How many such relations the concept has."""
    return context.loaders.relation_count.load(CountOf(concept, direction, checked_types(types)))


async def neighbours(
    context: RequestContext, concept: ConceptId, direction: Direction, types: Sequence[str] | None, part: Slice
) -> Page[Concept]:
    """A page of the concepts at the other ends."""
    key = RelationsOf(concept, direction, checked_types(types), part.of(RELATED))
    return await context.loaders.neighbours.load(key)


def count_neighbours(
    context: RequestContext, concept: ConceptId, direction: Direction, types: Sequence[str] | None
) -> Awaitable[int]:
    """How many such neighbours the concept has."""
    return context.loaders.neighbour_count.load(CountOf(concept, direction, checked_types(types)))


async def evidence(context: RequestContext, subject: Subject, part: Slice) -> Page[Evidence]:
    """A page of what attests a concept or a relation."""
    return await context.loaders.evidence.load(EvidenceFor(subject, part.of(EVIDENCE)))


def count_evidence(context: RequestContext, subject: Subject) -> Awaitable[int]:
    """How many pieces of evidence there are."""
    return context.loaders.evidence_count.load(subject)


async def source_kinds(context: RequestContext, subject: Subject) -> Sequence[SourceKind]:
    """The kinds of sources that attest a concept or a relation, in the order in which kinds are listed."""
    kinds = await context.loaders.source_kinds.load(subject)
    return [kind for kind in SourceKind if kind in kinds]


async def types(context: RequestContext) -> Sequence[TypeCount]:
    """All types in use, the most frequent first."""
    counts = await context.store.relations.types()
    return [TypeCount(type, counts[type]) for type in sorted(counts, key=lambda name: (-counts[name], name))]


async def path(context: RequestContext, start: str, end: str, max_depth: int, types: Sequence[str] | None) -> Path:
    """A shortest way between two concepts, along relations in either direction."""
    checked_range("maxDepth", max_depth, 1, PATH_DEPTH)
    allowed = checked_types(types)
    ends = (await _stored(context, "from", start)).id, (await _stored(context, "to", end)).id
    limit = context.services.walk_seconds
    found = await walks.shortest_path(context.store.relations, ends, max_depth, allowed, limit)
    return Path(found.reason is None, await _hops(context, ends[0], found.hops), found.reason)


async def neighbourhood(
    context: RequestContext, centre: str, depth: int, first: int, types: Sequence[str] | None
) -> Neighbourhood:
    """The nearest concepts around one, and the relations among them."""
    checked_range("depth", depth, 1, NEIGHBOURHOOD_DEPTH)
    limit, allowed = checked_size("first", first), checked_types(types)
    id = (await _stored(context, "of", centre)).id
    around = await walks.neighbourhood(context.store.relations, id, depth, limit, allowed)
    concepts = await context.store.concepts.get(around.concepts)
    return Neighbourhood(
        concepts=tuple(concepts[id] for id in around.concepts if id in concepts),
        relations=tuple(
            Edge(relation, concepts[relation.key.source], concepts[relation.key.target])
            for relation in around.relations
            if {relation.key.source, relation.key.target} <= concepts.keys()
        ),
        total_count=around.total,
        truncated=around.truncated,
        ranked_by=walks.RANKING,
    )


def checked_types(types: Sequence[str] | None) -> Types:
    """The relation types, if they look like some. Raises `InvalidRequest`."""
    if types is None:
        return None
    if len(types) > MOST_TYPES:
        raise InvalidRequest("types", f"{len(types):,} types are named; at most {MOST_TYPES} are allowed")
    for type in types:
        checked_type("types", type)
    return tuple(sorted(set(types)))


def checked_type(argument: str, type: str) -> str:
    """The relation type, if it looks like one. Raises `InvalidRequest`."""
    if RELATION_TYPE.fullmatch(type) is None:
        message = f"{type[:80]!r} is no relation type; 1 to 64 of A-Z, 0-9 and _ are allowed, a letter first"
        raise InvalidRequest(argument, message)
    return type


async def _stored(context: RequestContext, argument: str, id: str) -> Concept:
    concept = await context.loaders.concept.load(raw_id(argument, id, CONCEPT))
    if concept is None:
        raise NotFoundError("concept", id)
    return concept


async def _hops(context: RequestContext, start: ConceptId, keys: Sequence[RelationKey]) -> tuple[Hop, ...]:
    """The relations of a path with the concepts they lead to, in one read."""
    hops, here = [], start
    for edge in await context.loaders.relation.load_many(keys):
        if edge is None:  # deleted since the walk
            break
        concept = edge.target if edge.source.id == here else edge.source
        hops.append(Hop(edge, concept))
        here = concept.id
    return tuple(hops)
