"""The statements on concepts and relations."""

from collections.abc import Mapping, Sequence

from graphstore.model import Concept, ConceptId, Merge, Relation, RelationKey, Tombstone, name_key
from graphstore.rows.graph import (
    CONCEPT,
    RELATION,
    concept,
    concept_row,
    listed,
    merge,
    merge_row,
    microseconds,
    relation,
    relation_row,
)
from graphstore.sqlite import concepts, relations
from graphstore.sqlite.statements import Statements, upsert

_LOOK_UPS = """
    SELECT c.id, c.row, c.aliases, c.external_ids FROM json_each(:keys) AS asked
    CROSS JOIN concept AS c ON c.workspace = :workspace AND c.id = asked.value"""
_WRITTEN = (*(c for c in CONCEPT if c != "degree"), "alias_words")
_DEGREE = CONCEPT.index("degree")
_PUT_CONCEPT = upsert("concept", _WRITTEN, ("id",))
_PUT_RELATION = upsert("relation", RELATION, ("source", "type", "target"))
_DELETE_CONCEPT = "DELETE FROM concept WHERE workspace = ? AND id = ?"
_DELETE_RELATION = "DELETE FROM relation WHERE workspace = ? AND source = ? AND type = ? AND target = ?"
_BETWEEN = f"""
    SELECT {listed(RELATION, "r")} FROM json_each(:keys) AS asked
    CROSS JOIN relation AS r ON r.workspace = :workspace
      AND r.source = asked.value ->> 0 AND r.target = asked.value ->> 1
    UNION
    SELECT {listed(RELATION, "r")} FROM json_each(:keys) AS asked
    CROSS JOIN relation AS r ON r.workspace = :workspace
      AND r.source = asked.value ->> 1 AND r.target = asked.value ->> 0"""
_TOMBSTONES = """
    SELECT mark FROM json_each(:keys) AS asked
    CROSS JOIN tombstone ON tombstone.workspace = :workspace AND tombstone.mark = asked.value"""
_MERGE = "SELECT body FROM merge WHERE workspace = :workspace AND id = :id"
_MERGED_INTO = """
    WITH RECURSIVE merged (id) AS (
      SELECT merge.id FROM json_each(:keys) AS asked
      CROSS JOIN merge ON merge.workspace = :workspace AND merge.target = asked.value
      UNION
      SELECT merge.id FROM merged CROSS JOIN merge ON merge.workspace = :workspace AND merge.target = merged.id)
    SELECT id FROM merged ORDER BY id"""


class ConceptStatements(Statements):
    """The part of `GraphStatements` that concerns concepts."""

    async def lock_graph(self) -> None:
        """See `GraphStatements.lock_graph`. The transaction has locked the whole file already."""

    async def concepts(self, ids: Sequence[ConceptId]) -> Mapping[ConceptId, Concept]:
        """See `GraphStatements.concepts`."""
        return concepts.by_id(self._db, self._workspace, ids, follow_merges=True) if ids else {}

    async def concepts_named(self, keys: Sequence[str]) -> Sequence[Concept]:
        """See `GraphStatements.concepts_named`."""
        rows = self._rows_of(concepts.BY_NAME, keys) + self._rows_of(concepts.BY_ALIAS, keys)
        return tuple({row[0]: concept(row) for row in rows}.values())

    async def concepts_by_external_id(self, ids: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Concept]:
        """See `GraphStatements.concepts_by_external_id`."""
        return concepts.by_external_id(self._db, self._workspace, ids) if ids else {}

    async def put_concepts(self, concepts: Sequence[Concept]) -> None:
        """See `GraphStatements.put_concepts`."""
        written = {c.id: concept_row(c) for c in concepts}
        before = {id: look_ups for id, _, *look_ups in self._rows_of(_LOOK_UPS, list(written))}
        self._put(_PUT_CONCEPT, (row[:_DEGREE] + row[_DEGREE + 1 :] for row in written.values()))
        latest = {c.id: c for c in concepts}
        self._renew_look_ups([latest[id] for id, row in written.items() if before.get(id, ["", ""]) != [*row[7:9]]])

    async def delete_concepts(self, ids: Sequence[ConceptId]) -> None:
        """See `GraphStatements.delete_concepts`."""
        self._put(_DELETE_CONCEPT, ((id,) for id in ids))

    async def tombstones(self, marks: Sequence[str]) -> frozenset[str]:
        """See `GraphStatements.tombstones`."""
        return frozenset(mark for (mark,) in self._rows_of(_TOMBSTONES, marks))

    async def put_tombstones(self, tombstones: Sequence[Tombstone]) -> None:
        """See `GraphStatements.put_tombstones`."""
        rows = ((t.mark, microseconds(t.created)) for t in tombstones)
        self._put("INSERT OR IGNORE INTO tombstone VALUES (?, ?, ?)", rows)

    async def lift_tombstones(self, marks: Sequence[str]) -> None:
        """See `GraphStatements.lift_tombstones`."""
        self._put("DELETE FROM tombstone WHERE workspace = ? AND mark = ?", ((mark,) for mark in marks))

    async def merge(self, id: ConceptId) -> Merge | None:
        """See `GraphStatements.merge`."""
        found = self._rows(_MERGE, id=id)
        return merge(found[0]) if found else None

    async def merged_into(self, ids: Sequence[ConceptId]) -> Sequence[ConceptId]:
        """See `GraphStatements.merged_into`."""
        return [id for (id,) in self._rows_of(_MERGED_INTO, ids)]

    async def put_merge(self, merge: Merge) -> None:
        """See `GraphStatements.put_merge`."""
        self._put(upsert("merge", ("id", "target", "body"), ("id",)), [merge_row(merge)])

    async def delete_merge(self, id: ConceptId) -> None:
        """See `GraphStatements.delete_merge`."""
        self._put("DELETE FROM merge WHERE workspace = ? AND id = ?", [(id,)])

    def _renew_look_ups(self, changed: Sequence[Concept]) -> None:
        """Let concepts whose aliases or external ids have changed be found by the new ones."""
        numbers = {row[0]: row[1] for row in self._rows_of(_LOOK_UPS, [c.id for c in changed])}
        for table in ("concept_alias", "concept_external"):
            self._db.executemany(f"DELETE FROM {table} WHERE concept = ?", [(n,) for n in numbers.values()])
        self._put(
            "INSERT OR IGNORE INTO concept_alias VALUES (?, ?, ?)",
            ((key, numbers[c.id]) for c in changed for key in map(name_key, c.aliases)),
        )
        self._put(
            "INSERT INTO concept_external VALUES (?, ?, ?, ?)",
            ((scheme, value, numbers[c.id]) for c in changed for scheme, value in c.external_ids.items()),
        )


class RelationStatements(Statements):
    """The part of `GraphStatements` that concerns relations."""

    async def relations(self, keys: Sequence[RelationKey]) -> Mapping[RelationKey, Relation]:
        """See `GraphStatements.relations`."""
        return relations.by_key(self._db, self._workspace, keys) if keys else {}

    async def relations_between(self, pairs: Sequence[tuple[ConceptId, ConceptId]]) -> Sequence[Relation]:
        """See `GraphStatements.relations_between`."""
        return [relation(row) for row in self._rows_of(_BETWEEN, pairs)]

    async def relation_types(self) -> frozenset[str]:
        """See `GraphStatements.relation_types`."""
        return frozenset(type for (type,) in self._rows("SELECT type FROM relation_type WHERE workspace = :workspace"))

    async def put_relations(self, relations: Sequence[Relation]) -> None:
        """See `GraphStatements.put_relations`."""
        self._put(_PUT_RELATION, map(relation_row, relations))

    async def delete_relations(self, keys: Sequence[RelationKey]) -> None:
        """See `GraphStatements.delete_relations`."""
        self._put(_DELETE_RELATION, keys)
