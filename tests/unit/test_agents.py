"""The agents between a source's answer and the store."""

import pytest

from exploration.agents.connection import ROOT, Connection
from exploration.agents.content import Content
from exploration.agents.research import Research
from exploration.agents.validation import Validation
from graphstore.model import ConceptClaim, EvidenceClaim, Knowledge, RelationClaim, SourceClaim, SourceKind
from providers.errors import RefusedError
from providers.knowledge.port import Findings, Link, Question, Reference, Subject
from providers.price import Price
from tests.support.exploring import TREE, Scripted

SAID = EvidenceClaim(SourceClaim("k", "o", SourceKind.PAGE, "A page"), "Rain wets grass.", 0.8)
REFERENCE = Reference("k", "o", "PAGE", "A page")


def claim(ref: str, name: str, **more: object) -> ConceptClaim:
    """A claim that only has a name."""
    return ConceptClaim(ref, name, **more)  # type: ignore[arg-type]


def test_all_answers_about_the_subject_become_one_claim() -> None:
    """Several sources describe one concept: what the first says stands, what it leaves out the others fill in."""
    known = Subject("Rain", concept_id="id")
    answers = [
        Findings(Subject("Rain", kind="process", external_ids={"a": "1"}, reference=REFERENCE)),
        Findings(Subject("rain", kind="weather", summary="Falling water.", external_ids={"b": "2"})),
    ]
    [root] = Connection().claims(known, answers).concepts
    assert (root.ref, root.id, root.kind, root.summary) == (ROOT, "id", "process", "Falling water.")
    assert root.external_ids == {"a": "1", "b": "2"}
    assert len(root.evidence) == 1


def test_links_become_relations_in_their_direction() -> None:
    """A link that leads to the subject is a relation that ends there."""
    links = (Link("CAUSES", Subject("Cloud"), forward=False, reference=REFERENCE), Link("WETS", Subject("Grass"), True))
    knowledge = Connection().claims(Subject("Rain"), [Findings(Subject("Rain"), links)])
    names = {c.ref: c.name for c in knowledge.concepts}
    stated = [(names[r.source], r.type, names[r.target], len(r.evidence)) for r in knowledge.relations]
    assert stated == [("Cloud", "CAUSES", "Rain", 1), ("Rain", "WETS", "Grass", 0)]


def test_malformed_claims_are_dropped() -> None:
    """Nameless concepts, types that are none, self-loops and repetitions do not reach the store."""
    concepts = (claim(ROOT, "Rain"), claim("1", " "), claim("2", "rain"), claim("3", "Grass"), claim("4", "a\x00b"))
    relations = (
        RelationClaim(ROOT, "WETS", "1"),
        RelationClaim(ROOT, "IS_A", "2"),
        RelationClaim(ROOT, "WETS", ROOT),
        RelationClaim(ROOT, "wets", "3"),
        RelationClaim(ROOT, "WETS", "4"),
        RelationClaim(ROOT, "WETS", "3", (SAID,)),
        RelationClaim(ROOT, "WETS", "3"),
        RelationClaim(ROOT, "WETS", "unknown"),
    )
    checked = Validation().checked(Knowledge(concepts, relations))
    assert [c.name for c in checked.concepts] == ["Rain", "rain", "Grass"]
    assert checked.relations == (RelationClaim(ROOT, "WETS", "3", (SAID,)),)


def test_two_senses_of_one_name_may_be_related() -> None:
    """A shared name makes no self-loop when the concepts are stored apart, or a source tells them apart."""
    stored = (claim(ROOT, "bank", id="1"), claim("1", "bank", id="2"))
    senses = (claim(ROOT, "bank", sense="w:1"), claim("1", "bank", sense="w:2"))
    for concepts in (stored, senses):
        knowledge = Knowledge(concepts, (RelationClaim(ROOT, "SEE_ALSO", "1"),))
        assert Validation().checked(knowledge).relations == knowledge.relations


def test_words_are_cut_and_confidence_is_kept_in_bounds() -> None:
    """Texts of any length and confidences of any size become what the store takes."""
    loud = EvidenceClaim(SAID.source, "x" * 9_999, 7.0)
    [root] = Validation().checked(Knowledge((claim(ROOT, "Rain", summary="y" * 9_999, evidence=(loud,)),))).concepts
    assert (len(root.summary), len(root.evidence[0].quote), root.evidence[0].confidence) == (2_000, 2_000, 1.0)


def test_a_missing_summary_is_written_from_what_was_said() -> None:
    """The first quotes of its relations describe a concept that no source described."""
    knowledge = Knowledge((claim(ROOT, "Rain"), claim("1", "Grass")), (RelationClaim(ROOT, "WETS", "1", (SAID,)),))
    assert Content().completed(knowledge).concepts[0].summary == "Rain wets grass."


def test_a_summary_that_came_is_left_alone() -> None:
    """Neither a source's words nor what is stored already is written over."""
    described = Knowledge((claim(ROOT, "Rain", summary="Wet."),), (RelationClaim(ROOT, "WETS", "1", (SAID,)),))
    met = Knowledge((claim(ROOT, "Rain"), claim("1", "Grass")), (RelationClaim(ROOT, "WETS", "1"),))
    assert Content().completed(described) == described
    assert Content().completed(met) == met


@pytest.mark.parametrize(("used", "booked"), [(Price(5, 0.25), Price(15, 0.75)), (None, None)])
async def test_a_failure_bears_what_the_answers_before_it_have_cost(used: Price | None, booked: Price | None) -> None:
    """One source answers, the next one fails: both are paid for; where one cannot tell its cost, nobody can."""
    answering = Scripted(TREE, price_of_answer=Price(10, 0.5))
    failing = Scripted(TREE, fail=lambda _name, _attempt: RefusedError("closed", used=used))
    with pytest.raises(RefusedError) as refused:
        await Research([answering, failing], 5).ask(Question(Subject("a"), 5))
    assert refused.value.used == booked
