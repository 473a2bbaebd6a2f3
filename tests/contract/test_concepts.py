"""Reading concepts: look-ups, pages, search, likeness."""

import unicodedata
from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphstore.model import Concept, ConceptFilter, ConceptId, ConceptOrder, Hit, PageRequest
from graphstore.port import Store
from tests.support.claims import added, cite, claim, says, stored
from tests.support.pages import all_of, check_page, check_pages, check_refusals

ALL = ConceptFilter()


@pytest.fixture
async def plants(store: Store, other: Store) -> Mapping[str, ConceptId]:
    """A small graph, and one with the same names in another workspace."""
    relations = (says("leaf", "PART_OF", "plant"), says("root", "PART_OF", "plant"), says("leaf", "USES", "light"))
    concepts = (
        claim("plant", cite(), cite(origin="book"), kind="organism", domain="biology", summary="Lives on light."),
        claim("leaf", kind="organ", domain="biology", summary="Flat part of a plant."),
        claim("root", kind="organ", domain="biology"),
        claim("light", cite(confidence=0.3), kind="radiation", domain="physics"),
        claim("Plantain", kind="organism", domain="food", aliases=("plant banana",)),
    )
    await added(other, *concepts, relations=relations)
    return await added(store, *concepts, relations=relations)


async def test_get_answers_by_the_id_asked_for_and_leaves_out_what_is_not_there(
    store: Store, plants: Mapping[str, ConceptId]
) -> None:
    """Unknown, malformed and repeated ids harm nothing; no id gives nothing."""
    leaf = plants["leaf"]
    found = await store.concepts.get([leaf, "nowhere", "", "a\0b", "\ud800", "'; --", leaf])
    assert set(found) == {leaf}
    assert (found[leaf].name, found[leaf].kind, found[leaf].domain) == ("leaf", "organ", "biology")
    assert found[leaf].summary == "Flat part of a plant."
    assert await store.concepts.get([]) == {}


async def test_a_concept_knows_its_degree_support_and_confidence(store: Store, plants: Mapping[str, ConceptId]) -> None:
    """Degree counts relations at either end; support counts origins; confidence is the noisy-or over them."""
    plant, leaf, light = [await stored(store, plants[n]) for n in ("plant", "leaf", "light")]
    assert (plant.degree, leaf.degree, light.degree) == (2, 2, 1)
    assert (plant.support, plant.confidence) == (2, 0.96)
    assert (light.support, light.confidence) == (1, 0.3)


async def test_another_workspaces_concepts_are_not_there(other: Store, plants: Mapping[str, ConceptId]) -> None:
    """No read of a workspace shows anything of another one."""
    assert await other.concepts.get(list(plants.values())) == {}
    assert not {c.id for c in (await other.concepts.named(["plant"]))["plant"]} & set(plants.values())
    assert await other.concepts.similar(list(plants.values()), 5) == {}
    assert await other.concepts.count(ALL) == len(plants)
    hits = await all_of(lambda request: other.concepts.search("plant", ALL, request))
    assert not {item.value.value.id for item in hits} & set(plants.values())
    page = await all_of(lambda request: other.concepts.page(ALL, ConceptOrder.NAME, request))
    assert not {item.value.id for item in page} & set(plants.values())


async def test_named_gives_all_senses_the_best_supported_first(store: Store) -> None:
    """Those so named come before those so called by an alias; within each support, degree, confidence decide."""
    ids = await added(
        store,
        claim("Bank", ref="river", kind="landform"),
        claim("Bank", cite(), cite(origin="book"), ref="money", kind="company"),
        claim("bank", ref="seat", kind="furniture"),
        claim("Sandbank", cite(), cite(origin="book"), cite(origin="web"), ref="sand", kind="shoal", aliases=("BANK",)),
        "sofa",
        relations=(says("seat", "IS_A", "sofa"),),
    )
    found = await store.concepts.named(["bank", "sofa", "nothing", "a\0b"])
    assert [c.id for c in found["bank"]] == [ids["money"], ids["seat"], ids["river"], ids["sand"]]
    assert set(found) == {"bank", "sofa"}


async def test_external_ids_lead_to_their_concept(store: Store) -> None:
    """A (scheme, value) pair is one key: neither half matches alone."""
    ids = await added(store, claim("leaf", external_ids={"wikidata": "Q1", "gnd": "Q2"}))
    pairs = [("wikidata", "Q1"), ("gnd", "Q2"), ("gnd", "Q1"), ("wikidata", "Q2")]
    found = await store.concepts.by_external_id(pairs)
    assert {pair: c.id for pair, c in found.items()} == {pairs[0]: ids["leaf"], pairs[1]: ids["leaf"]}


@pytest.mark.parametrize("order", ConceptOrder)
async def test_pages_of_every_order_are_windows_of_one_list(
    store: Store, plants: Mapping[str, ConceptId], order: ConceptOrder
) -> None:
    """Whatever the range, size and direction, a page is a cut of the full list and tells what lies beyond."""
    listed = await check_pages(lambda request: store.concepts.page(ALL, order, request))
    assert {c.id for c in listed} == set(plants.values())


async def test_orders_order(store: Store, plants: Mapping[str, ConceptId]) -> None:
    """Names rise by key; degree and support fall; ties are broken by id, and NEWEST is OLDEST reversed."""

    async def names(order: ConceptOrder) -> list[str]:
        return [i.value.name for i in await all_of(lambda request: store.concepts.page(ALL, order, request))]

    later = await added(store, "zebra")
    assert await names(ConceptOrder.NAME) == ["leaf", "light", "plant", "Plantain", "root", "zebra"]
    assert (await names(ConceptOrder.NEWEST))[0] == "zebra"
    assert await names(ConceptOrder.OLDEST) == (await names(ConceptOrder.NEWEST))[::-1]
    by_id = {id: name for name, id in {**plants, **later}.items()}
    degrees = {"plant": 2, "leaf": 2, "root": 1, "light": 1}
    expected = [by_id[id] for id in sorted(by_id, key=lambda each: (-degrees.get(by_id[each], 0), each))]
    assert await names(ConceptOrder.MOST_CONNECTED) == expected
    assert await names(ConceptOrder.MOST_SUPPORTED) == [
        "plant",
        *[by_id[i] for i in sorted(by_id) if by_id[i] != "plant"],
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_any_page_of_a_longer_list_is_a_window_of_it(store: Store, data: st.DataObject) -> None:
    """The same over ranges, sizes and orders drawn at random. The fixture is only read after the first example."""
    if not await store.concepts.count(ALL):
        await added(store, *(claim(f"thing {i % 7}", ref=str(i), kind=f"kind {i}") for i in range(60)))
    order = data.draw(st.sampled_from(ConceptOrder))
    filter = data.draw(st.sampled_from([ALL, ConceptFilter(name_prefix="thing 3"), ConceptFilter(kinds=("kind 8",))]))
    full = await all_of(lambda request: store.concepts.page(filter, order, request))
    place = st.none() | st.integers(0, len(full) - 1)
    await check_page(
        lambda request: store.concepts.page(filter, order, request),
        full,
        data.draw(st.integers(1, 70)),
        data.draw(place),
        data.draw(place),
        backward=data.draw(st.booleans()),
    )


@pytest.mark.parametrize(
    ("filter", "names"),
    [
        (ALL, {"plant", "leaf", "root", "light", "Plantain"}),
        (ConceptFilter(kinds=("organ",)), {"leaf", "root"}),
        (ConceptFilter(kinds=("organ", "radiation")), {"leaf", "root", "light"}),
        (ConceptFilter(kinds=()), set()),
        (ConceptFilter(domains=("biology",), kinds=("organism",)), {"plant"}),
        (ConceptFilter(name_prefix="PLANT"), {"plant", "Plantain"}),
        (ConceptFilter(name_prefix="%"), set()),
        (ConceptFilter(min_confidence=0.5), {"plant", "leaf", "root", "Plantain"}),
        (ConceptFilter(min_confidence=0.8, domains=("food",)), {"Plantain"}),
    ],
)
@pytest.mark.usefixtures("plants")
async def test_filters_hold_in_pages_and_counts(store: Store, filter: ConceptFilter, names: set[str]) -> None:
    """All that a filter gives must hold, and the count is the number of rows."""
    found = await all_of(lambda request: store.concepts.page(filter, ConceptOrder.NAME, request))
    assert {item.value.name for item in found} == names
    assert await store.concepts.count(filter) == len(names)


async def hits(store: Store, text: str, filter: ConceptFilter = ALL) -> list[Hit[Concept]]:
    """All that a search finds, once the count agrees."""
    found = await all_of(lambda request: store.concepts.search(text, filter, request))
    assert await store.concepts.count_hits(text, filter) == len(found)
    return [item.value for item in found]


@pytest.mark.usefixtures("plants")
async def test_search_finds_every_word_or_its_beginning_in_any_field(store: Store) -> None:
    """Words may stand in different fields, in any case and order, with or without diacritics."""
    await added(store, claim("Café au lait", summary="Milchkaffee mit Süße", aliases=("Kaffee",)))

    async def names(text: str) -> set[str]:
        return {hit.value.name for hit in await hits(store, text)}

    assert await names("plant") == {"plant", "leaf", "Plantain"}
    assert await names("FLAT plan") == {"leaf"}
    assert await names("cafe") == await names("CAFÉ") == await names("kaff suße") == {"Café au lait"}
    assert await names("plant nothing") == set()


@pytest.mark.parametrize("name", ["Йогурт", "Ёлка", "Οδός", "がぎ", "أمل", "한국어", "中文"])
async def test_search_finds_words_of_every_alphabet(store: Store, name: str) -> None:
    """As they are written, in capitals or not, composed or not; they are marked, and found as likely duplicates."""
    twins = [claim(f"{name} 2", ref=kind, kind=kind) for kind in ("one", "other")]
    ids = await added(store, name, "かき", *twins)
    for text in (name, name.lower(), unicodedata.normalize("NFD", name)):
        found = await hits(store, text)
        assert [hit.value.name for hit in found] == [name, f"{name} 2", f"{name} 2"]
        assert all("name" in hit.matched and "«" in hit.snippet for hit in found)
        assert await store.concepts.count_hits(text, ConceptFilter()) == len(found)
    assert [c.id for c in (await store.concepts.similar([ids["other"]], 1))[ids["other"]]] == [ids["one"]]


@pytest.mark.usefixtures("plants")
async def test_search_ranks_exact_names_first_and_tells_where_it_found_what(store: Store) -> None:
    """An exact name leads, then an exact alias; a name weighs more than a summary; snippets mark the words."""
    await added(store, claim("vegetable", aliases=("Plant",), summary="Something to eat."), claim("plant plant plant"))
    found = await hits(store, "plant")
    assert [h.value.name for h in found][:2] == ["plant", "vegetable"]
    by_name = {h.value.name: h for h in found}
    assert by_name["leaf"].matched == ("summary",)
    assert by_name["leaf"].snippet == "Flat part of a «plant»."
    assert by_name["Plantain"].matched == ("name", "aliases")
    assert by_name["Plantain"].snippet == "«plant» banana"
    assert by_name["plant plant plant"].score > by_name["leaf"].score > 0


@pytest.mark.usefixtures("plants")
async def test_search_pages_are_windows_of_one_list(store: Store) -> None:
    """Hits are paged like everything else, under a filter too."""
    values = await check_pages(lambda request: store.concepts.search("plant", ALL, request))
    assert values[0].value.name == "plant"
    narrow = ConceptFilter(kinds=("organism",))
    await check_pages(lambda request: store.concepts.search("plant", narrow, request))
    assert await store.concepts.count_hits("plant", narrow) == 2


async def test_search_sees_changes_at_once(store: Store, plants: Mapping[str, ConceptId]) -> None:
    """What was reworded is found by the new words only, what was deleted by none."""
    await added(store, claim("leaf", kind="organ", aliases=("frond",)))
    assert [h.value.name for h in await hits(store, "frond")] == ["leaf"]
    await store.curation.delete_concept(plants["leaf"])
    assert await hits(store, "frond") == []
    assert await hits(store, "flat") == []


ONE_WORD = (
    *('"plant', 'plant"', "plant*", "^plant", "-plant", "plant:", "(plant", "plant)", "plant~", "+plant", "!plant"),
    *("＂plant＂", "plant\0", "plant\ud800", "[plant]", "plant " * 500, "plant'; --"),
)
MORE_WORDS = (
    *("plant^2", "name:plant", "{name}:plant", "plant AND leaf", "plant OR", "NOT plant", "NEAR(plant leaf)"),
    *("plant NEAR/2 leaf", "plant; DROP TABLE concept", "[plant TO z]", "plant' OR 1=1 --", "plant\0zero"),
)
NO_WORD = ("", " ", '"', "'", "*", "(((", "\0", "\ud800", "%", "_", "\\", "//", "?", "\t\n", "…", "&&", "-", "{}", ":")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        *((text, {"plant", "leaf", "Plantain"}) for text in ONE_WORD),
        *((text, set()) for text in MORE_WORDS + NO_WORD),
    ],
    ids=lambda value: ascii(value) if isinstance(value, str) else "found",
)
@pytest.mark.usefixtures("plants")
async def test_search_text_is_words_and_nothing_else(store: Store, text: str, found: set[str]) -> None:
    """Operators, quotes, wildcards, NULs and surrogates are no syntax and no error, and operators' names are words."""
    assert {h.value.name for h in await hits(store, text)} == found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=30))
async def test_no_text_breaks_search(store: Store, text: str) -> None:
    """Whatever the text, search and its count agree. The fixture is only read after the first example."""
    if not await store.concepts.count(ALL):
        await added(store, "plant", claim("Ünïcode ß ﬁ Ⅷ ½ 日本語", aliases=("İstanbul",)))
    await hits(store, text)


@pytest.mark.usefixtures("plants")
async def test_a_search_without_words_still_checks_what_it_is_given(store: Store) -> None:
    """A strange limit or cursor is refused whatever the text."""
    full = await all_of(lambda request: store.concepts.search("plant", ALL, request))
    await check_refusals(lambda request: store.concepts.search("…", ALL, request), full)
    assert (await store.concepts.search("…", ALL, PageRequest(5))).items == ()


async def test_similar_proposes_what_may_be_the_same(store: Store) -> None:
    """Near names are proposed, likeliest first and never the concept itself; what sources tell apart is not."""
    ids = await added(
        store,
        claim("neural network", kind="model", external_ids={"wikidata": "Q1"}),
        claim("neural networks", kind="method"),
        claim("artificial neural network", kind="technique", aliases=("neural net",)),
        claim("Neural Network", ref="told apart", kind="band", external_ids={"wikidata": "Q2"}),
        claim("road network", kind="thing"),
        claim("neuron", kind="cell"),
    )
    found = await store.concepts.similar([ids["neural network"], ids["neuron"], "nowhere"], 5)
    names = [c.name for c in found[ids["neural network"]]]
    assert names[0] == "neural networks"
    assert set(names) <= {"neural networks", "artificial neural network"}
    assert found[ids["neuron"]] == ()
    assert len(found) == 2
    assert len((await store.concepts.similar([ids["neural network"]], 1))[ids["neural network"]]) == 1
