"""Explorations, and what belongs to them, as rows of plain values, and back."""

from typing import Any

import orjson

from graphstore.model import (
    Budget,
    Event,
    EventKind,
    Exploration,
    ExplorationStatus,
    IdempotentResult,
    Member,
    Options,
    Pictures,
    Progress,
    RelationKey,
    Spend,
    Step,
    StepKind,
    StepState,
    name_key,
)
from graphstore.rows.graph import Row, as_json, known, lease, maybe_microseconds, maybe_moment, microseconds, moment

EXPLORATION = (
    *("id", "topic", "status", "reason", "options", "budget", "spent", "progress", "root"),
    *("lease_token", "lease_until", "next_seq", "created", "started", "finished"),
)
"""`status` is before `next_seq`: where they are read one after another, who reads that it has ended reads a number that
has all events behind it."""
MAYBE_OF_EXPLORATION = ("reason", "root", "lease_token", "lease_until", "started", "finished")
STEP = (
    *("id", "exploration", "kind", "concept", "depth", "priority", "state", "attempts", "error"),
    *("spent", "reserved", "retry_at", "created", "finished", "answer"),
)
MAYBE_OF_STEP = ("concept", "error", "reserved", "retry_at", "finished", "answer")
MEMBER = ("exploration", "concept", "depth", "created", "seq")
EVENT = ("exploration", "seq", "kind", "at", "step", "body")
MAYBE_OF_EVENT = ("step",)
IDEMPOTENT_RESULT = ("principal", "mutation", "key", "input_hash", "result", "created")


def exploration(row: Row) -> Exploration:
    """From `EXPLORATION`."""
    return Exploration(
        id=row[0],
        topic=row[1],
        status=ExplorationStatus(row[2]),
        reason=row[3],
        options=_options(orjson.loads(row[4])),
        budget=known(Budget, orjson.loads(row[5])),
        spent=known(Spend, orjson.loads(row[6])),
        progress=known(Progress, orjson.loads(row[7])),
        root=row[8],
        lease=lease(row[9], row[10]),
        next_seq=row[11],
        created=moment(row[12]),
        started=maybe_moment(row[13]),
        finished=maybe_moment(row[14]),
    )


def _options(stored: dict[str, Any]) -> Options:
    pictures = stored.pop("pictures", None)
    sources = tuple(stored.pop("sources"))
    shown = None if pictures is None else known(Pictures, pictures)
    return known(Options, {**stored, "sources": sources, "pictures": shown})


def exploration_row(exploration: Exploration) -> Row:
    """To `EXPLORATION` and the topic's key."""
    e = exploration
    return (
        *(e.id, e.topic, e.status, e.reason),
        *(as_json(part).decode() for part in (e.options, e.budget, e.spent, e.progress)),
        e.root,
        *((e.lease.token, microseconds(e.lease.until)) if e.lease else (None, None)),
        *(e.next_seq, microseconds(e.created), maybe_microseconds(e.started), maybe_microseconds(e.finished)),
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
        spent=known(Spend, orjson.loads(row[9])),
        reserved=None if row[10] is None else known(Spend, orjson.loads(row[10])),
        retry_at=maybe_moment(row[11]),
        created=moment(row[12]),
        finished=maybe_moment(row[13]),
        answer=row[14],
    )


def step_row(step: Step) -> Row:
    """To `STEP`."""
    s = step
    return (
        *(s.id, s.exploration, s.kind, s.concept, s.depth, s.priority, s.state, s.attempts, s.error),
        as_json(s.spent).decode(),
        None if s.reserved is None else as_json(s.reserved).decode(),
        *(maybe_microseconds(s.retry_at), microseconds(s.created), maybe_microseconds(s.finished), s.answer),
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
        progress=known(Progress, b["progress"]),
        concepts=tuple(b.get("concepts", ())),
        created=tuple(b.get("created", ())),
        relations=tuple(RelationKey(*key) for key in b.get("relations", ())),
        step=step,
        error=b.get("error"),
        will_retry=b.get("will_retry", False),
        status=ExplorationStatus(b["status"]) if "status" in b else None,
        reason=b.get("reason"),
        image=b.get("image"),
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
        "image": e.image,
    }
    told = {name: value for name, value in body.items() if value not in (None, (), [], False)}
    return (e.exploration, e.seq, e.kind, microseconds(e.at), e.step, as_json(told).decode())


def idempotent_result(row: Row) -> IdempotentResult:
    """From `IDEMPOTENT_RESULT`."""
    principal, mutation, key, input_hash, result, created = row
    return IdempotentResult(principal, mutation, key, input_hash, result, moment(created))


def idempotent_result_row(result: IdempotentResult) -> Row:
    """To `IDEMPOTENT_RESULT`."""
    r = result
    return (r.principal, r.mutation, r.key, r.input_hash, r.result, microseconds(r.created))
