"""Import of the plain form: a data set becomes concepts and relations with one source."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from graphstore.formats import Dataset, FormatError, import_from
from graphstore.formats.report import SHOWN
from graphstore.model import (
    Concept,
    Direction,
    PageRequest,
    Source,
    SourceKind,
    StoredEvidence,
)
from graphstore.port import Store
from tests.support.claims import added, claim
from tests.support.files import COMPRESS, SMALL, imported, lines, opened, opened_store, reasons

ALL = PageRequest(100)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An empty workspace."""
    async with opened_store(tmp_path) as opened:
        yield opened


async def concept(store: Store, id: str, scheme: str = "small") -> Concept:
    """The stored concept with an id of the data set."""
    return (await store.concepts.by_external_id([(scheme, id)]))[scheme, id]


@pytest.mark.parametrize("suffix", COMPRESS)
async def test_a_data_set_is_stored_with_evidence_for_everything(store: Store, suffix: str) -> None:
    """Concepts, relations, one source of kind DATASET, and what it says of each."""
    report = await imported(store, COMPRESS[suffix](lines(*SMALL)), f"small.jsonl{suffix}")
    assert (report.form, dict(report.stored), report.created) == ("plain", {"concept": 3, "relation": 2}, 3)
    assert (report.failed, report.problems) == (0, [])
    whale, mammal = await concept(store, "1"), await concept(store, "2")
    assert (whale.name, whale.domain, whale.summary) == ("Whale", "animals", "A large mammal of the sea.")
    assert whale.sense == "small:1"
    assert mammal.aliases == ("mammalian",)
    assert mammal.external_ids == {"small": "2", "wikidata": "Q7377"}
    [edge] = [i.value for i in (await store.relations.of([whale.id], Direction.OUT, None, ALL))[whale.id].items]
    assert (edge.relation.key.type, edge.target.id, edge.relation.support) == ("IS_A", mammal.id, 1)
    evidence = await store.relations.evidence([whale.id, edge.relation.key], ALL)
    quotes = {subject: [i.value.quote for i in page.items] for subject, page in evidence.items()}
    assert quotes == {whale.id: ["A large mammal of the sea."], edge.relation.key: ["Whale is a Mammal"]}


async def test_all_is_cited_as_one_source(store: Store) -> None:
    """The source has the title and address it was given, else the file's name."""
    dataset = Dataset.of_file("small.jsonl", "Small things", "https://small.example/")
    await import_from(opened(lines(*SMALL)), store, dataset)
    records = [record async for record in store.archive.export()]
    [source] = [r for r in records if isinstance(r, Source)]
    assert (source.key, source.kind, source.title) == ("dataset:small", SourceKind.DATASET, "Small things")
    assert source.url == "https://small.example/"
    assert {r.source for r in records if isinstance(r, StoredEvidence)} == {source.id}
    assert Dataset.of_file("small.jsonl").title == "small.jsonl"


async def test_a_second_import_changes_nothing(store: Store) -> None:
    """Importing a file again creates nothing and leaves every record as it was."""
    await imported(store, lines(*SMALL))
    before = [record async for record in store.archive.export()]
    report = await imported(store, lines(*SMALL))
    assert (report.created, dict(report.stored)) == (0, {"concept": 3, "relation": 2})
    assert [record async for record in store.archive.export()] == before


async def test_one_name_twice_is_two_concepts(store: Store) -> None:
    """The data set's own ids tell concepts of one name apart, also from one that was there before."""
    await added(store, claim("Mammal", kind="animal"))
    await imported(store, lines(*SMALL))
    assert len((await store.concepts.named(["mammal"]))["mammal"]) == 3


async def test_a_shared_external_id_joins_what_was_there(store: Store) -> None:
    """A concept that another source knows by the same Wikidata item gets the data set's id as well."""
    ids = await added(store, claim("Mammals", external_ids={"wikidata": "Q7377"}))
    report = await imported(store, lines(*SMALL))
    mammal = await concept(store, "2")
    assert (report.created, mammal.id, mammal.name) == (2, ids["Mammals"], "Mammals")
    assert mammal.aliases == ("Mammal", "mammalian")
    assert mammal.support == 2


async def test_an_unknown_id_never_makes_a_concept(store: Store) -> None:
    """A relation to an id that no line before it has is reported by its line, and the others are stored."""
    later = {"concept": "9", "name": "Later"}
    late = {"from": "1", "relation": "SEES", "to": "9"}
    data = lines(*SMALL, {"from": "1", "relation": "IS_A", "to": "9"}, later, late)
    report = await imported(store, data)
    assert reasons(report) == {6: "there is no concept '9' in the lines before this one"}
    assert (report.stored["concept"], report.stored["relation"]) == (4, 3)


async def test_relations_may_be_in_a_file_of_their_own(store: Store) -> None:
    """A relation finds concepts that an earlier import of that data set stored."""
    await imported(store, lines(*SMALL[:3]), "small.jsonl")
    report = await imported(store, lines(*SMALL[3:]), "small.json.gz")
    assert (report.failed, report.stored["relation"]) == (0, 2)


WRONG = {
    '{"concept": "4"}': "name is missing",
    '{"concept": "", "name": "x"}': "concept must not be empty",
    '{"concept": 4, "name": "x"}': "concept must be a string",
    '{"concept": "4", "name": " "}': "name must be more than spaces",
    '{"concept": "4", "name": "x", "aliases": "y"}': "aliases must be an array",
    '{"concept": "4", "name": "x", "colour": "red"}': "the plain form has no field 'colour'",
    '{"concept": {"id": "4"}}': "a record of the full form, but the file does not begin with that form's version line",
    '{"from": "1", "relation": "IS_A"}': "to is missing",
    '{"from": "1", "relation": "is a", "to": "2"}': "relation must be a relation type: A-Z, 0-9 and _, a letter "
    "first, at most 64 characters",
    '{"from": "1", "relation": "IS_A", "to": "1"}': "a relation leads from a concept to another one, not to itself",
    "{}": "from is missing",
    "[]": "not a JSON object",
}


async def test_bad_lines_are_reported_and_the_rest_goes_on(store: Store) -> None:
    """Each bad line has its number and its reason; good lines around them are stored."""
    report = await imported(store, lines(*SMALL[:3]) + "\n".join(WRONG).encode() + b"\n" + lines(*SMALL[3:]))
    assert reasons(report) == dict(enumerate(WRONG.values(), start=4))
    assert dict(report.stored) == {"concept": 3, "relation": 2}


async def test_many_bad_lines_are_only_counted(store: Store) -> None:
    """Beyond the first few, problems are counted and not kept."""
    report = await imported(store, lines(*SMALL) + b"?\n" * 500)
    assert (report.failed, len(report.problems)) == (500, SHOWN)
    assert dict(report.stored) == {"concept": 3, "relation": 2}


async def test_a_relation_type_too_many_costs_only_its_own_lines(store: Store) -> None:
    """Where the workspace has no room for another type, the other relations of the batch are stored."""
    types = [{"from": "1", "relation": f"TYPE_{n}", "to": "2"} for n in range(1_002)]
    report = await imported(store, lines(*SMALL[:3], *types))
    assert (report.stored["relation"], report.failed) == (1_000, 2)
    assert all("at most 1000 relation types" in reason for reason in reasons(report).values())


async def test_an_empty_file_is_no_data_set(store: Store) -> None:
    """A file without a single line is refused."""
    with pytest.raises(FormatError, match="the file is empty"):
        await imported(store, b"\n \n")


async def test_a_data_set_needs_a_name(store: Store) -> None:
    """Without a file name and a title there is nothing to cite."""
    with pytest.raises(FormatError, match="needs a title"):
        await import_from(opened(lines(*SMALL)), store, None)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("oewn.jsonl.xz", "oewn"),
        ("My data (v2).NDJSON.gz", "my-data-v2"),
        ("a.b.json", "a-b"),
        ("数据.jsonl", "数据"),
        ("wikidata.jsonl", "wikidata-file"),
        ("?.jsonl", "dataset"),
    ],
)
def test_a_data_set_is_named_by_its_file(name: str, slug: str) -> None:
    """The scheme of its ids is the file's name without suffixes, and never Wikidata's own."""
    assert Dataset.of_file(name).slug == slug
