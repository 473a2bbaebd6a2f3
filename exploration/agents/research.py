"""Research: every chosen source is asked what it knows of one concept."""

import asyncio
from collections.abc import Iterable, Sequence

from exploration.agents.answers import answered, unanswered
from providers.errors import ProviderError, TransientError
from providers.knowledge.port import Findings, KnowledgeSource, Question
from providers.observed import call
from providers.price import NOTHING, Price


class Research:
    """Asks the sources, in their order, each within a time limit (seconds)."""

    name = "research"

    def __init__(self, sources: Sequence[KnowledgeSource], time_limit: float) -> None:
        self._sources = sources
        self._time_limit = time_limit

    def price(self, question: Question) -> Price:
        """The worst case of asking all of them."""
        return sum((source.price(question) for source in self._sources), NOTHING)

    async def ask(self, question: Question) -> list[tuple[str, Findings]]:
        """What they know, by their names; one that knows nothing of the subject, for nothing, is left out. Raises
        `ProviderError`, which then bears what all of them have used, where that is known."""
        answers: list[tuple[str, Findings]] = []
        for source in self._sources:
            try:
                findings = await self._ask(source, question)
            except ProviderError as error:
                error.used = _together(error.used, (findings for _, findings in answers))
                raise
            if findings is not None:
                answers.append((source.name, findings))
        return answers

    async def _ask(self, source: KnowledgeSource, question: Question) -> Findings | None:
        try:
            with call(source.name):
                findings = await self._in_time(source, question)
        except BaseException as error:
            unanswered(source.name, error, source.price(question))
            raise
        answered(source.name, findings)
        return findings

    async def _in_time(self, source: KnowledgeSource, question: Question) -> Findings | None:
        try:
            async with asyncio.timeout(self._time_limit):
                return await source.research(question)
        except TimeoutError as slow:
            raise TransientError(f"{source.name} did not answer within {self._time_limit:g} s") from slow


def _together(used: Price | None, answers: Iterable[Findings]) -> Price | None:
    """With what the answers before it have cost, which are thrown away; None where it cannot be told."""
    if used is None:
        return None
    return sum((Price(a.tokens, a.cost_usd) for a in answers), used)
