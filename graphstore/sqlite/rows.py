"""Rows of the file as values of the domain, and back."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Any, TypeAlias

import orjson

from graphstore.model import (
    Budget,
    Concept,
    Event,
    EventKind,
    Exploration,
    ExplorationStatus,
    IdempotentResult,
    Lease,
    Member,
    Merge,
    Options,
    Progress,
    Relation,
    RelationKey,
    Source,
    SourceKind,
    Spend,
    Step,
    StepKind,
    StepState,
    StoredEvidence,
    Subject,
    Tombstone,
    name_key,
)

Row: TypeAlias = tuple[Any, ...]
Parameters: TypeAlias = dict[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

CONCEPT = (
    *("id", "name", "key", "sense", "kind", "domain", "summary", "aliases", "external_ids"),
    *("confidence", "support", "degree", "version", "created", "updated"),
)
RELATION = ("source", "type", "target", "confidence", "support", "contradicted", "version", "created", "updated")
SOURCE = ("id", "key", "origin", "kind", "title", "url", "created")
EVIDENCE = (
    *("id", "subject_source", "subject_type", "subject_target"),
    *("asserted_source", "asserted_type", "asserted_target", "source", "quote", "confidence", "created"),
)
EXPLORATION = (
    *("id", "topic", "status", "reason", "options", "budget", "spent", "progress", "root"),
    *("lease_token", "lease_until", "next_seq", "created", "started", "finished"),
)
STEP = (
    *("id", "exploration", "kind", "concept", "depth", "priority", "state", "attempts", "error"),
    *("spent", "reserved", "retry_at", "created", "finished"),
)
MEMBER = ("exploration", "concept", "depth", "created", "seq")
EVENT = ("exploration", "seq", "kind", "at", "step", "body")
TOMBSTONE = ("mark", "created")
IDEMPOTENT_RESULT = ("principal", "mutation", "key", "input_hash", "result", "created")


def listed(columns: Iterable[str], table: str = "") -> str:
    """The columns as SQL, of the named table."""
    return ", ".join(f"{table}.{c}" if table else c for c in columns)


def as_json(values: Iterable[Any]) -> str:
    """Many values as one parameter, for `json_each`. What could never be stored is matched by nothing."""
    return orjson.dumps([v if _storable(v) else None for v in values]).decode()


def is_text(value: str) -> bool:
    """Whether a string is free of lone surrogates."""
    return value.isascii() or not any("\ud800" <= c <= "\udfff" for c in value)


def _storable(value: Any) -> bool:
    if isinstance(value, str):  # SQLite's JSON ends a text at NUL
        return "\0" not in value and is_text(value)
    return not isinstance(value, tuple | list) or all(map(_storable, value))


@lru_cache(4_096)  # what came in one transaction has one time
def moment(microseconds: int) -> datetime:
    """A stored time."""
    return _EPOCH + timedelta(microseconds=microseconds)


def microseconds(at: datetime) -> int:
    """A time as it is stored."""
    return (at - _EPOCH) // _MICROSECOND


def concept(row: Row) -> Concept:
    """From `CONCEPT`."""
    id, name, key, sense, kind, domain, summary, aliases, external_ids, confidence, support, degree = row[:12]
    return Concept(
        *(id, name, key, sense, kind, domain, summary),
        tuple(orjson.loads(aliases)) if aliases else (),
        orjson.loads(external_ids) if external_ids else {},
        *(confidence, support, degree, row[12]),
        moment(row[13]),
        moment(row[14]),
    )


def concept_row(concept: Concept) -> Row:
    """To `CONCEPT`."""
    c = concept
    return (
        *(c.id, c.name, c.key, c.sense, c.kind, c.domain, c.summary),
        orjson.dumps(c.aliases).decode() if c.aliases else "",
        orjson.dumps(dict(c.external_ids)).decode() if c.external_ids else "",
        *(c.confidence, c.support, c.degree, c.version, microseconds(c.created), microseconds(c.updated)),
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
        blake2b(orjson.dumps((asserted, e.source, e.quote)), digest_size=16).digest(),
    )


def exploration(row: Row) -> Exploration:
    """From `EXPLORATION`."""
    options = orjson.loads(row[4])
    return Exploration(
        id=row[0],
        topic=row[1],
        status=ExplorationStatus(row[2]),
        reason=row[3],
        options=Options(**{**options, "sources": tuple(options["sources"])}),
        budget=Budget(**orjson.loads(row[5])),
        spent=Spend(**orjson.loads(row[6])),
        progress=Progress(**orjson.loads(row[7])),
        root=row[8],
        lease=None if row[9] is None else Lease(row[9], moment(row[10])),
        next_seq=row[11],
        created=moment(row[12]),
        started=_maybe_moment(row[13]),
        finished=_maybe_moment(row[14]),
    )


def exploration_row(exploration: Exploration) -> Row:
    """To `EXPLORATION` and the topic's key."""
    e = exploration
    return (
        *(e.id, e.topic, e.status, e.reason),
        *(orjson.dumps(part).decode() for part in (e.options, e.budget, e.spent, e.progress)),
        e.root,
        *((e.lease.token, microseconds(e.lease.until)) if e.lease else (None, None)),
        *(e.next_seq, microseconds(e.created), _maybe_microseconds(e.started), _maybe_microseconds(e.finished)),
        name_key(e.topic),
    )


def step(row: Row) -> Step:
    """From `STEP`."""
    return Step(
        id=row[0],
        exploration=row[1],
        kind=StepKind(row[2]),
        concept=row[3],
        depth=row[4],
        priority=row[5],
        state=StepState(row[6]),
        attempts=row[7],
        error=row[8],
        spent=Spend(**orjson.loads(row[9])),
        reserved=None if row[10] is None else Spend(**orjson.loads(row[10])),
        retry_at=_maybe_moment(row[11]),
        created=moment(row[12]),
        finished=_maybe_moment(row[13]),
    )


def step_row(step: Step) -> Row:
    """To `STEP`."""
    s = step
    return (
        *(s.id, s.exploration, s.kind, s.concept, s.depth, s.priority, s.state, s.attempts, s.error),
        orjson.dumps(s.spent).decode(),
        None if s.reserved is None else orjson.dumps(s.reserved).decode(),
        *(_maybe_microseconds(s.retry_at), microseconds(s.created), _maybe_microseconds(s.finished)),
    )


def member(row: Row) -> Member:
    """From `MEMBER`."""
    return Member(row[0], row[1], row[2], row[3] == 1, row[4])


def member_row(member: Member) -> Row:
    """To `MEMBER`."""
    return (member.exploration, member.concept, member.depth, member.created, member.seq)


def event(row: Row) -> Event:
    """From `EVENT`."""
    exploration, seq, kind, at, step, body = row
    b = orjson.loads(body)
    return Event(
        exploration=exploration,
        seq=seq,
        kind=EventKind(kind),
        at=moment(at),
        progress=Progress(**b["progress"]),
        concepts=tuple(b.get("concepts", ())),
        created=tuple(b.get("created", ())),
        relations=tuple(RelationKey(*key) for key in b.get("relations", ())),
        step=step,
        error=b.get("error"),
        will_retry=b.get("will_retry", False),
        status=ExplorationStatus(b["status"]) if "status" in b else None,
        reason=b.get("reason"),
    )


def event_row(event: Event) -> Row:
    """To `EVENT`."""
    e = event
    body = {
        "progress": e.progress,
        "concepts": e.concepts,
        "created": e.created,
        "relations": [tuple(key) for key in e.relations],
        "error": e.error,
        "will_retry": e.will_retry,
        "status": e.status,
        "reason": e.reason,
    }
    told = {name: value for name, value in body.items() if value not in (None, (), [], False)}
    return (e.exploration, e.seq, e.kind, microseconds(e.at), e.step, orjson.dumps(told).decode())


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
        memberships=tuple(Member(**m) for m in body["memberships"]),
        joined=tuple(body["joined"]),
        created=datetime.fromisoformat(body["created"]),
    )


def merge_row(merge: Merge) -> Row:
    """To `id`, `target`, `body`."""
    plain = replace(merge, concept=replace(merge.concept, external_ids=dict(merge.concept.external_ids)))
    plain = replace(plain, added_external_ids=dict(merge.added_external_ids))
    return (merge.concept.id, merge.into, orjson.dumps(plain).decode())


def idempotent_result(row: Row) -> IdempotentResult:
    """From `IDEMPOTENT_RESULT`."""
    principal, mutation, key, input_hash, result, created = row
    return IdempotentResult(principal, mutation, key, input_hash, result, moment(created))


def idempotent_result_row(result: IdempotentResult) -> Row:
    """To `IDEMPOTENT_RESULT`."""
    r = result
    return (r.principal, r.mutation, r.key, r.input_hash, r.result, microseconds(r.created))


def _concept_from(body: Mapping[str, Any]) -> Concept:
    times = {name: datetime.fromisoformat(body[name]) for name in ("created", "updated")}
    return Concept(**{**body, **times, "aliases": tuple(body["aliases"])})


def _maybe_moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else moment(microseconds)


def _maybe_microseconds(at: datetime | None) -> int | None:
    return None if at is None else microseconds(at)
