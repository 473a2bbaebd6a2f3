"""Which stored concept a claim speaks of."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphstore.identity import Known, distinct_names, enriched, likeness
from graphstore.model import Concept, ConceptClaim, combined_confidence, contradicting, name_key
from graphstore.model import RelationKey as Key

THEN = datetime(2026, 1, 1, tzinfo=UTC)


def concept(id: str, name: str, kind: str = "", **more: object) -> Concept:
    """A stored concept."""
    made = Concept(
        id=id,
        name=name,
        key=name_key(name),
        sense=name_key(kind),
        kind=kind,
        domain="",
        summary="",
        aliases=(),
        external_ids={},
        confidence=1.0,
        support=1,
        degree=0,
        version=1,
        created=THEN,
        updated=THEN,
    )
    return replace(made, **more)  # type: ignore[arg-type]


METAL = concept(
    "1", "Mercury", "element", external_ids={"atlas": "Mercury (element)", "wikidata": "Q925"}, aliases=("Quicksilver",)
)
PLANET = concept("2", "Mercury", "planet")
SENSE = concept("3", "mercury", sense="oewn:14")
KNOWN = Known([METAL, PLANET, SENSE])


@pytest.mark.parametrize(
    ("claim", "found"),
    [
        (ConceptClaim("", "anything", external_ids={"atlas": "Mercury (element)"}), METAL),
        (ConceptClaim("", "Hg", external_ids={"wikidata": "Q925", "atlas": "Mercury (element)"}), METAL),
        (ConceptClaim("", "Hg", external_ids={"wikidata": "Q925", "atlas": "Another"}), None),
        (ConceptClaim("", "  MERCURY ", kind="Planet"), PLANET),
        (ConceptClaim("", "Mercury", kind="god"), None),
        (ConceptClaim("", "Mercury"), None),
        (ConceptClaim("", "Quicksilver", kind="element"), METAL),
        (ConceptClaim("", "Quicksilver"), METAL),
        (ConceptClaim("", "Quicksilver", kind="horse"), None),
        (ConceptClaim("", "Mercury", kind="element", external_ids={"atlas": "Another"}), None),
        (ConceptClaim("", "mercury", sense="oewn:14"), SENSE),
        (ConceptClaim("", "mercury", sense="oewn:15"), None),
        (ConceptClaim("", "", id="2"), PLANET),
        (ConceptClaim("", "Mercury", kind="planet", id="gone"), None),
    ],
)
def test_the_rules_of_identity(claim: ConceptClaim, found: Concept | None) -> None:
    """Id, external id, name with kind, alias: in that order, never across kinds, never by guessing."""
    assert KNOWN.match(claim) == found


def test_enriching_fills_gaps_and_overwrites_nothing() -> None:
    """A claim adds what was not known, and changes no word that was."""
    claim = ConceptClaim("", "Hg", kind="metal", summary="Liquid.", aliases=("quicksilver", "Hydrargyrum"))
    better = enriched(METAL, claim)
    assert (better.name, better.kind, better.summary) == ("Mercury", "element", "Liquid.")
    assert better.aliases == ("Quicksilver", "Hg", "Hydrargyrum")
    assert enriched(better, claim) == better


def test_likeness_sees_spelling_and_not_rivals() -> None:
    """Names that differ little are alike; two things that one source tells apart are not, whatever their names."""
    assert likeness(concept("1", "Photosynthesis"), concept("2", "Photosyntesis")) > 0.9
    assert likeness(concept("1", "Whale"), concept("2", "Prime number")) < 0.5
    rivals = [concept(str(n), "Mercury", external_ids={"atlas": str(n)}) for n in (1, 2)]
    assert likeness(*rivals) == 0


@given(st.text(max_size=30))
def test_a_key_is_its_own_key(name: str) -> None:
    """Normalising twice changes nothing, so look-ups cannot miss."""
    assert name_key(name_key(name)) == name_key(name)


@given(st.lists(st.floats(0, 1), max_size=6))
def test_confidence_grows_with_support_and_forgets_order(confidences: list[float]) -> None:
    """More independent sources never make it less, and their order does not matter."""
    combined = combined_confidence(confidences)
    assert 0 <= combined <= 1
    assert combined == combined_confidence(reversed(confidences))
    assert combined_confidence([*confidences, 0.5]) >= combined


def test_contradictions_are_found_both_ways() -> None:
    """What cannot hold in both directions, and what is denied by another type, is flagged on each side."""
    circle = {Key("a", "IS_A", "b"), Key("b", "IS_A", "a")}
    denial = {Key("a", "CAUSES", "c"), Key("a", "PREVENTS", "c")}
    fine = {Key("a", "SEE_ALSO", "d"), Key("d", "SEE_ALSO", "a"), Key("c", "PREVENTS", "a")}
    assert contradicting(circle | denial | fine) == circle | denial


def test_names_that_differ_in_case_only_are_one() -> None:
    """The first spelling stays."""
    assert distinct_names(["Whale", "whale", " WHALE ", "Orca"]) == ("Whale", "Orca")
