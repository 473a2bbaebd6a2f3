"""Two concepts become one, and can be taken apart again, because evidence remembers what it spoke of at first."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from graphstore.changes.journal import recount
from graphstore.changes.moving import move_images
from graphstore.changes.recording import rebuild, refresh_concepts
from graphstore.errors import ConflictError, InvalidError
from graphstore.identity import distinct_names
from graphstore.model import (
    Concept,
    ConceptId,
    Member,
    Merge,
    RelationKey,
    Step,
    StoredEvidence,
    Subject,
    name_key,
)
from graphstore.transaction import Transaction


async def merge(tx: Transaction, into: Concept, other: Concept) -> Concept:
    """Make `other` part of `into`; the latter as it is now."""
    if into.id == other.id:
        raise InvalidError(f"{into.name!r} cannot be merged into itself")
    memberships = await tx.memberships([other.id])
    joined = await _hand_over_memberships(tx, memberships, into.id)
    taken = {into.key, *map(name_key, into.aliases)}
    aliases = distinct_names(n for n in (other.name, *other.aliases) if name_key(n) not in taken)
    external_ids = {s: v for s, v in other.external_ids.items() if s not in into.external_ids}
    await tx.put_merge(Merge(other, into.id, aliases, external_ids, tuple(memberships), joined, tx.now))
    await tx.delete_concepts([other.id])
    await _send_home(tx, await tx.evidence_on([other.id]))
    await move_images(tx, await tx.images_on([other.id]))
    merged = replace(
        into,
        aliases=(*into.aliases, *aliases),
        external_ids={**into.external_ids, **external_ids},
        summary=into.summary or other.summary,
        version=into.version + 1,
        updated=tx.now,
    )
    return await _refreshed(tx, merged)


async def unmerge(tx: Transaction, merge: Merge) -> Concept:
    """Restore the concept that went away; it as it is now."""
    restored = replace(merge.concept, version=merge.concept.version + 1, updated=tx.now)
    await tx.delete_merge(restored.id)
    passed_on = await _passed_on(tx, merge)
    into = (await tx.concepts([passed_on.into]))[passed_on.into]
    kept = replace(_without(into, passed_on), version=into.version + 1, updated=tx.now)
    _refuse_shared(restored, kept)
    await tx.put_concepts([kept])
    await tx.put_concepts([restored])
    family = [restored.id, *await tx.merged_into([restored.id])]
    await _send_home(tx, await tx.evidence_asserted_on(family))
    await move_images(tx, await tx.images_made_for(family))
    await _take_back_memberships(tx, restored.id, merge.memberships, into.id, passed_on.joined)
    await _refreshed(tx, kept)
    return await _refreshed(tx, restored)


async def _passed_on(tx: Transaction, merge: Merge) -> Merge:
    """The merge as if it had been made straight into the concept that is there now, where that one's predecessors
    were merged in turn; their merges forget what this one had brought them."""
    while (onward := await tx.merge(merge.into)) is not None:
        added = set(map(name_key, merge.added_aliases))
        brought = set(map(name_key, onward.added_aliases))
        external_ids = merge.added_external_ids.items()
        await tx.put_merge(
            replace(
                onward,
                concept=_without(onward.concept, merge),
                added_aliases=tuple(a for a in onward.added_aliases if name_key(a) not in added),
                added_external_ids=dict(onward.added_external_ids.items() - external_ids),
                memberships=tuple(m for m in onward.memberships if m.exploration not in merge.joined),
                joined=tuple(e for e in onward.joined if e not in merge.joined),
            )
        )
        merge = replace(
            merge,
            into=onward.into,
            added_aliases=tuple(a for a in merge.added_aliases if name_key(a) in brought),
            added_external_ids=dict(onward.added_external_ids.items() & external_ids),
            joined=tuple(e for e in merge.joined if e in onward.joined),
        )
    return merge


def _without(concept: Concept, merge: Merge) -> Concept:
    """The concept without the names that it has only through this merge."""
    added = set(map(name_key, merge.added_aliases))
    return replace(
        concept,
        aliases=tuple(a for a in concept.aliases if name_key(a) not in added),
        external_ids={s: v for s, v in concept.external_ids.items() if merge.added_external_ids.get(s) != v},
    )


def _refuse_shared(restored: Concept, kept: Concept) -> None:
    """Raise `ConflictError` for an external id that the concept left behind has by itself, not through the merge,
    unless another scheme tells the two apart."""
    shared = restored.external_ids.items() & kept.external_ids.items()
    if shared and all(kept.external_ids.get(s, v) == v for s, v in restored.external_ids.items()):
        scheme, value = min(shared)
        raise ConflictError(f"{scheme}:{value} is an external id of {kept.name!r} itself by now: remove it there first")


async def _refreshed(tx: Transaction, concept: Concept) -> Concept:
    [fresh] = await refresh_concepts(tx, [concept])
    await tx.put_concepts([fresh])
    return (await tx.concepts([fresh.id]))[fresh.id]


async def _send_home(tx: Transaction, evidence: Sequence[StoredEvidence]) -> None:
    """Let evidence speak of where its first subject's concepts live now, and renew the relations on both sides."""
    ends = {end for e in evidence for end in _ends(e.asserted)}
    home = {id: c.id for id, c in (await tx.concepts(sorted(ends))).items()}
    subjects = {e.id: _moved(e.asserted, home) for e in evidence}
    await tx.replace_subjects({e.id: subjects[e.id] for e in evidence if subjects[e.id] != e.subject})
    touched = {s for e in evidence for s in (e.subject, subjects[e.id]) if isinstance(s, RelationKey)}
    await rebuild(tx, sorted(touched), await tx.relations(list(touched)))


def _ends(subject: Subject) -> tuple[ConceptId, ...]:
    return (subject.source, subject.target) if isinstance(subject, RelationKey) else (subject,)


def _moved(subject: Subject, home: Mapping[ConceptId, ConceptId]) -> Subject:
    if isinstance(subject, RelationKey):
        source, type, target = subject
        return RelationKey(home.get(source, source), type, home.get(target, target))
    return home.get(subject, subject)


async def _hand_over_memberships(tx: Transaction, members: Sequence[Member], into: ConceptId) -> tuple[str, ...]:
    """Put `into` in the place of another concept; the explorations which it has joined only by that."""
    explorations = await tx.lock(sorted({m.exploration for m in members}))
    already = {m.exploration for m in await tx.memberships([into])}
    joining = [replace(m, concept=into) for m in members if m.exploration not in already]
    await tx.delete_members(members)
    await tx.put_members(joining)
    await _hand_over_steps(tx, await tx.pending_steps_on([members[0].concept]) if members else (), into)
    await recount(tx, explorations)
    return tuple(m.exploration for m in joining)


async def _take_back_memberships(
    tx: Transaction, restored: ConceptId, memberships: Sequence[Member], into: ConceptId, joined: Collection[str]
) -> None:
    present = [m for m in await tx.memberships([into]) if m.exploration in joined]
    left = {m.exploration for m in present}
    explorations = await tx.lock(sorted(left | {m.exploration for m in memberships}))
    await tx.delete_members(present)
    await tx.put_members([m for m in memberships if m.exploration in explorations])
    await _hand_over_steps(tx, [s for s in await tx.pending_steps_on([into]) if s.exploration in left], restored)
    await recount(tx, explorations)


async def _hand_over_steps(tx: Transaction, steps: Sequence[Step], to: ConceptId) -> None:
    """Let pending steps be about another concept; where the exploration has such a step on that, they are dropped."""
    doubled = [s for s in steps if s.kind in {o.kind for o in await tx.steps_of(s.exploration, [to])}]
    await tx.delete_steps([s.id for s in doubled])
    await tx.put_steps([replace(s, concept=to) for s in steps if s not in doubled])
