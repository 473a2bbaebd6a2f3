"""The statements on concepts and relations."""

from collections.abc import Mapping, Sequence

from graphstore.model import Concept, ConceptId, Merge, Relation, RelationKey, Tombstone
from graphstore.neo4j import concepts
from graphstore.neo4j.connection import storable
from graphstore.neo4j.cypher import concepts as reads
from graphstore.neo4j.cypher import graph_changes as cypher
from graphstore.neo4j.rows import concept_look_ups, concept_properties, relation_properties
from graphstore.neo4j.statements import Statements
from graphstore.neo4j.whole import concept, merge, relation
from graphstore.rows.graph import merge_row, microseconds


class ConceptStatements(Statements):
    """The part of `GraphStatements` that concerns concepts."""

    async def lock_graph(self) -> None:
        """See `GraphStatements.lock_graph`."""
        await self._put(cypher.LOCK, [None])

    async def concepts(self, ids: Sequence[ConceptId]) -> Mapping[ConceptId, Concept]:
        """See `GraphStatements.concepts`."""
        return await concepts.by_id(self._read, ids, follow_merges=True) if ids else {}

    async def concepts_named(self, keys: Sequence[str]) -> Sequence[Concept]:
        """See `GraphStatements.concepts_named`."""
        found = await self._rows_of(reads.NAMED, keys)
        return tuple({each.id: each for rows in found for each in concept.all(rows)}.values())

    async def concepts_by_external_id(self, ids: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Concept]:
        """See `GraphStatements.concepts_by_external_id`."""
        return await concepts.by_external_id(self._read, ids) if ids else {}

    async def put_concepts(self, concepts: Sequence[Concept]) -> None:
        """See `GraphStatements.put_concepts`."""
        latest = {c.id: c for c in concepts}
        if latest:
            rows = [concept_properties(c) for c in latest.values()]
            fresh, renamed = await self._read(cypher.PUT_CONCEPTS, rows=rows)
            await self._put(cypher.CREATE_LOOK_UPS, [concept_look_ups(latest[id]) for id in fresh])
            await self._put(cypher.RENEW_LOOK_UPS, [concept_look_ups(latest[id]) for id in renamed])

    async def delete_concepts(self, ids: Sequence[ConceptId]) -> None:
        """See `GraphStatements.delete_concepts`."""
        await self._put(cypher.DELETE_CONCEPTS, ids)

    async def tombstones(self, marks: Sequence[str]) -> frozenset[str]:
        """See `GraphStatements.tombstones`."""
        return frozenset(mark for (mark,) in await self._rows_of(cypher.TOMBSTONES, marks))

    async def put_tombstones(self, tombstones: Sequence[Tombstone]) -> None:
        """See `GraphStatements.put_tombstones`."""
        await self._put(cypher.PUT_TOMBSTONES, [(t.mark, microseconds(t.created)) for t in tombstones])

    async def lift_tombstones(self, marks: Sequence[str]) -> None:
        """See `GraphStatements.lift_tombstones`."""
        await self._put(cypher.LIFT_TOMBSTONES, marks)

    async def merge(self, id: ConceptId) -> Merge | None:
        """See `GraphStatements.merge`."""
        found = await self._rows_of(cypher.MERGE, storable([id]))
        return next(iter(merge.all(found)), None)

    async def merged_into(self, ids: Sequence[ConceptId]) -> Sequence[ConceptId]:
        """See `GraphStatements.merged_into`. A round trip for each link of the longest chain of merges."""
        merged: set[ConceptId] = set()
        targets = list(ids)
        while targets:
            targets = [id for (id,) in await self._rows_of(cypher.MERGED_INTO, targets) if id not in merged]
            merged.update(targets)
        return sorted(merged)

    async def put_merge(self, merge: Merge) -> None:
        """See `GraphStatements.put_merge`."""
        await self._put(cypher.PUT_MERGE, [merge_row(merge)])

    async def delete_merge(self, id: ConceptId) -> None:
        """See `GraphStatements.delete_merge`."""
        await self._put(cypher.DELETE_MERGE, [id])


class RelationStatements(Statements):
    """The part of `GraphStatements` that concerns relations."""

    async def relations(self, keys: Sequence[RelationKey]) -> Mapping[RelationKey, Relation]:
        """See `GraphStatements.relations`."""
        rows = await self._rows_of(cypher.RELATIONS, storable(keys))
        return {found.key: found for found in relation.all(rows)}

    async def relations_between(self, pairs: Sequence[tuple[ConceptId, ConceptId]]) -> Sequence[Relation]:
        """See `GraphStatements.relations_between`."""
        return relation.all(await self._rows_of(cypher.RELATIONS_BETWEEN, pairs))

    async def relation_types(self) -> frozenset[str]:
        """See `GraphStatements.relation_types`."""
        return frozenset(await self._read(cypher.RELATION_TYPES))

    async def put_relations(self, relations: Sequence[Relation]) -> None:
        """See `GraphStatements.put_relations`."""
        latest = {r.key: r for r in relations}
        if latest:
            rows = [{"key": list(key), "properties": relation_properties(r)} for key, r in latest.items()]
            stored = set(await self._read(cypher.RENEW_RELATIONS, rows=rows))
            await self._put(cypher.CREATE_RELATIONS, [row for i, row in enumerate(rows) if i not in stored])

    async def delete_relations(self, keys: Sequence[RelationKey]) -> None:
        """See `GraphStatements.delete_relations`."""
        await self._put(cypher.DELETE_RELATIONS, list(dict.fromkeys(keys)))
