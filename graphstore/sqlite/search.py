"""Full-text search over names, aliases and summaries, and concepts that may be the same one."""

import sqlite3
from collections.abc import Sequence

from graphstore.duplicates import likeliest, names, stem
from graphstore.hits import PLACE, PLACE_TYPES, hit, sought, sought_as_written, whole_key
from graphstore.model import Concept, Hit, Page, PageRequest
from graphstore.paging import in_order, page
from graphstore.rows.graph import CONCEPT, concept, listed
from graphstore.sqlite.paging import Order
from graphstore.sqlite.rows import Parameters

_CANDIDATES = 20

_ORDER = Order(PLACE, PLACE_TYPES)

_HITS = """
    SELECT c.row, c.id, bm25(concept_text, 10.0, 5.0, 1.0) AS rank,
      CASE WHEN c.key = :key THEN 0
           WHEN c.row IN (SELECT concept FROM concept_alias WHERE workspace = :workspace AND key = :key) THEN 1
           ELSE 2 END AS place
    FROM concept_text CROSS JOIN concept AS c ON c.row = concept_text.rowid
    WHERE concept_text MATCH :match AND """
_COUNT = """
    SELECT count(*) FROM concept_text CROSS JOIN concept AS c ON c.row = concept_text.rowid
    WHERE concept_text MATCH :match AND """
_SIMILAR = f"""
    SELECT {listed(CONCEPT, "c")} FROM concept_text CROSS JOIN concept AS c ON c.row = concept_text.rowid
    WHERE concept_text MATCH :match AND c.workspace = :workspace AND c.id <> :id
    ORDER BY bm25(concept_text, 1.0, 1.0, 0.0), c.id LIMIT {_CANDIDATES}"""


def hits(
    db: sqlite3.Connection, text: str, condition: str, parameters: Parameters, request: PageRequest
) -> Page[Hit[Concept]]:
    """A page of the concepts that hold every word, best first."""
    parameters = parameters | _ORDER.parameters(request)
    wanted = sought(text)
    if not wanted:
        return Page()
    parameters |= {"key": whole_key(text), "match": _all_of(sought_as_written(text))}
    rows = in_order(db.execute(_page_sql(condition, request), parameters).fetchall(), request)
    outside = _outside(db, condition, parameters, request)
    return page(rows, request, _ORDER.place, lambda row: hit(row, wanted), outside)


def count(db: sqlite3.Connection, text: str, condition: str, parameters: Parameters) -> int:
    """How many concepts hold every word."""
    wanted = sought_as_written(text)
    if not wanted:
        return 0
    [(number,)] = db.execute(_COUNT + condition, parameters | {"match": _all_of(wanted)}).fetchall()
    return int(number)


def similar(db: sqlite3.Connection, workspace: str, one: Concept, limit: int) -> Sequence[Concept]:
    """Other concepts with names like this one's, likeliest first."""
    stems = [stem(word) for word in sought_as_written(names(one))]
    if not stems:
        return ()
    match = "{name alias_words} : (" + " OR ".join(f'"{stem}" *' for stem in stems) + ")"
    rows = db.execute(_SIMILAR, {"match": match, "workspace": workspace, "id": one.id}).fetchall()
    return likeliest(one, map(concept, rows), limit)


def _page_sql(condition: str, request: PageRequest) -> str:
    return f"""
        WITH hits AS MATERIALIZED ({_HITS}{condition}),
             hit AS (SELECT * FROM hits WHERE 1{_ORDER.within(request)} {_ORDER.chosen(request)})
        SELECT {listed(CONCEPT, "c")}, hit.place, hit.rank, hit.id FROM hit
        CROSS JOIN concept AS c ON c.row = hit.row
        ORDER BY {_ORDER.by("hit", backward=request.backward)}"""


def _outside(db: sqlite3.Connection, condition: str, parameters: Parameters, request: PageRequest) -> tuple[bool, bool]:
    if request.after is None and request.before is None:
        return False, False
    outside = _ORDER.outside(request, lambda beyond: f"max({beyond})")
    sql = f"WITH hits AS MATERIALIZED ({_HITS}{condition}) SELECT {outside} FROM hits"
    first, last = db.execute(sql, parameters).fetchone()
    return bool(first), bool(last)


def _all_of(wanted: Sequence[str]) -> str:
    return " AND ".join(f'"{word}" *' for word in wanted)
