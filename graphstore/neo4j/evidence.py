"""Reading evidence and its sources."""

from collections.abc import Mapping, Sequence

from graphstore.model import Evidence, Page, PageRequest, Source, SourceKind, Subject
from graphstore.neo4j import children
from graphstore.neo4j.connection import Read
from graphstore.neo4j.cypher import evidence as cypher
from graphstore.neo4j.whole import source
from graphstore.rows.graph import Row, moment, subject, subject_row


async def pages(read: Read, subjects: Sequence[Subject], request: PageRequest) -> Mapping[Subject, Page[Evidence]]:
    """A page of evidence for each subject."""
    asked = [*map(subject_row, subjects)]
    found, sources = await read(cypher.pages(request), asked=asked, **cypher.ORDER.parameters(request))
    cited = {each.id: each for each in source.all(sources)}

    def value(row: Row) -> Evidence | None:
        if None in row or (cite := cited.get(row[4])) is None:  # gone, or yet to be loaded from an archive
            return None
        return Evidence(row[0], subject(*row[1:4]), cite, row[5], row[6], moment(row[7]))

    return children.pages(subjects, found, request, lambda row: (row[8], row[0]), value)


async def counts(read: Read, subjects: Sequence[Subject]) -> Mapping[Subject, int]:
    """How many pieces of evidence each subject has."""
    found = await read(cypher.COUNT, asked=[*map(subject_row, subjects)])
    return dict(zip(subjects, found, strict=True))


async def source_kinds(read: Read, subjects: Sequence[Subject]) -> Mapping[Subject, frozenset[SourceKind]]:
    """The kinds of the sources that attest each subject."""
    found = await read(cypher.SOURCE_KINDS, asked=[*map(subject_row, subjects)])
    return {of: frozenset(map(SourceKind, kinds)) for of, kinds in zip(subjects, found, strict=True)}


async def sources(read: Read, ids: Sequence[str]) -> Mapping[str, Source]:
    """Sources by id."""
    return {found.id: found for found in source.all(await read(cypher.SOURCES, ids=ids))}
