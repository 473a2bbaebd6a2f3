"""What people change in the graph by hand: each change is evidence from a source of kind PERSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from exploration.errors import InvalidRequest
from exploration.request import check_text
from graphstore.errors import NotFoundError
from graphstore.model import (
    Concept,
    ConceptPatch,
    Edge,
    EvidenceClaim,
    Knowledge,
    SourceClaim,
    SourceKind,
    name_key,
)
from resolvers import ids
from resolvers.claims import MOST_CONCEPTS, TEXT_LENGTH, check_knowledge, check_patch
from resolvers.concepts import NAME_LENGTH
from resolvers.context import RequestContext
from resolvers.idempotency import idempotency
from resolvers.relations import checked_type

URL_LENGTH = 2_000
"""Characters of the longest address."""


@dataclass(frozen=True, slots=True)
class Added:
    """What became of the knowledge that somebody added."""

    concepts: Sequence[Concept]
    created: Sequence[Concept]
    relations: Sequence[Edge]


async def add(context: RequestContext, knowledge: Knowledge, key: str | None) -> Added:
    """Record what a person states; with the key of an earlier request, give that one's answer."""
    check_knowledge(knowledge)
    await _check_stored(context, knowledge)
    repeat = idempotency(context, "addKnowledge", key, knowledge)
    recorded = await context.write(context.store.curation.add(knowledge, repeat))
    concepts = await context.loaders.concept.load_many(dict.fromkeys(recorded.concepts.values()))
    edges = await context.loaders.relation.load_many(recorded.relations)
    stored = [concept for concept in concepts if concept is not None]
    return Added(
        concepts=stored,
        created=[concept for concept in stored if concept.id in recorded.created],
        relations=[edge for edge in edges if edge is not None],
    )


async def update_concept(
    context: RequestContext, id: str, patch: ConceptPatch, expected_version: int, note: str
) -> Concept:
    """Change a concept, on the caller's word."""
    raw = ids.raw_id("input.id", id, ids.CONCEPT)
    check_patch(patch)
    change = context.store.curation.update_concept(raw, patch, expected_version, _word_of(context, note))
    return await context.write(change)


async def delete_concept(context: RequestContext, id: str) -> str:
    """Delete a concept with all that is said of it; its id."""
    await context.write(context.store.curation.delete_concept(ids.raw_id("input.id", id, ids.CONCEPT)))
    return id


async def update_relation(context: RequestContext, id: str, type: str, expected_version: int, note: str) -> Edge:
    """Give a relation another type, on the caller's word."""
    key = ids.relation_key("input.id", id)
    checked_type("input.type", type)
    change = context.store.curation.retype_relation(key, type, expected_version, _word_of(context, note))
    relation = await context.write(change)
    edge = await context.loaders.relation.load(relation.key)
    if edge is None:  # deleted since
        raise NotFoundError("relation", id)
    return edge


async def delete_relation(context: RequestContext, id: str) -> str:
    """Delete a relation with what attests it; its id."""
    await context.write(context.store.curation.delete_relation(ids.relation_key("input.id", id)))
    return id


async def delete_source(context: RequestContext, id: str) -> str:
    """Delete a source with all that it attests; its id."""
    await context.write(context.store.curation.delete_source(ids.raw_id("input.id", id, ids.SOURCE)))
    return id


async def merge(context: RequestContext, into: str, others: Sequence[str]) -> Concept:
    """Make several concepts one."""
    if not 1 <= len(others) <= MOST_CONCEPTS:
        raise InvalidRequest("input.others", f"{len(others):,} ids are given; 1 to {MOST_CONCEPTS} are allowed")
    raw_others = [ids.raw_id("input.others", other, ids.CONCEPT) for other in others]
    change = context.store.curation.merge(ids.raw_id("input.into", into, ids.CONCEPT), raw_others)
    return await context.write(change)


async def unmerge(context: RequestContext, id: str) -> Concept:
    """Take a concept out of the one into which it was merged."""
    return await context.write(context.store.curation.unmerge(ids.raw_id("input.id", id, ids.CONCEPT)))


def person(context: RequestContext) -> SourceClaim:
    """The caller, as a source."""
    key = f"person:{context.principal}"
    return SourceClaim(key, key, SourceKind.PERSON, context.principal)


def cited(title: str, url: str | None, kind: SourceKind) -> SourceClaim:
    """A source that a person cites. Pages of one host are not independent of each other."""
    check_text("input.source.title", title, NAME_LENGTH)
    if url is None:
        key = f"title:{name_key(title)}"
        return SourceClaim(key, key, kind, title)
    check_text("input.source.url", url, URL_LENGTH)
    host = _host(url)
    return SourceClaim(f"url:{url}", f"host:{host}", kind, title, url)


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidRequest("input.source.url", "give an absolute address that begins with http:// or https://")
    return parts.hostname


def _word_of(context: RequestContext, note: str) -> EvidenceClaim:
    """What a person says of a change."""
    return EvidenceClaim(person(context), check_text("input.note", note, TEXT_LENGTH, empty=True), 1.0)


async def _check_stored(context: RequestContext, knowledge: Knowledge) -> None:
    """Raise `NotFoundError` for the first concept that is said to be stored and is not."""
    named = [claim.id for claim in knowledge.concepts if claim.id is not None]
    for id, found in zip(named, await context.loaders.concept.load_many(named), strict=True):
        if found is None:
            raise NotFoundError("concept", id)
