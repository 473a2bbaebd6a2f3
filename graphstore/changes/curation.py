"""The `Curation` port: what people and imports change in the graph."""

from collections.abc import Sequence
from dataclasses import replace

import orjson

from graphstore.changes import merging
from graphstore.changes.journal import recount
from graphstore.changes.recording import check_types, rebuild, refresh_concepts, resolve, store_sources, write
from graphstore.errors import ConflictError, IdempotencyConflict, NotFoundError, VersionConflict
from graphstore.identity import distinct_names, marks_of
from graphstore.ids import new_id
from graphstore.model import (
    Concept,
    ConceptId,
    ConceptPatch,
    EvidenceClaim,
    Idempotency,
    IdempotentResult,
    Knowledge,
    Recorded,
    Relation,
    RelationKey,
    StoredEvidence,
    Subject,
    Tombstone,
    name_key,
)
from graphstore.transaction import Transact, Transaction


class StoreCuration:
    """`graphstore.port.Curation` over any adapter's transactions."""

    def __init__(self, transact: Transact) -> None:
        self._transact = transact

    async def add(self, knowledge: Knowledge, idempotency: Idempotency | None = None) -> Recorded:
        """See `Curation.add`."""

        async def procedure(tx: Transaction) -> Recorded:
            await tx.lock_graph()
            if idempotency and (before := await recall(tx, idempotency)) is not None:
                return _recorded_from(before)
            resolved = await resolve(tx, knowledge.concepts, lift=True)
            relations = await write(tx, resolved, knowledge.relations)
            created = frozenset(r.concept.id for r in resolved if r.before is None)
            recorded = Recorded({r.claim.ref: r.concept.id for r in resolved}, created, relations)
            if idempotency:
                await remember(tx, idempotency, _recorded_json(recorded))
            return recorded

        return await self._transact(procedure)

    async def update_concept(
        self, id: ConceptId, patch: ConceptPatch, expected_version: int, evidence: EvidenceClaim
    ) -> Concept:
        """See `Curation.update_concept`."""

        async def procedure(tx: Transaction) -> Concept:
            await tx.lock_graph()
            before = await existing_concept(tx, id)
            if before.version != expected_version:
                raise VersionConflict(expected_version, before.version)
            changed = replace(_patched(before, patch), version=before.version + 1, updated=tx.now)
            await _refuse_taken(tx, changed)
            await _cite(tx, changed.id, evidence)
            [changed] = await refresh_concepts(tx, [changed])
            await tx.put_concepts([changed])
            return changed

        return await self._transact(procedure)

    async def delete_concept(self, id: ConceptId) -> None:
        """See `Curation.delete_concept`."""

        async def procedure(tx: Transaction) -> None:
            await tx.lock_graph()
            concept = await existing_concept(tx, id)
            evidence = await tx.evidence_on([concept.id])
            keys = {e.subject for e in evidence if isinstance(e.subject, RelationKey)}
            await tx.delete_evidence([e.id for e in evidence])
            await rebuild(tx, keys, await tx.relations(list(keys)))
            marks = marks_of(concept.key, concept.sense, concept.external_ids)
            await tx.put_tombstones([Tombstone(mark, tx.now) for mark in marks])
            for merged in await tx.merged_into([concept.id]):
                await tx.delete_merge(merged)
            await tx.delete_images([image.id for image in await tx.images_on([concept.id])])
            await _leave_explorations(tx, concept.id)
            await tx.delete_concepts([concept.id])

        await self._transact(procedure)

    async def retype_relation(
        self, key: RelationKey, type: str, expected_version: int, evidence: EvidenceClaim
    ) -> Relation:
        """See `Curation.retype_relation`."""

        async def procedure(tx: Transaction) -> Relation:
            await tx.lock_graph()
            await check_types(tx, {type})
            before = (await tx.relations([key])).get(key)
            if before is None:
                raise NotFoundError("relation", " ".join(key))
            if before.version != expected_version:
                raise VersionConflict(expected_version, before.version)
            renamed = key._replace(type=type)
            moved = await tx.evidence_of([key])
            await tx.delete_evidence([e.id for e in moved])
            await tx.put_evidence([replace(e, id=new_id(), subject=renamed, asserted=renamed) for e in moved])
            await _cite(tx, renamed, evidence)
            await rebuild(tx, [key, renamed], await tx.relations([key, renamed]))
            relation = (await tx.relations([renamed]))[renamed]
            relation = replace(relation, version=before.version + 1, updated=tx.now)
            await tx.put_relations([relation])
            return relation

        return await self._transact(procedure)

    async def delete_relation(self, key: RelationKey) -> None:
        """See `Curation.delete_relation`."""

        async def procedure(tx: Transaction) -> None:
            await tx.lock_graph()
            existing = await tx.relations([key])
            if key not in existing:
                raise NotFoundError("relation", " ".join(key))
            await tx.delete_evidence([e.id for e in await tx.evidence_of([key])])
            await rebuild(tx, [key], existing)

        await self._transact(procedure)

    async def delete_source(self, id: str) -> None:
        """See `Curation.delete_source`."""

        async def procedure(tx: Transaction) -> None:
            await tx.lock_graph()
            evidence = await tx.evidence_from(id)
            if not await tx.delete_source(id):
                raise NotFoundError("source", id)
            await tx.delete_evidence([e.id for e in evidence])
            keys = {e.subject for e in evidence if isinstance(e.subject, RelationKey)}
            await rebuild(tx, keys, await tx.relations(list(keys)))
            concepts = await tx.concepts(list({e.subject for e in evidence if isinstance(e.subject, str)}))
            await tx.put_concepts(await refresh_concepts(tx, list(concepts.values())))

        await self._transact(procedure)

    async def merge(self, into: ConceptId, others: Sequence[ConceptId]) -> Concept:
        """See `Curation.merge`."""

        async def procedure(tx: Transaction) -> Concept:
            await tx.lock_graph()
            target = await existing_concept(tx, into)
            for other in others:
                target = await merging.merge(tx, target, await existing_concept(tx, other))
            return target

        return await self._transact(procedure)

    async def unmerge(self, id: ConceptId) -> Concept:
        """See `Curation.unmerge`."""

        async def procedure(tx: Transaction) -> Concept:
            await tx.lock_graph()
            merge = await tx.merge(id)
            if merge is None:
                raise NotFoundError("merged concept", id)
            host = (await tx.concepts([id]))[id]
            await _refuse_taken(tx, merge.concept, giving_back=host.id)
            return await merging.unmerge(tx, merge)

        return await self._transact(procedure)


async def existing_concept(tx: Transaction, id: ConceptId) -> Concept:
    """The concept, merges followed; raises `NotFoundError`."""
    found = (await tx.concepts([id])).get(id)
    if found is None:
        raise NotFoundError("concept", id)
    return found


async def recall(tx: Transaction, idempotency: Idempotency) -> str | None:
    """The stored answer (JSON) to the same request; raises `IdempotencyConflict` for another one."""
    stored = await tx.idempotent_result(idempotency.principal, idempotency.mutation, idempotency.key)
    if stored is None:
        return None
    if stored.input_hash != idempotency.input_hash:
        raise IdempotencyConflict(idempotency.key)
    return stored.result


async def remember(tx: Transaction, idempotency: Idempotency, result: str) -> None:
    """Store the answer (JSON) for a day."""
    i = idempotency
    await tx.put_idempotent_result(IdempotentResult(i.principal, i.mutation, i.key, i.input_hash, result, tx.now))


async def _cite(tx: Transaction, subject: Subject, claim: EvidenceClaim) -> None:
    source = (await store_sources(tx, [claim.source]))[claim.source.key]
    evidence = StoredEvidence(new_id(), subject, subject, source.id, claim.quote, claim.confidence, tx.now)
    await tx.put_evidence([evidence])


def _patched(concept: Concept, patch: ConceptPatch) -> Concept:
    name = concept.name if patch.name is None else " ".join(patch.name.split())
    kind = concept.kind if patch.kind is None else patch.kind
    follows_kind = concept.sense == name_key(concept.kind)
    aliases = concept.aliases if patch.aliases is None else patch.aliases
    return replace(
        concept,
        name=name,
        key=name_key(name),
        kind=kind,
        sense=name_key(kind) if follows_kind else concept.sense,
        domain=concept.domain if patch.domain is None else patch.domain,
        summary=concept.summary if patch.summary is None else patch.summary,
        aliases=distinct_names(a for a in aliases if name_key(a) != name_key(name)),
        external_ids=concept.external_ids if patch.external_ids is None else dict(patch.external_ids),
    )


async def _refuse_taken(tx: Transaction, concept: Concept, giving_back: ConceptId | None = None) -> None:
    """Raise `ConflictError` for a name and sense, or an external id, of another concept than the one giving it back."""
    for other in await tx.concepts_named([concept.key]):
        if other.id != concept.id and (other.key, other.sense) == (concept.key, concept.sense):
            raise ConflictError(
                f"another concept is called {concept.name!r} in the sense {concept.sense!r} already: merge the two"
            )
    for pair, other in (await tx.concepts_by_external_id(list(concept.external_ids.items()))).items():
        if other.id not in {concept.id, giving_back}:
            raise ConflictError(f"{pair[0]}:{pair[1]} is the external id of {other.name!r} already: merge the two")


async def _leave_explorations(tx: Transaction, concept: ConceptId) -> None:
    members = await tx.memberships([concept])
    steps = await tx.pending_steps_on([concept])
    explorations = await tx.lock(sorted({m.exploration for m in members} | {s.exploration for s in steps}))
    await tx.delete_members(members)
    await tx.delete_steps([s.id for s in steps])
    await recount(tx, explorations)


def _recorded_json(recorded: Recorded) -> str:
    relations = [tuple(key) for key in recorded.relations]
    return orjson.dumps(
        {"concepts": dict(recorded.concepts), "created": sorted(recorded.created), "relations": relations}
    ).decode()


def _recorded_from(result: str) -> Recorded:
    stored = orjson.loads(result)
    relations = tuple(RelationKey(*key) for key in stored["relations"])
    return Recorded(dict(stored["concepts"]), frozenset(stored["created"]), relations)
