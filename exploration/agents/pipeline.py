"""The agents in their order: research, connection, validation, content."""

from collections.abc import Awaitable, Callable, Sequence

from exploration.agents.answers import judged
from exploration.agents.connection import Connection
from exploration.agents.content import Content
from exploration.agents.execution import execution
from exploration.agents.research import Research
from exploration.agents.validation import Validation
from graphstore.model import Knowledge, Spend
from providers.knowledge.port import Findings, KnowledgeSource, Question
from providers.price import Price


class Pipeline:
    """Turns a question into knowledge that can be committed."""

    def __init__(self, sources: Sequence[KnowledgeSource], time_limit: float) -> None:
        self._research = Research(sources, time_limit)
        self._connection = Connection()
        self._validation = Validation()
        self._content = Content()

    def price(self, question: Question) -> Price:
        """The worst case of one run."""
        return self._research.price(question)

    async def run(self, question: Question, working: Callable[[str], Awaitable[None]]) -> tuple[Knowledge, Spend, bool]:
        """The knowledge, what it used, and whether any source knew the subject.

        `working` is told the name of each agent as it begins. Raises `ProviderError`.
        """
        await working(self._research.name)
        with execution(self._research.name):
            answers = await self._research.ask(question)
        known = [(source, findings) for source, findings in answers if findings.known]
        await working(self._connection.name)
        with execution(self._connection.name):
            knowledge = self._connection.claims(question.subject, [findings for _, findings in known])
        await working(self._validation.name)
        with execution(self._validation.name):
            knowledge, fates = self._validation.judged(knowledge)
        judged([source for source, findings in known for _ in findings.links], fates)
        await working(self._content.name)
        with execution(self._content.name):
            knowledge = self._content.completed(knowledge)
        return knowledge, _spent([findings for _, findings in answers]), bool(known)


def _spent(answers: Sequence[Findings]) -> Spend:
    return Spend(tokens=sum(a.tokens for a in answers), cost_usd=sum(a.cost_usd for a in answers))
