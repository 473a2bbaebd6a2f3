"""What the file's triggers keep true."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphstore.errors import ConflictError
from graphstore.model import RelationKey
from graphstore.sqlite import SqliteDatabase, open_database
from tests.support.claims import added, claim, says


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    """An empty file."""
    database = await open_database(tmp_path / "graph.db")
    yield database
    await database.close()


NAMES = [f"n{i}" for i in range(6)]
_change = st.one_of(
    st.tuples(st.just("relate"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.just("unrelate"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.just("reword"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.just("delete"), st.sampled_from(NAMES), st.just("")),
    st.tuples(st.just("merge"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.just("unmerge"), st.sampled_from(NAMES), st.just("")),
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(_change, max_size=25))
async def test_counts_and_indexes_are_true_after_any_changes(
    database: SqliteDatabase, changes: list[tuple[str, str, str]]
) -> None:
    """Degrees, counts of types and concepts, and the full-text index follow what is stored. Examples go on from
    each other's graphs, which makes them only harder."""
    store = database.within("main")
    ids: dict[str, str] = {}
    gone: dict[str, str] = {}
    for change, one, other in changes:
        ids |= await added(store, one, *([other] if other else []))
        try:
            match change:
                case "relate":
                    await added(store, one, other, relations=(says(one, "USES", other),))
                case "unrelate":
                    await store.curation.delete_relation(RelationKey(ids[one], "USES", ids[other]))
                case "reword":
                    await added(
                        store,
                        claim(one, aliases=(f"{other} again", "ümlaut"), summary="words", external_ids={"s": one}),
                    )
                case "delete":
                    await store.curation.delete_concept(ids[one])
                case "merge":
                    await store.curation.merge(ids[one], [ids[other]])
                    gone[other] = ids[other]
                case _:
                    await store.curation.unmerge(gone.get(one, "nothing"))
        except (LookupError, ValueError, ConflictError):
            pass  # what cannot be done in this state is refused, and must have left everything true
    await database.writer.run(_check)


def _check(db: sqlite3.Connection) -> None:
    db.execute("INSERT INTO concept_text (concept_text, rank) VALUES ('integrity-check', 1)")
    wrong = """SELECT count(*) FROM concept AS c WHERE degree <>
      (SELECT count(*) FROM relation AS r WHERE r.workspace = c.workspace AND c.id IN (r.source, r.target))"""
    assert db.execute(wrong).fetchall() == [(0,)]
    counted = "SELECT type, count(*) FROM relation GROUP BY type ORDER BY type"
    assert db.execute(counted).fetchall() == db.execute("SELECT type, count FROM relation_type ORDER BY 1").fetchall()
    assert (
        db.execute("SELECT count(*) FROM concept").fetchone()
        == db.execute("SELECT coalesce(sum(count), 0) FROM tally").fetchone()
    )
    for table in ("concept_alias", "concept_external"):
        left = f"SELECT count(*) FROM {table} WHERE concept NOT IN (SELECT row FROM concept)"
        assert db.execute(left).fetchall() == [(0,)]
