"""Reading relations, evidence and sources."""

from collections.abc import Mapping, Sequence

import pytest

from graphstore.errors import InvalidError
from graphstore.model import (
    Concept,
    ConceptId,
    Direction,
    Edge,
    EvidenceClaim,
    Page,
    PageRequest,
    RelationKey,
    SourceClaim,
    SourceKind,
    Subject,
)
from graphstore.port import Store
from tests.support.claims import added, cite, claim, says
from tests.support.pages import all_of, check_pages

ALL = PageRequest(1_000)


@pytest.fixture
async def ids(store: Store, other: Store) -> Mapping[str, ConceptId]:
    """A hub with relations of several strengths, some leaves, and the same again in another workspace."""
    names = ("hub", "a", "b", "c", "d", "alone")
    relations = (
        says("hub", "USES", "a", cite(confidence=0.9)),
        says("hub", "IS_A", "a", cite(confidence=0.4)),
        says("hub", "USES", "b", cite("x", 0.9), cite("y", 0.9, origin="book")),
        says("c", "USES", "hub", cite(confidence=0.9)),
        says("d", "PART_OF", "hub", cite(confidence=0.2)),
        says("hub", "CAUSES", "d", cite(confidence=0.2)),
        says("a", "USES", "b", cite(confidence=0.7)),
    )
    await added(other, *names, relations=relations)
    return await added(store, *names, relations=relations)


def told(edges: Sequence[Edge]) -> list[str]:
    """Edges as text."""
    return [f"{e.source.name} {e.relation.key.type} {e.target.name}" for e in edges]


def values(page: Page[Edge]) -> list[Edge]:
    """The edges of a page."""
    return [item.value for item in page.items]


def key(ids: Mapping[str, ConceptId], source: str, type: str, target: str) -> RelationKey:
    """A relation's key by names."""
    return RelationKey(ids[source], type, ids[target])


async def test_get_answers_by_key_with_both_ends(store: Store, ids: Mapping[str, ConceptId]) -> None:
    """A key is found in its own direction and type only; ends are whole concepts."""
    wanted = key(ids, "hub", "USES", "b")
    absent = [key(ids, "b", "USES", "hub"), key(ids, "hub", "USED", "b"), RelationKey("x", "USES", "\0")]
    found = await store.relations.get([wanted, *absent, wanted])
    assert set(found) == {wanted}
    edge = found[wanted]
    assert (edge.relation.confidence, edge.relation.support, edge.relation.version) == (0.99, 2, 1)
    assert not edge.relation.contradicted
    ends = await store.concepts.get([ids["hub"], ids["b"]])
    assert (edge.source, edge.target) == (ends[ids["hub"]], ends[ids["b"]])


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        (Direction.OUT, ["hub USES b", "hub USES a", "hub IS_A a", "hub CAUSES d"]),
        (Direction.IN, ["c USES hub", "d PART_OF hub"]),
        (Direction.BOTH, ["hub USES b", "hub USES a", "c USES hub", "hub IS_A a", "hub CAUSES d", "d PART_OF hub"]),
    ],
)
async def test_relations_of_a_concept_come_strongest_first(
    store: Store, ids: Mapping[str, ConceptId], direction: Direction, expected: list[str]
) -> None:
    """By confidence and support, falling, then by type, source and target; the count agrees."""
    hub = ids["hub"]
    assert told(values((await store.relations.of([hub], direction, None, ALL))[hub])) == expected
    assert (await store.relations.count([hub], direction, None))[hub] == len(expected)


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("types", [None, ["USES"], ["USES", "PART_OF"]])
async def test_pages_of_relations_are_windows_of_one_list(
    store: Store, ids: Mapping[str, ConceptId], direction: Direction, types: list[str] | None
) -> None:
    """Whatever the direction, types, range and size; each row has its type; the count is the list's length."""
    hub = ids["hub"]

    async def fetch(request: PageRequest) -> Page[Edge]:
        return (await store.relations.of([hub], direction, types, request))[hub]

    edges = await check_pages(fetch)
    assert {e.relation.key.type for e in edges} <= set(types or ["USES", "IS_A", "CAUSES", "PART_OF"])
    assert (await store.relations.count([hub], direction, types))[hub] == len(edges)


async def test_no_type_is_no_relation(store: Store, ids: Mapping[str, ConceptId]) -> None:
    """An empty list of types or an unknown one leaves nothing."""
    hub = ids["hub"]
    for types in ([], ["NOTHING"], ["uses"], ["\ud800"]):
        assert (await store.relations.of([hub], Direction.BOTH, types, ALL))[hub] == Page()
        assert (await store.relations.count([hub], Direction.BOTH, types))[hub] == 0
        assert await store.relations.links([hub], types, 10) == []


async def test_many_concepts_are_read_at_once_each_with_its_own_page(
    store: Store, ids: Mapping[str, ConceptId]
) -> None:
    """Each asked id has its page, as if it had been asked alone; an unknown one has an empty page."""
    asked = [*ids.values(), "nowhere"]
    together = await store.relations.of(asked, Direction.BOTH, None, PageRequest(2))
    assert set(together) == set(asked)
    for id in asked:
        assert (await store.relations.of([id], Direction.BOTH, None, PageRequest(2)))[id] == together[id]
    assert together["nowhere"] == together[ids["alone"]] == Page()
    assert [len(together[ids[n]].items) for n in ("hub", "a", "b", "c", "d")] == [2, 2, 2, 1, 2]
    assert [together[ids[n]].has_next for n in ("hub", "a", "b", "c", "d")] == [True, True, False, False, False]


async def test_neighbours_are_distinct_and_by_their_strongest_relation(
    store: Store, ids: Mapping[str, ConceptId]
) -> None:
    """One concept comes once however many relations lead to it; ties are broken by id."""
    hub = ids["hub"]

    async def fetch(request: PageRequest) -> Page[Concept]:
        return (await store.relations.neighbours([hub], Direction.BOTH, None, request))[hub]

    found = [c.id for c in await check_pages(fetch)]
    assert found == [ids["b"], *sorted([ids["a"], ids["c"]]), ids["d"]]
    typed = await store.relations.neighbours([hub, ids["alone"]], Direction.IN, ["PART_OF"], ALL)
    assert [i.value.name for i in typed[hub].items] == ["d"]
    for direction, types, number in (
        (Direction.BOTH, None, 4),
        (Direction.OUT, None, 3),
        (Direction.IN, ["PART_OF"], 1),
    ):
        counts = await store.relations.count_neighbours([hub, ids["alone"], "nowhere"], direction, types)
        assert counts == {hub: number, ids["alone"]: 0, "nowhere": 0}
    assert typed[ids["alone"]] == Page()


async def test_links_are_the_relations_that_touch_any_of_the_concepts(
    store: Store, ids: Mapping[str, ConceptId]
) -> None:
    """Each comes once, also when both ends were asked; the limit holds for each concept."""
    links = await store.relations.links([ids["hub"], ids["a"]], None, 100)
    assert len(links) == len({r.key for r in links}) == 7
    strongest = await store.relations.links([ids["hub"]], None, 1)
    assert [r.key for r in strongest] == [key(ids, "hub", "USES", "b")]
    typed = await store.relations.links(list(ids.values()), ["CAUSES", "PART_OF"], 100)
    assert {r.key.type for r in typed} == {"CAUSES", "PART_OF"}
    assert await store.relations.links(["nowhere"], None, 100) == []
    with pytest.raises(InvalidError):
        await store.relations.links([ids["hub"]], None, 0)


async def test_types_are_counted(store: Store, ids: Mapping[str, ConceptId]) -> None:
    """Counts follow every new and every deleted relation; a type without relations is gone."""
    assert await store.relations.types() == {"USES": 4, "IS_A": 1, "PART_OF": 1, "CAUSES": 1}
    await store.curation.delete_relation(key(ids, "hub", "IS_A", "a"))
    await store.curation.delete_relation(key(ids, "hub", "USES", "a"))
    assert await store.relations.types() == {"USES": 3, "PART_OF": 1, "CAUSES": 1}


async def test_evidence_comes_with_its_source_the_most_confident_first(store: Store) -> None:
    """For concepts and relations alike, in pages that are windows of one list."""
    quotes = [cite(f"q{i}", confidence=0.1 * (i % 4 + 1), origin=f"o{i % 3}") for i in range(6)]
    ids = await added(
        store, claim("leaf", *quotes), claim("plant"), relations=(says("leaf", "PART_OF", "plant", *quotes),)
    )
    relation = RelationKey(ids["leaf"], "PART_OF", ids["plant"])
    for subject in (ids["leaf"], relation):

        async def fetch(request: PageRequest, subject: ConceptId | RelationKey = subject) -> Page[object]:
            return (await store.relations.evidence([subject], request))[subject]  # type: ignore[return-value]

        await check_pages(fetch)
        found = [i.value for i in (await store.relations.evidence([subject], ALL))[subject].items]
        assert [(-e.confidence, e.id) for e in found] == sorted((-e.confidence, e.id) for e in found)
        assert {(e.quote, e.source.origin) for e in found} == {(f"q{i}", f"o{i % 3}") for i in range(6)}
        assert {e.subject for e in found} == {subject}
    counts = await store.relations.count_evidence([relation, ids["plant"], "nowhere", RelationKey("a", "B", "c")])
    assert list(counts.values()) == [6, 1, 0, 0]


async def test_the_kinds_of_sources_are_told(store: Store, other: Store) -> None:
    """For concepts and relations, each kind once; what only a model said shows it; what nobody attests has none."""
    model = EvidenceClaim(SourceClaim("model:m", "m", SourceKind.MODEL, "A model", None), "I think", 0.5)
    ids = await added(
        store,
        claim("leaf", cite(), cite(origin="book"), model),
        claim("plant", model),
        relations=(says("leaf", "PART_OF", "plant", model), says("leaf", "USES", "plant")),
    )
    part, uses = (RelationKey(ids["leaf"], type, ids["plant"]) for type in ("PART_OF", "USES"))
    nothing: list[Subject] = [RelationKey(ids["plant"], "USES", ids["leaf"]), "nowhere"]
    subjects: list[Subject] = [ids["leaf"], ids["plant"], part, uses, *nothing]
    assert await store.relations.source_kinds(subjects) == {
        ids["leaf"]: {SourceKind.ATLAS, SourceKind.MODEL},
        ids["plant"]: {SourceKind.MODEL},
        part: {SourceKind.MODEL},
        uses: {SourceKind.ATLAS},
        nothing[0]: frozenset(),
        nothing[1]: frozenset(),
    }
    assert set((await other.relations.source_kinds(subjects)).values()) == {frozenset()}
    assert await store.relations.source_kinds([]) == {}


async def test_sources_are_stored_once_and_read_by_id(store: Store, ids: Mapping[str, ConceptId]) -> None:
    """A source that is cited again is the same source."""
    page = await store.relations.evidence([ids["hub"], ids["a"]], ALL)
    cited = {item.value.source.id: item.value.source for p in page.values() for item in p.items}
    assert len(cited) == 1
    found = await store.relations.sources([*cited, "nowhere"])
    assert found == cited
    [source] = found.values()
    assert (source.key, source.origin, source.kind) == ("atlas:entry", "atlas", SourceKind.ATLAS)
    assert (source.title, source.url) == ("The atlas", "https://atlas.example/")


async def test_another_workspaces_relations_are_not_there(
    other: Store, store: Store, ids: Mapping[str, ConceptId]
) -> None:
    """No read of a workspace shows anything of another one."""
    hub, relation = ids["hub"], key(ids, "hub", "USES", "a")
    assert await other.relations.get([relation]) == {}
    assert (await other.relations.of([hub], Direction.BOTH, None, ALL))[hub] == Page()
    assert (await other.relations.neighbours([hub], Direction.BOTH, None, ALL))[hub] == Page()
    assert await other.relations.count([hub], Direction.BOTH, None) == {hub: 0}
    assert await other.relations.count_neighbours([hub], Direction.BOTH, None) == {hub: 0}
    assert await other.relations.links([hub], None, 10) == []
    assert (await other.relations.evidence([hub, relation], ALL))[relation] == Page()
    assert await other.relations.count_evidence([hub, relation]) == {hub: 0, relation: 0}
    cited = (await store.relations.evidence([hub], ALL))[hub].items[0].value.source
    assert await other.relations.sources([cited.id]) == {}
    await store.curation.delete_relation(relation)
    assert (await other.relations.types())["USES"] == 4


async def test_reads_of_nothing_are_nothing(store: Store) -> None:
    """No id asked, nothing answered."""
    assert await store.relations.get([]) == {}
    assert await store.relations.of([], Direction.BOTH, None, ALL) == {}
    assert await store.relations.neighbours([], Direction.BOTH, None, ALL) == {}
    assert await store.relations.links([], None, 10) == []
    assert await store.relations.evidence([], ALL) == {}
    assert await store.relations.types() == {}
    assert await all_of(lambda request: _page(store, request)) == ()


async def _page(store: Store, request: PageRequest) -> Page[Edge]:
    return (await store.relations.of(["nowhere"], Direction.OUT, None, request))["nowhere"]
