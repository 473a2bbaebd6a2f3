"""Figures of answers: what came of asking a source, whose claims were of use, and what it has cost."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace

import pytest
from prometheus_client import REGISTRY

from continuum.providing import opened_sources
from continuum.settings import Settings
from exploration.agents.pipeline import Pipeline
from exploration.agents.research import Research
from providers.errors import (
    ContentPolicyError,
    GarbledError,
    NotConfiguredError,
    ProviderError,
    RefusedError,
    TransientError,
)
from providers.knowledge.openai.source import OpenAiSource
from providers.knowledge.port import Findings, Link, Question, Subject
from providers.openai.config import OpenAiConfig
from providers.price import Price
from tests.support.exploring import Scripted, asked
from tests.support.fake_chat import fake_chat
from tests.support.figures import Moved

QUESTION = Question(Subject("a"), 5)


@dataclass
class Saying(Scripted):
    """A source that gives one answer, whatever it is asked."""

    answer: Findings | None = None
    graph: Mapping[str, list[str]] = field(default_factory=dict)

    async def research(self, question: Question) -> Findings | None:
        await super().research(question)
        return self.answer


def links(*names: str) -> tuple[Link, ...]:
    """Statements that lead to these."""
    source = Scripted({})
    return tuple(source.link("a", name) for name in names)


async def test_not_to_know_is_an_answer_of_its_own() -> None:
    """Whether it cost nothing to find that out, or something."""
    moved = Moved()
    unknown = Findings(Subject("a"), tokens=7, cost_usd=0.5, known=False)
    await Research([Saying(name="free"), Saying(name="paid", answer=unknown)], 5).ask(QUESTION)
    assert moved.all("answers_total") == {("free", "unknown"): 1, ("paid", "unknown"): 1}
    assert moved.all("tokens_total") == {("paid",): 7}
    assert moved.all("cost_usd_total") == {("paid",): 0.5}
    assert moved.all("answer_claims_count") == {}


@pytest.mark.parametrize(
    ("error", "outcome", "call"),
    [
        (TransientError("later"), "failed", "transient"),
        (NotConfiguredError("no key"), "failed", "not_configured"),
        (RefusedError("no"), "refused", "refused"),
        (ContentPolicyError("not that"), "refused", "policy"),
        (GarbledError("what?"), "garbled", "garbled"),
        (ZeroDivisionError("a defect"), "failed", "error"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
@pytest.mark.parametrize("used", [None, Price(3, 0.1)], ids=["unknown", "known"])
async def test_what_comes_of_a_failure(error: Exception, outcome: str, call: str, used: Price | None) -> None:
    """Each kind has its word as an answer and as a call; it costs what is known to have been used, or the worst."""
    if isinstance(error, ProviderError):
        error.used = used
    booked = used if used is not None and isinstance(error, ProviderError) else Price(100, 2.0)
    moved = Moved()
    failing = Scripted({}, name="failing", price_of_answer=Price(100, 2.0), fail=lambda _name, _attempt: error)
    with pytest.raises(type(error)):
        await Research([failing], 5).ask(QUESTION)
    assert moved.all("answers_total") == {("failing", outcome): 1}
    assert moved.all("provider_requests_total") == {("failing", call): 1}
    assert moved("provider_request_duration_seconds_count", "failing") == 1
    assert (moved("tokens_total", "failing"), moved("cost_usd_total", "failing")) == (booked.tokens, booked.cost_usd)


async def test_a_source_that_is_too_slow_has_failed() -> None:
    """Its time limit is no cancellation: the call may pass at another time, and the worst is booked."""
    moved = Moved()
    slow = Scripted({}, name="slow", price_of_answer=Price(100), gate=asyncio.Event())
    with pytest.raises(TransientError, match="did not answer"):
        await Research([slow], 0.01).ask(QUESTION)
    assert moved.all("answers_total") == {("slow", "failed"): 1}
    assert moved.all("provider_requests_total") == {("slow", "transient"): 1}
    assert moved.all("tokens_total") == {("slow",): 100}


async def test_a_call_that_nobody_wants_any_more_is_no_answer() -> None:
    """It says nothing of the source, but may have to be paid for; whoever cancels it is not held up."""
    moved = Moved()
    slow = Scripted({}, name="slow", price_of_answer=Price(100), gate=asyncio.Event())
    asking = asyncio.create_task(Research([slow], 5).ask(QUESTION))
    await asked(slow, "a")
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert moved.all("answers_total") == {}
    assert moved.all("provider_requests_total") == {("slow", "cancelled"): 1}
    assert moved.all("tokens_total") == {("slow",): 100}


async def test_claims_are_counted_for_whoever_made_them() -> None:
    """What an earlier source has said already is repeated by the later one; what cannot be kept is dropped."""
    first = Saying(name="first", answer=Findings(Subject("a"), links("b", "c")))
    odd = (*links("c", "d"), replace(links("e")[0], type="no type"), links("a")[0], *links("d"))
    second = Saying(name="second", answer=Findings(Subject("a", external_ids={"test": "a"}), odd))
    moved = Moved()
    knowledge, _, _ = await Pipeline([first, Saying(name="ignorant"), second], 5).run(QUESTION, _nobody)
    assert moved.all("claims_total") == {
        ("first", "kept"): 2,
        ("second", "kept"): 1,
        ("second", "repeated"): 2,
        ("second", "dropped"): 2,
    }
    assert len(knowledge.relations) == 3
    assert moved.all("answer_claims_sum") == {("first",): 2, ("second",): 5}


async def _nobody(_agent: str) -> None:
    pass


async def test_a_model_that_needed_a_second_attempt_is_told_from_one_that_did_not() -> None:
    """Both answers are of use, and both are paid for; the one came after a repair."""
    async with fake_chat("answer", "misshapen", "answer", "prose", "misshapen") as chat:
        source = OpenAiSource(OpenAiConfig(base_url=chat.address))
        research, moved = Research([source], 5), Moved()
        await research.ask(QUESTION)
        await research.ask(QUESTION)
        with pytest.raises(GarbledError):
            await research.ask(QUESTION)
        await source.close()
    assert moved.all("answers_total") == {("openai", "known"): 1, ("openai", "repaired"): 1, ("openai", "garbled"): 1}
    assert moved("tokens_total", "openai") == chat.billed == 5_000


async def test_the_model_behind_a_source_is_told() -> None:
    """So that figures from before and after another model was set can be told apart."""
    async with AsyncExitStack() as stack:
        opened_sources(Settings(openai_api_key="k", openai_text_model="a-model"), stack)
    for source, model in {"openai": "a-model", "atlas": "", "graph": ""}.items():
        assert REGISTRY.get_sample_value("knowledge_source_info", {"source": source, "model": model}) == 1
