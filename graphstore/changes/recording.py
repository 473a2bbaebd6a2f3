"""Knowledge into the graph: claims are resolved to concepts, and relations become what their evidence adds up to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from graphstore.errors import InvalidError
from graphstore.identity import Known, distinct_names, enriched, marks_of, sense_of
from graphstore.ids import new_id
from graphstore.model import (
    RELATION_TYPE,
    Concept,
    ConceptClaim,
    ConceptId,
    EvidenceClaim,
    Relation,
    RelationClaim,
    RelationKey,
    Source,
    SourceClaim,
    StoredEvidence,
    Subject,
    combined_confidence,
    contradicting,
    name_key,
)
from graphstore.transaction import Transaction

MAX_RELATION_TYPES = 1_000


@dataclass(frozen=True, slots=True)
class Resolved:
    """A claim and the concept it speaks of."""

    claim: ConceptClaim
    concept: Concept
    before: Concept | None
    """As it was stored; None for a new one."""


async def resolve(tx: Transaction, claims: Sequence[ConceptClaim], *, lift: bool) -> list[Resolved]:
    """Decide for each claim, in order, which concept it speaks of. Nothing is written but lifted tombstones.

    Claims of deleted concepts are left out, unless `lift` brings them back.
    """
    known, stored = await _candidates(tx, claims)
    buried = await _buried(tx, claims, lift=lift)
    resolved = []
    for claim in claims:
        match = known.match(claim)
        if match is None and (claim.id is not None or (buried and buried & set(_marks(claim)))):
            continue
        concept = enriched(match, claim) if match else _new_concept(tx, claim, known.new_sense(claim))
        if concept is not match:
            known.put(concept)
        resolved.append(Resolved(claim, concept, stored.get(concept.id)))
    return resolved


async def write(
    tx: Transaction, resolved: Sequence[Resolved], relations: Sequence[RelationClaim]
) -> tuple[RelationKey, ...]:
    """Write resolved concepts and the relations between them with all their evidence; the relations' keys.

    Self-loops and relations with an unresolved end are dropped, as are ones without evidence that are not stored.
    """
    ids = {r.claim.ref: r.concept.id for r in resolved}
    stated = _keyed(relations, ids)
    await check_types(tx, {k.type for k in stated})
    existing = await tx.relations(list(stated))
    stated = {k: evidence for k, evidence in stated.items() if evidence or k in existing}
    said: list[tuple[Subject, EvidenceClaim]] = [(r.concept.id, e) for r in resolved for e in r.claim.evidence]
    said += [(key, e) for key, claims in stated.items() for e in claims]
    await _write_evidence(tx, said)
    await _write_concepts(tx, resolved)
    await rebuild(tx, [k for k, evidence in stated.items() if evidence], existing)
    return tuple(stated)


async def rebuild(tx: Transaction, keys: Iterable[RelationKey], existing: Mapping[RelationKey, Relation]) -> None:
    """Make relations what their evidence adds up to: stored with it, gone without it. Self-loops never exist."""
    keys = list(dict.fromkeys(keys))
    strengths = await tx.strengths(keys)
    alive = [k for k in keys if strengths.get(k) and k.source != k.target]
    await tx.delete_relations([k for k in keys if k in existing and k not in set(alive)])
    changed = {}
    for key in alive:
        before = existing.get(key)
        relation = _attested(tx, key, before, strengths[key])
        if relation != before:
            changed[key] = relation
    await tx.put_relations(list(changed.values()))
    await _flag_contradictions(tx, {(k.source, k.target) for k in keys})


async def refresh_concepts(tx: Transaction, concepts: Sequence[Concept]) -> list[Concept]:
    """The concepts with the confidence and support that their evidence gives them now."""
    strengths = await tx.strengths([c.id for c in concepts])
    return [_supported(c, strengths.get(c.id, {})) for c in concepts]


async def store_sources(tx: Transaction, claims: Iterable[SourceClaim]) -> Mapping[str, Source]:
    """The stored sources of these claims by key; those met for the first time are written."""
    wanted = {c.key: c for c in claims}
    stored = dict(await tx.sources(list(wanted)))
    fresh = {
        key: Source(new_id(), key, c.origin, c.kind, c.title, c.url, tx.now)
        for key, c in wanted.items()
        if key not in stored
    }
    await tx.put_sources(list(fresh.values()))
    return {**stored, **fresh}


async def check_types(tx: Transaction, types: set[str]) -> None:
    """Raise `InvalidError` for what is no relation type, or one more than a workspace holds."""
    for type in sorted(types):
        if RELATION_TYPE.fullmatch(type) is None:
            raise InvalidError(
                f"{type!r} is no relation type: use A-Z, 0-9 and _, a letter first, at most 64 characters"
            )
    if not types:
        return
    used = await tx.relation_types()
    if types - used and len(used | types) > MAX_RELATION_TYPES:
        raise InvalidError(f"a workspace holds at most {MAX_RELATION_TYPES} relation types, and these are new: {types}")


async def _candidates(tx: Transaction, claims: Sequence[ConceptClaim]) -> tuple[Known, Mapping[ConceptId, Concept]]:
    named = [c for c in claims if c.id is None]
    by_id = await tx.concepts([c.id for c in claims if c.id is not None])
    by_external = await tx.concepts_by_external_id([pair for c in named for pair in c.external_ids.items()])
    by_name = await tx.concepts_named(list({name_key(c.name) for c in named if c.name}))
    stored = {c.id: c for c in (*by_id.values(), *by_external.values(), *by_name)}
    return Known(stored.values(), merged={id: c.id for id, c in by_id.items()}), stored


async def _buried(tx: Transaction, claims: Sequence[ConceptClaim], *, lift: bool) -> frozenset[str]:
    marks = [mark for c in claims if c.id is None for mark in _marks(c)]
    buried = await tx.tombstones(marks)
    if lift:
        await tx.lift_tombstones(list(buried))
        return frozenset()
    return buried


def _marks(claim: ConceptClaim) -> tuple[str, ...]:
    return marks_of(name_key(claim.name), sense_of(claim), claim.external_ids)


def _new_concept(tx: Transaction, claim: ConceptClaim, sense: str) -> Concept:
    key = name_key(claim.name)
    return Concept(
        id=new_id(),
        name=" ".join(claim.name.split()),
        key=key,
        sense=sense,
        kind=claim.kind,
        domain=claim.domain,
        summary=claim.summary,
        aliases=distinct_names(a for a in claim.aliases if name_key(a) != key),
        external_ids=dict(claim.external_ids),
        confidence=0.0,
        support=0,
        degree=0,
        version=1,
        created=tx.now,
        updated=tx.now,
    )


def _keyed(
    relations: Sequence[RelationClaim], ids: Mapping[str, ConceptId]
) -> dict[RelationKey, tuple[EvidenceClaim, ...]]:
    stated: dict[RelationKey, tuple[EvidenceClaim, ...]] = {}
    for claim in relations:
        source, target = ids.get(claim.source), ids.get(claim.target)
        if source is not None and target is not None and source != target:
            key = RelationKey(source, claim.type, target)
            stated[key] = (*stated.get(key, ()), *claim.evidence)
    return stated


async def _write_evidence(tx: Transaction, said: Sequence[tuple[Subject, EvidenceClaim]]) -> None:
    sources = await store_sources(tx, (e.source for _, e in said))
    await tx.put_evidence(
        [
            StoredEvidence(new_id(), subject, subject, sources[e.source.key].id, e.quote, e.confidence, tx.now)
            for subject, e in said
        ]
    )


async def _write_concepts(tx: Transaction, resolved: Sequence[Resolved]) -> None:
    latest = {r.concept.id: r.concept for r in resolved}
    before = {r.concept.id: r.before for r in resolved}
    attested = {r.concept.id for r in resolved if r.claim.evidence}
    refreshed = await refresh_concepts(tx, [c for id, c in latest.items() if id in attested])
    latest.update((c.id, c) for c in refreshed)
    changed = [c for id, c in latest.items() if c != before[id]]
    await tx.put_concepts([c if c.updated == tx.now else replace(c, updated=tx.now) for c in changed])


def _supported(concept: Concept, strengths: Mapping[str, float]) -> Concept:
    return replace(concept, confidence=combined_confidence(strengths.values()), support=len(strengths))


def _attested(tx: Transaction, key: RelationKey, before: Relation | None, strengths: Mapping[str, float]) -> Relation:
    confidence, support = combined_confidence(strengths.values()), len(strengths)
    if before is None:
        return Relation(key, confidence, support, contradicted=False, version=1, created=tx.now, updated=tx.now)
    if (before.confidence, before.support) == (confidence, support):
        return before
    return replace(before, confidence=confidence, support=support, updated=tx.now)


async def _flag_contradictions(tx: Transaction, pairs: set[tuple[ConceptId, ConceptId]]) -> None:
    """Renew the flags of all relations of these pairs, so that they do not depend on which claim came first."""
    between = {r.key: r for r in await tx.relations_between(sorted({(min(p), max(p)) for p in pairs}))}
    flagged = contradicting(between)
    wrong = [r for key, r in between.items() if r.contradicted != (key in flagged)]
    await tx.put_relations([replace(r, contradicted=not r.contradicted) for r in wrong])
    tx.contradictions += sum(not r.contradicted for r in wrong)
