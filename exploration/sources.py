"""The knowledge sources that an exploration can be given, by name."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from exploration.errors import TopicAmbiguous, TopicUnknown
from graphstore.port import Store
from providers.errors import NotConfiguredError, ProviderError, TransientError
from providers.knowledge.port import Ambiguous, Card, KnowledgeSource, Known, Resolution, Subject, Unknown
from providers.registry import UnknownNameError

Build: TypeAlias = Callable[[Store], KnowledgeSource]
"""Makes a source for one workspace. Costs nothing."""


class SourceBook:
    """All sources of this process, the best first."""

    def __init__(self, builders: Mapping[str, Build], usual: Sequence[str], time_limit: float) -> None:
        """`usual` names the sources that are asked when none is chosen; none: the best one that is available."""
        self._builders = builders
        self._time_limit = time_limit
        self._usual = tuple(usual)

    def named(self, store: Store, names: Sequence[str]) -> tuple[str, ...]:
        """The sources that an exploration is to ask, each of them there and set up.

        Raises `UnknownNameError` and `NotConfiguredError`.
        """
        names = names or self._usual or (self._best(store),)
        for source in self.chosen(store, names):
            if (reason := source.card().reason) is not None:
                raise NotConfiguredError(f"the knowledge source {source.name!r} is not available: {reason}")
        return tuple(dict.fromkeys(names))

    def _best(self, store: Store) -> str:
        return next(card.name for card in self.cards(store) if card.available)

    def cards(self, store: Store) -> list[Card]:
        """What each source says of itself."""
        return [build(store).card() for build in self._builders.values()]

    def chosen(self, store: Store, names: Sequence[str]) -> list[KnowledgeSource]:
        """The sources with these names, in this order, each once. Raises `UnknownNameError`."""
        for name in names:
            if name not in self._builders:
                raise UnknownNameError("knowledge source", name, tuple(self._builders))
        return [self._builders[name](store) for name in dict.fromkeys(names)]

    async def resolve(self, store: Store, topic: str, names: Sequence[str]) -> Subject:
        """The subject that the first of these sources to know the topic finds.

        Raises `TopicAmbiguous`, `TopicUnknown` and `ProviderError`.
        """
        suggestions: list[str] = []
        for source in self.chosen(store, names):
            match await self._ask(source, topic):
                case Known(subject):
                    return subject
                case Ambiguous(senses):
                    raise TopicAmbiguous(topic, senses)
                case Unknown(nearest):
                    suggestions += nearest
        others = [name for name in self._builders if name not in names]
        raise TopicUnknown(topic, names, suggestions, await self._knowing(store, topic, others))

    async def _ask(self, source: KnowledgeSource, topic: str) -> Resolution:
        try:
            async with asyncio.timeout(self._time_limit):
                return await source.resolve(topic)
        except TimeoutError as slow:
            raise TransientError(f"{source.name} did not answer within {self._time_limit:g} s") from slow

    async def _knowing(self, store: Store, topic: str, names: Sequence[str]) -> list[str]:
        """Which of these sources that cost nothing would know the topic: a hint, so a failure is no answer."""
        knowing = []
        for source in self.chosen(store, names):
            if source.card().available and source.card().free:
                try:
                    answer = await self._ask(source, topic)
                except ProviderError:
                    continue
                if not isinstance(answer, Unknown):
                    knowing.append(source.name)
        return knowing
