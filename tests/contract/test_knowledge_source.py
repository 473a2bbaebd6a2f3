"""What every knowledge source keeps to."""

import asyncio
import re
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest

from providers.knowledge.port import (
    Ambiguous,
    Findings,
    KnowledgeSource,
    Known,
    Question,
    Reference,
    Subject,
    Unknown,
)
from providers.knowledge.registry import shipped
from providers.openai.config import OpenAiConfig

RELATION_TYPE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
REFERENCE_KINDS = {"ATLAS", "MODEL", "PAGE", "DOCUMENT", "DATASET", "PERSON"}


@dataclass(frozen=True)
class Case:
    """A source, and what it is known to know."""

    source: str
    topic: str
    ambiguous: str
    misspelt: str
    unknown: str


CASES = [
    Case("atlas", topic="Photosynthesis", ambiguous="Mercury", misspelt="photosyntesis", unknown="zxqvjk"),
]
HOSTILE = {
    "empty": "",
    "blank": " \t\n",
    "nul": "photo\0synthesis",
    "lone surrogate": "\ud800",
    "100 kB": "a" * 100_000,
    "100 kB of words": "water is " * 11_000,
    "100 kB that normalise to 1.8 MB": "\ufdfa" * 33_000,
    "operators": '" OR NEAR(*) ^ {} $where: 1',
}


@pytest.fixture(params=CASES, ids=lambda case: case.source)
def case(request: pytest.FixtureRequest) -> Case:
    """Each source in turn."""
    chosen: Case = request.param
    return chosen


@pytest.fixture
def source(case: Case) -> KnowledgeSource:
    """The source, freshly made."""
    return shipped(OpenAiConfig()).named(case.source)


async def known(source: KnowledgeSource, topic: str) -> Subject:
    """The subject that a topic is known to mean."""
    resolution = await source.resolve(topic)
    assert isinstance(resolution, Known)
    return resolution.subject


async def found(source: KnowledgeSource, topic: str, breadth: int) -> Findings:
    """What a source knows of a topic that it knows."""
    findings = await source.research(Question(await known(source, topic), breadth))
    assert findings is not None
    return findings


def identity(subject: Subject) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """What tells neighbours apart."""
    return subject.name, subject.kind, tuple(sorted(subject.external_ids.items()))


def assert_well_formed(reference: Reference | None) -> None:
    """A reference can be cited and stored."""
    assert reference is not None
    assert reference.key
    assert reference.origin
    assert reference.title
    assert reference.kind in REFERENCE_KINDS


async def test_card_tells_what_it_is(source: KnowledgeSource, case: Case) -> None:
    """A card has the source's name and says in words what it is and costs."""
    card = source.card()
    assert card.name == source.name == case.source
    assert card.description
    assert card.costs
    assert card.available is (card.reason is None)


async def test_two_fresh_sources_answer_alike(source: KnowledgeSource, case: Case) -> None:
    """The same question has the same answer, from the same source or another made like it."""
    first = await found(source, case.topic, 12)
    assert await found(source, case.topic, 12) == first
    assert await found(shipped(OpenAiConfig()).named(case.source), case.topic, 12) == first


@pytest.mark.parametrize("breadth", [1, 2, 5, 16])
async def test_breadth_bounds_the_neighbours(source: KnowledgeSource, case: Case, breadth: int) -> None:
    """A well-known subject has as many different neighbours as were wanted, and never more."""
    findings = await found(source, case.topic, breadth)
    assert len({identity(link.other) for link in findings.links}) == breadth


async def test_a_smaller_breadth_keeps_the_best(source: KnowledgeSource, case: Case) -> None:
    """The neighbours of a smaller breadth are the first ones of a larger."""
    by_breadth = [await found(source, case.topic, breadth) for breadth in (1, 3, 8)]
    for fewer, more in pairwise(by_breadth):
        few, many = ([identity(link.other) for link in f.links] for f in (fewer, more))
        first = list(dict.fromkeys(many))[: len(set(few))]
        assert set(first) == set(few)


async def test_no_breadth_no_links(source: KnowledgeSource, case: Case) -> None:
    """A breadth of nothing gives the subject alone."""
    assert (await found(source, case.topic, 0)).links == ()


async def test_links_are_well_formed(source: KnowledgeSource, case: Case) -> None:
    """Every link has a storable type, a quote, a reference and a confidence, and no link comes twice or to itself."""
    findings = await found(source, case.topic, 50)
    assert findings.links
    for link in findings.links:
        assert RELATION_TYPE.fullmatch(link.type)
        assert 0 < link.confidence <= 1
        assert link.quote.strip()
        assert link.other.name.strip()
        assert identity(link.other) != identity(findings.subject)
        assert_well_formed(link.reference)
    said = [(link.type, link.forward, identity(link.other)) for link in findings.links]
    assert len(set(said)) == len(said)


async def test_summaries_have_references(source: KnowledgeSource, case: Case) -> None:
    """A subject with a summary says where it comes from."""
    findings = await found(source, case.topic, 50)
    for subject in (findings.subject, *(link.other for link in findings.links)):
        if subject.summary:
            assert_well_formed(subject.reference)


async def test_a_neighbour_can_be_asked_about(source: KnowledgeSource, case: Case) -> None:
    """What a source names as a neighbour it knows itself, and names the first subject in return."""
    findings = await found(source, case.topic, 5)
    for link in findings.links:
        back = await source.research(Question(link.other, 10_000))
        assert back is not None
        assert (link.type, not link.forward, link.quote, link.reference) in [
            (other.type, other.forward, other.quote, other.reference)
            for other in back.links
            if identity(other.other) == identity(findings.subject)
        ]


async def test_cost_stays_within_the_price(source: KnowledgeSource, case: Case) -> None:
    """No answer uses more than the price that was named for it."""
    question = Question(await known(source, case.topic), 8)
    price = source.price(question)
    findings = await source.research(question)
    assert findings is not None
    assert findings.tokens <= price.tokens
    assert findings.cost_usd <= price.cost_usd


async def test_unknown_subject_is_none(source: KnowledgeSource, case: Case) -> None:
    """A subject that the source does not know has no findings, rather than empty ones."""
    assert await source.research(Question(Subject(case.unknown), 8)) is None
    assert await source.research(Question(Subject(case.unknown, external_ids={"nowhere": "1"}), 8)) is None


async def test_another_kind_is_another_subject(source: KnowledgeSource, case: Case) -> None:
    """A known name of a kind that the source does not have under it is not the same thing."""
    stranger = replace(await known(source, case.topic), kind="racehorse", external_ids={}, concept_id=None)
    assert await source.research(Question(stranger, 8)) is None


async def test_several_senses_are_offered(source: KnowledgeSource, case: Case) -> None:
    """A topic of several senses lists them, and each can be asked about by itself."""
    resolution = await source.resolve(case.ambiguous)
    assert isinstance(resolution, Ambiguous)
    assert len({identity(sense) for sense in resolution.senses}) == len(resolution.senses) > 1
    for sense in resolution.senses:
        findings = await source.research(Question(sense, 8))
        assert findings is not None
        assert identity(findings.subject) == identity(sense)


async def test_a_slip_of_the_pen_is_met_with_suggestions(source: KnowledgeSource, case: Case) -> None:
    """A misspelt topic is unknown, and the right one is suggested first."""
    resolution = await source.resolve(case.misspelt)
    assert isinstance(resolution, Unknown)
    assert resolution.suggestions[0] == (await known(source, case.topic)).name
    assert len(resolution.suggestions) <= 5


async def test_nonsense_is_unknown(source: KnowledgeSource, case: Case) -> None:
    """A topic that nothing is near to is unknown without suggestions."""
    assert await source.resolve(case.unknown) == Unknown()


@pytest.mark.parametrize("topic", HOSTILE.values(), ids=HOSTILE.keys())
async def test_hostile_topics_are_only_unknown(source: KnowledgeSource, topic: str) -> None:
    """No text breaks a source or keeps it busy, neither as a topic nor as a subject's name."""
    async with asyncio.timeout(5):
        assert isinstance(await source.resolve(topic), Unknown)
        assert await source.research(Question(Subject(topic, kind=topic), 8)) is None


async def test_many_at_once(source: KnowledgeSource, case: Case) -> None:
    """Concurrent first questions all get the answer that one alone would get."""
    alone = await found(shipped(OpenAiConfig()).named(case.source), case.topic, 8)
    answers = await asyncio.gather(*(found(source, case.topic, 8) for _ in range(50)))
    assert answers == [alone] * 50


async def test_cancelled_question_leaves_the_source_whole(source: KnowledgeSource, case: Case) -> None:
    """A question that is cancelled ends at once, and the next one is answered."""
    task = asyncio.create_task(source.resolve(case.topic))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await known(source, case.topic)).name == case.topic
