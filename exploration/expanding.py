"""Expanding: a step asks the sources about its concept, and what they know is committed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from exploration.activity.port import AgentActivity
from exploration.agents.connection import ROOT
from exploration.agents.pipeline import Pipeline
from exploration.tools import Tools
from exploration.way import way_to
from graphstore.errors import ConflictError
from graphstore.model import Concept, Event, Exploration, Outcome, Spend, Step
from graphstore.port import Store
from providers.errors import RefusedError
from providers.knowledge.port import Question, Subject
from providers.price import Price


@dataclass(frozen=True, slots=True)
class Expanding:
    """`exploration.lane.Craft` of steps that find out what is related to a concept."""

    tools: Tools
    store: Store
    token: str
    lap: Callable[[], float]
    """Seconds of work since they were booked last."""

    async def attempt(self, exploration: Exploration, step: Step) -> Sequence[Event]:
        """See `Craft.attempt`."""
        sources = self.tools.sources.chosen(self.store, exploration.options.sources)
        pipeline = Pipeline(sources, self.tools.pace.source_limit)
        paid = any(not source.card().free for source in sources)
        question = await self._question(exploration, step, guided=paid)
        price = pipeline.price(question)
        if not price.free:
            worst = Spend(tokens=price.tokens, cost_usd=price.cost_usd)
            await self.store.work.reserve(exploration.id, self.token, step.id, worst)

        async def working(agent: str) -> None:
            activity = AgentActivity(agent, question.subject.name, step.id, datetime.now(UTC))
            await self.tools.activity.report((self.store.workspace, exploration.id), activity)

        knowledge, spent, known = await pipeline.run(question, working)
        if not known and step.depth == 0:
            used = Price(spent.tokens, spent.cost_usd)
            raise RefusedError(f"no source knows anything of {question.subject.name!r}", used=used)
        spent = replace(spent, seconds=self.lap())
        outcome = Outcome(exploration.id, self.token, step.id, knowledge, ROOT, spent)
        return (await self.store.work.commit(outcome)).events

    async def _question(self, exploration: Exploration, step: Step, *, guided: bool) -> Question:
        """What is asked; with `guided` the way is told that led here, for sources that make use of it."""
        options, topic = exploration.options, exploration.topic
        path: tuple[str, ...] = (topic,)
        if step.concept is None:
            subject = await self.tools.sources.resolve(self.store, topic, options.sources)
        else:
            concept = (await self.store.concepts.get([step.concept])).get(step.concept)
            if concept is None:
                raise ConflictError("this concept was deleted; addKnowledge brings it back")
            subject = _subject(concept)
            if guided:
                path = await way_to(self.store, topic, exploration.root, concept, step.depth)
        return Question(subject, options.breadth, path, options.instructions, options.language)


def _subject(c: Concept) -> Subject:
    return Subject(c.name, c.kind, c.domain, c.summary, c.aliases, c.external_ids, concept_id=c.id)
