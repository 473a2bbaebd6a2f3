"""Research: every chosen source is asked what it knows of one concept."""

import asyncio
from collections.abc import Sequence

from providers.errors import TransientError
from providers.knowledge.port import Findings, KnowledgeSource, Question
from providers.price import Price


class Research:
    """Asks the sources, in their order, each within a time limit (seconds)."""

    name = "research"

    def __init__(self, sources: Sequence[KnowledgeSource], time_limit: float) -> None:
        self._sources = sources
        self._time_limit = time_limit

    def price(self, question: Question) -> Price:
        """The worst case of asking all of them."""
        prices = [source.price(question) for source in self._sources]
        return Price(sum(p.tokens for p in prices), sum(p.cost_usd for p in prices))

    async def ask(self, question: Question) -> list[Findings]:
        """What they know; one that knows nothing of the subject, for nothing, is left out. Raises `ProviderError`."""
        answers = []
        for source in self._sources:
            try:
                async with asyncio.timeout(self._time_limit):
                    answers.append(await source.research(question))
            except TimeoutError as slow:
                raise TransientError(f"{source.name} did not answer within {self._time_limit:g} s") from slow
        return [answer for answer in answers if answer is not None]
