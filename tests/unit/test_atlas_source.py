"""The atlas as a source finds what people mean and puts first what is worth most."""

import pytest

from providers.knowledge.atlas.atlas import Atlas
from providers.knowledge.atlas.entry import Entry
from providers.knowledge.atlas.reading import Book, installed, read_book
from providers.knowledge.atlas.source import AtlasSource
from providers.knowledge.atlas.topics import Topics
from providers.knowledge.port import Ambiguous, Findings, Known, Question, Resolution, Subject, Unknown

TWINS = (("Nail (tool)", "Nail"), ("Nail (finger)", "Nail"), ("Pin", "Pin"))


@pytest.fixture(scope="module")
def book() -> Book:
    """The shipped atlas as it is written."""
    return read_book(installed())


async def resolved(topic: str) -> Resolution:
    """What the atlas makes of a topic."""
    return await AtlasSource().resolve(topic)


async def label_of(topic: str) -> str:
    """The entry that a topic is found to mean."""
    resolution = await resolved(topic)
    assert isinstance(resolution, Known), resolution
    return resolution.subject.external_ids["atlas"]


@pytest.mark.parametrize(
    ("topic", "label"),
    [
        ("photosynthesis", "Photosynthesis"),
        ("  STEAM   engine ", "Steam engine"),
        ("ｗａｔｅｒ", "Water"),
        ("the whales", "Whale"),
        ("Steam-engines", "Steam engine"),
        ("mobius strip", "Möbius strip"),
        ("Einstein", "Albert Einstein"),
        ("global warming", "Climate change"),
        ("mercury (planet)", "Mercury (planet)"),
        ("Mercury (celestial body)", "Mercury (planet)"),
        ("Glass", "Glass"),
        ("Glasses", "Spectacles"),
    ],
)
async def test_topic_is_found_by_what_people_call_it(topic: str, label: str) -> None:
    """Case, spaces, width, accents, articles, plurals, aliases, and a kind in brackets: each leads to its entry."""
    assert await label_of(topic) == label


@pytest.mark.parametrize("name", ["Mercury", "julius caesar"])
async def test_labels_of_senses_are_what_to_ask_for(name: str) -> None:
    """Every sense that an ambiguous topic offers is known under its label."""
    resolution = await resolved(name)
    assert isinstance(resolution, Ambiguous)
    labels = [sense.external_ids["atlas"] for sense in resolution.senses]
    assert [await label_of(label) for label in labels] == labels


@pytest.mark.parametrize(
    ("topic", "nearest"),
    [
        ("photosyntesis", "Photosynthesis"),
        ("quantum chromodynamics", "Quantum mechanics"),
        ("how do birds fly", "Bird"),
        ("US civil war", "American Civil War"),
        ("the history of chocolate", "Chocolate"),
        ("shakespeer", "William Shakespeare"),
    ],
)
async def test_nearest_topic_is_offered(topic: str, nearest: str) -> None:
    """A topic that the atlas lacks is answered with what a person may have meant."""
    resolution = await resolved(topic)
    assert isinstance(resolution, Unknown)
    assert resolution.suggestions[0] == nearest


async def test_every_suggestion_is_known(book: Book) -> None:
    """What is suggested can be asked for."""
    topics = Topics(Atlas(book))
    for topic in ("electric ship of theory", "musical instruments of war", "shakespeer", "a river in the desert"):
        assert (labels := topics.near(topic))
        assert all(label in [e.label for e in topics.find(label)] for label in labels)


async def test_same_name_and_kind_get_a_sense(monkeypatch: pytest.MonkeyPatch) -> None:
    """Concepts of one name and kind are told apart by the source's own ids; all others need none."""
    nail, finger, pin = (Entry(label, name, "object", "daily", "") for label, name in TWINS)
    twins = Book((nail, finger, pin), {}, {})
    monkeypatch.setattr("providers.knowledge.atlas.source.read_book", lambda _: twins)
    resolution = await resolved("nail")
    assert isinstance(resolution, Ambiguous)
    assert [sense.sense for sense in resolution.senses] == ["atlas:Nail (tool)", "atlas:Nail (finger)"]
    alone = await resolved("pin")
    assert isinstance(alone, Known)
    assert alone.subject.sense is None


async def researched(subject: Subject, breadth: int = 10) -> Findings | None:
    """What the atlas knows of a subject."""
    return await AtlasSource().research(Question(subject, breadth))


@pytest.mark.parametrize(
    ("subject", "label"),
    [
        (Subject("Anything", external_ids={"atlas": "Water"}), "Water"),
        (Subject("water", kind="Substance"), "Water"),
        (Subject("Water"), "Water"),
        (Subject("Mercury", kind="element"), "Mercury (element)"),
        (Subject("Mercury"), None),
        (Subject("Water", kind="person"), None),
        (Subject("Water", kind="substance", sense="oewn:123"), None),
        (Subject("Water", external_ids={"wikidata": "Q283"}), "Water"),
        (Subject("Water", external_ids={"atlas": "Not there"}), "Water"),
    ],
)
async def test_subject_is_known_by_id_or_by_name_and_kind(subject: Subject, label: str | None) -> None:
    """An own id decides; else the name, never across kinds, among namesakes, or against another source's sense."""
    findings = await researched(subject)
    assert (findings and findings.subject.external_ids["atlas"]) == label


async def test_own_statements_come_first_and_in_order(book: Book) -> None:
    """An entry's links begin with what it states itself, as it is written; what others state of it is cited to them."""
    written = next(e for e in book.entries if e.label == "Water")
    findings = await researched(Subject("Water"), 30)
    assert findings is not None
    own = [link for link in findings.links if link.forward]
    assert [(x.type, x.other.external_ids["atlas"]) for x in own] == [(s.type, s.target) for s in written.statements]
    assert list(findings.links[: len(own)]) == own
    assert {x.reference.key for x in own if x.reference} == {"atlas:Water"}
    for link in findings.links[len(own) :]:
        assert link.reference == link.other.reference


async def test_first_neighbours_of_a_hub_show_its_sides() -> None:
    """Of the hundred entries that speak of water, the first ones do so in different ways."""
    findings = await researched(Subject("Water"), 20)
    assert findings is not None
    incoming = [link.type for link in findings.links if not link.forward]
    assert len(set(incoming[:5])) == 5


async def test_quote_is_a_sentence_of_the_entry_that_states_it() -> None:
    """A link read from its target still quotes the statement as it was made."""
    findings = await researched(Subject("Glucose"), 10_000)
    assert findings is not None
    said = {link.quote: link for link in findings.links}["Photosynthesis produces Glucose."]
    assert (said.type, said.forward, said.other.name) == ("PRODUCES", False, "Photosynthesis")
    assert said.reference is not None
    assert (said.reference.key, said.reference.title) == ("atlas:Photosynthesis", "Continuum atlas: Photosynthesis")


async def test_photosynthesis_leads_to_forty_concepts_at_an_ordinary_breadth() -> None:
    """Two hops of ten neighbours each, as an exploration takes them, find more than forty concepts."""
    source = AtlasSource()
    edge = {"Photosynthesis"}
    found = set(edge)
    for _ in range(2):
        answers = [await source.research(Question(Subject("", external_ids={"atlas": x}), 10)) for x in sorted(edge)]
        edge = {link.other.external_ids["atlas"] for a in answers if a for link in a.links} - found
        found |= edge
    assert len(found) >= 40
