"""Reading evidence and its sources."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence

from graphstore.model import Evidence, Page, PageRequest, Source, SourceKind, Subject
from graphstore.rows.graph import SOURCE, Row, listed, moment, source, subject, subject_row
from graphstore.sqlite.children import Children
from graphstore.sqlite.paging import Order
from graphstore.sqlite.rows import Parameters, as_json

_COLUMNS = ("id", "subject_source", "subject_type", "subject_target", "source", "quote", "confidence", "created")
_OF_SUBJECTS = Children("evidence", _COLUMNS, Order(("doubt", "id"), (float, str)))
_OWNERSHIP = """workspace = :workspace AND subject_source = asked.value ->> 0
    AND subject_target = asked.value ->> 2 AND subject_type = asked.value ->> 1"""
_SOURCES = f"""
    SELECT {listed(SOURCE, "s")} FROM json_each(:ids) AS asked
    CROSS JOIN source AS s ON s.workspace = :workspace AND s.id = asked.value"""

_KINDS = """
    SELECT asked.key, group_concat(DISTINCT s.kind) FROM json_each(:asked) AS asked
    CROSS JOIN evidence AS e ON e.workspace = :workspace AND e.subject_source = asked.value ->> 0
      AND e.subject_target = asked.value ->> 2 AND e.subject_type = asked.value ->> 1
    CROSS JOIN source AS s ON s.workspace = :workspace AND s.id = e.source
    GROUP BY asked.key"""


def pages(
    db: sqlite3.Connection, workspace: str, subjects: Sequence[Subject], request: PageRequest
) -> Mapping[Subject, Page[Evidence]]:
    """A page of evidence for each subject."""

    def hydrated(rows: Sequence[Row]) -> Callable[[Row], Evidence | None]:
        cited = sources(db, workspace, list({row[4] for row in rows}))

        def value(row: Row) -> Evidence | None:
            if (cite := cited.get(row[4])) is None:  # yet to be loaded from an archive
                return None
            return Evidence(row[0], subject(*row[1:4]), cite, row[5], row[6], moment(row[7]))

        return value

    found = _OF_SUBJECTS.pages(db, [_OWNERSHIP], _asked(workspace, subjects), request, hydrated)
    return dict(zip(subjects, found, strict=True))


def counts(db: sqlite3.Connection, workspace: str, subjects: Sequence[Subject]) -> Mapping[Subject, int]:
    """How many pieces of evidence each subject has."""
    found = _OF_SUBJECTS.counts(db, [_OWNERSHIP], _asked(workspace, subjects))
    return dict(zip(subjects, found, strict=True))


def kinds(
    db: sqlite3.Connection, workspace: str, subjects: Sequence[Subject]
) -> Mapping[Subject, frozenset[SourceKind]]:
    """The kinds of the sources that attest each subject."""
    found = dict(db.execute(_KINDS, _asked(workspace, subjects)).fetchall())
    return {
        subject: frozenset(map(SourceKind, found[number].split(","))) if number in found else frozenset()
        for number, subject in enumerate(subjects)
    }


def sources(db: sqlite3.Connection, workspace: str, ids: Sequence[str]) -> dict[str, Source]:
    """Sources by id."""
    rows = db.execute(_SOURCES, {"workspace": workspace, "ids": as_json(ids)})
    return {found.id: found for found in map(source, rows)}


def _asked(workspace: str, subjects: Sequence[Subject]) -> Parameters:
    return {"workspace": workspace, "asked": as_json(map(subject_row, subjects))}
