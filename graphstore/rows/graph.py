"""Concepts, relations and evidence as rows of plain values, and back."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Any, TypeAlias, TypeVar

import orjson

from graphstore.errors import InvalidError
from graphstore.model import (
    Concept,
    Lease,
    Member,
    Merge,
    Relation,
    RelationKey,
    Source,
    SourceKind,
    StoredEvidence,
    Subject,
    Tombstone,
)

T = TypeVar("T")

Row: TypeAlias = tuple[Any, ...]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

CONCEPT = (
    *("id", "name", "key", "sense", "kind", "domain", "summary", "aliases", "external_ids"),
    *("confidence", "support", "degree", "version", "created", "updated"),
)
RELATION = ("source", "type", "target", "confidence", "support", "contradicted", "version", "created", "updated")
SOURCE = ("id", "key", "origin", "kind", "title", "url", "created")
MAYBE_OF_SOURCE = ("url",)
"""What may be null of it. Of records without such a list nothing may."""
EVIDENCE = (
    *("id", "subject_source", "subject_type", "subject_target"),
    *("asserted_source", "asserted_type", "asserted_target", "source", "quote", "confidence", "created"),
)
MAYBE_OF_EVIDENCE = ("asserted_source", "asserted_type", "asserted_target")
TOMBSTONE = ("mark", "created")


def listed(columns: Iterable[str], table: str = "") -> str:
    """The columns as a query lists them, of the named table or node."""
    return ", ".join(f"{table}.{c}" if table else c for c in columns)


def known(kind: Callable[..., T], stored: Mapping[str, Any]) -> T:
    """The value whose fields are stored under their names. What a newer program has added is left out, so that it can
    be rolled out beside this one."""
    fields = _fields(kind)
    return kind(**(stored if stored.keys() <= fields else {name: stored[name] for name in fields & stored.keys()}))


@cache
def _fields(kind: Any) -> frozenset[str]:
    return frozenset(field.name for field in dataclass_fields(kind))


def is_text(value: str) -> bool:
    """Whether a string is free of lone surrogates."""
    return value.isascii() or not any("\ud800" <= c <= "\udfff" for c in value)


def as_json(value: Any) -> bytes:
    """A nested value as it is stored. Raises `InvalidError` for one with a text that is none."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError as error:  # a lone surrogate
        raise InvalidError(f"this cannot be stored: {error}") from error


@lru_cache(4_096)  # what came in one transaction has one time
def moment(microseconds: int) -> datetime:
    """A stored time."""
    return _EPOCH + timedelta(microseconds=microseconds)


def microseconds(at: datetime) -> int:
    """A time as it is stored."""
    return (at - _EPOCH) // _MICROSECOND


def maybe_moment(microseconds: int | None) -> datetime | None:
    """A stored time that may be missing."""
    return None if microseconds is None else moment(microseconds)


def lease(token: str | None, until: int | None) -> Lease | None:
    """A stored right to commit. Neo4j reads the properties of a node one after another, so that one of these may be
    from before a commit that took or gave back the lease, and the other from after it: nobody is named then."""
    return None if token is None or until is None else Lease(token, moment(until))


def maybe_microseconds(at: datetime | None) -> int | None:
    """A time that may be missing, as it is stored."""
    return None if at is None else microseconds(at)


def concept(row: Row) -> Concept:
    """From `CONCEPT`. Aliases are a list where the store knows lists, else JSON."""
    id, name, key, sense, kind, domain, summary, aliases, external_ids, confidence, support, degree = row[:12]
    return Concept(
        *(id, name, key, sense, kind, domain, summary),
        tuple(aliases if isinstance(aliases, list) else orjson.loads(aliases)) if aliases else (),
        orjson.loads(external_ids) if external_ids else {},
        *(confidence, support, degree, row[12]),
        moment(row[13]),
        moment(row[14]),
    )


def concept_row(concept: Concept) -> Row:
    """To `CONCEPT` and the words of its aliases."""
    c = concept
    return (
        *(c.id, c.name, c.key, c.sense, c.kind, c.domain, c.summary),
        as_json(c.aliases).decode() if c.aliases else "",
        as_json(dict(c.external_ids)).decode() if c.external_ids else "",
        *(c.confidence, c.support, c.degree, c.version, microseconds(c.created), microseconds(c.updated)),
        "\n".join(c.aliases),
    )


def relation(row: Row) -> Relation:
    """From `RELATION`."""
    return Relation(
        RelationKey(row[0], row[1], row[2]),
        row[3],
        row[4],
        row[5] == 1,
        row[6],
        moment(row[7]),
        moment(row[8]),
    )


def relation_row(relation: Relation) -> Row:
    """To `RELATION`."""
    r = relation
    return (
        *r.key,
        r.confidence,
        r.support,
        r.contradicted,
        r.version,
        microseconds(r.created),
        microseconds(r.updated),
    )


def source(row: Row) -> Source:
    """From `SOURCE`."""
    id, key, origin, kind, title, url, created = row
    return Source(id, key, origin, SourceKind(kind), title, url, moment(created))


def source_row(source: Source) -> Row:
    """To `SOURCE`."""
    s = source
    return (s.id, s.key, s.origin, s.kind, s.title, s.url, microseconds(s.created))


def subject(source: str, type: str, target: str) -> Subject:
    """From three columns; for a concept the last two are empty."""
    return RelationKey(source, type, target) if type else source


def subject_row(subject: Subject) -> tuple[str, str, str]:
    """To three columns."""
    return (*subject,) if isinstance(subject, RelationKey) else (subject, "", "")


def evidence(row: Row) -> StoredEvidence:
    """From `EVIDENCE`."""
    present = subject(*row[1:4])
    asserted = present if row[4] is None else subject(*row[4:7])
    return StoredEvidence(row[0], present, asserted, row[7], row[8], row[9], moment(row[10]))


def evidence_row(evidence: StoredEvidence) -> Row:
    """To `EVIDENCE` and the digest."""
    e = evidence
    asserted = subject_row(e.asserted)
    return (
        e.id,
        *subject_row(e.subject),
        *((None, None, None) if e.asserted == e.subject else asserted),
        *(e.source, e.quote, e.confidence, microseconds(e.created)),
        blake2b(as_json((asserted, e.source, e.quote)), digest_size=16).digest(),
    )


def tombstone(row: Row) -> Tombstone:
    """From `TOMBSTONE`."""
    return Tombstone(row[0], moment(row[1]))


def merge(row: Row) -> Merge:
    """From the one column `body`."""
    body = orjson.loads(row[0])
    return Merge(
        concept=_concept_from(body["concept"]),
        into=body["into"],
        added_aliases=tuple(body["added_aliases"]),
        added_external_ids=body["added_external_ids"],
        memberships=tuple(known(Member, m) for m in body["memberships"]),
        joined=tuple(body["joined"]),
        created=datetime.fromisoformat(body["created"]),
    )


def merge_row(merge: Merge) -> Row:
    """To `id`, `target`, `body`."""
    plain = replace(merge, concept=replace(merge.concept, external_ids=dict(merge.concept.external_ids)))
    plain = replace(plain, added_external_ids=dict(merge.added_external_ids))
    return (merge.concept.id, merge.into, as_json(plain).decode())


def _concept_from(body: Mapping[str, Any]) -> Concept:
    times = {name: datetime.fromisoformat(body[name]) for name in ("created", "updated")}
    return known(Concept, {**body, **times, "aliases": tuple(body["aliases"])})
