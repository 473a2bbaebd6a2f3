"""Research: every chosen source is asked what it knows of one concept."""

import asyncio
from collections.abc import Sequence

from providers.errors import ProviderError, TransientError
from providers.knowledge.port import Findings, KnowledgeSource, Question
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

    async def ask(self, question: Question) -> list[Findings]:
        """What they know; one that knows nothing of the subject, for nothing, is left out. Raises `ProviderError`,
        which then bears what all of them have used, where that is known."""
        answers: list[Findings | None] = []
        for source in self._sources:
            try:
                async with asyncio.timeout(self._time_limit):
                    answers.append(await source.research(question))
            except TimeoutError as slow:
                raise TransientError(f"{source.name} did not answer within {self._time_limit:g} s") from slow
            except ProviderError as error:
                error.used = _together(error.used, answers)
                raise
        return [answer for answer in answers if answer is not None]


def _together(used: Price | None, answers: Sequence[Findings | None]) -> Price | None:
    """With what the answers before it have cost, which are thrown away; None where it cannot be told."""
    if used is None:
        return None
    return sum((Price(a.tokens, a.cost_usd) for a in answers if a is not None), used)
