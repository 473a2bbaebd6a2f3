"""A language model as a knowledge source, behind any server that speaks as OpenAI does."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from providers.errors import ContentPolicyError, GarbledError, NotConfiguredError, ProviderError, RefusedError
from providers.knowledge.openai.answer import SCHEMA, Answer, Relation, UnusableAnswer, parsed
from providers.knowledge.openai.prompt import REPAIR, Message, messages, repair
from providers.knowledge.port import (
    Card,
    Findings,
    Known,
    Link,
    Question,
    Reference,
    Resolution,
    Subject,
)
from providers.openai.client import OpenAiClient
from providers.openai.config import OpenAiConfig
from providers.price import NOTHING, Price
from providers.text import storable

if TYPE_CHECKING:  # the library takes half a second to load, and is needed only when something is asked
    from openai.types.chat import ChatCompletion

MOST_CONFIDENCE = 0.7
"""A model is never believed further than that: it sounds sure of what it makes up, too."""
OVERHEAD = 200
"""Tokens that a server adds to each call by itself, at most: roles, separators, its own words on the schema."""
LONGEST_REASON = 1_000
CHARACTERS_OF_A_TOKEN = 4
"""Of an answer, as a rule: so much of a garbled one is sent back."""


class OpenAiSource:
    """Asks the model once for each concept, and once more when its answer does not have the form."""

    name = "openai"

    def __init__(self, config: OpenAiConfig) -> None:
        self._config = config
        self._client = OpenAiClient(config)

    def card(self) -> Card:
        """What it is."""
        c = self._config
        return Card(
            name=self.name,
            description=f"The language model {c.text_model}: knows of any topic, and may be wrong.",
            available=c.reason is None,
            reason=c.reason,
            costs=f"${c.input_usd_per_million:g} for a million tokens sent, ${c.output_usd_per_million:g} for a "
            "million tokens answered",
        )

    async def resolve(self, topic: str) -> Resolution:
        """Any words are a topic; whether the model knows it is found out when it is asked. Costs nothing."""
        if self._config.reason is not None:
            raise NotConfiguredError(self._config.reason, used=NOTHING)
        return Known(Subject(" ".join(topic.split())))

    def price(self, question: Question) -> Price:
        """Two calls: the answer, and one repair, which is sent the answer again."""
        sent = self._most_sent(self._conversation(question))
        answered = self._config.max_output_tokens
        return self._price(2 * sent + answered + len(REPAIR) + LONGEST_REASON, 2 * answered)

    async def research(self, question: Question) -> Findings:
        """What the model says, or that it does not know the concept."""
        if self._config.reason is not None:
            raise NotConfiguredError(self._config.reason, used=NOTHING)
        conversation = self._conversation(question)
        try:
            answer, used = await self._answer(conversation)
        except GarbledError as garbled:
            answer, used = await self._repaired(conversation, garbled)
            return replace(_findings(question, answer, self._reference(), used), repaired=True)
        return _findings(question, answer, self._reference(), used)

    async def close(self) -> None:
        """Close its connections."""
        await self._client.close()

    async def _repaired(self, conversation: list[Message], garbled: GarbledError) -> tuple[Answer, Price]:
        """Ask once more; what both calls have cost. One of which that is not known is counted as dear as can be."""
        before = garbled.used or self._price(self._most_sent(conversation), self._config.max_output_tokens)
        if garbled.answer is not None:
            # Not more of it than was booked, whatever a server sent that knows no limit.
            said = garbled.answer[: CHARACTERS_OF_A_TOKEN * self._config.max_output_tokens]
            conversation = repair(conversation, said, str(garbled)[:LONGEST_REASON])
        try:
            answer, used = await self._answer(conversation)
        except ProviderError as error:
            raise _with(error, before) from None
        return answer, before + used

    async def _answer(self, conversation: list[Message]) -> tuple[Answer, Price]:
        """What the model says, and what it has cost. Raises `GarbledError` for what does not have the form."""
        completion = await self._client.opened().chat.completions.create(**self._call(conversation))
        try:
            used = self._used(completion, conversation)
            text = _said(completion, self._config.text_model, used)
        except (AttributeError, TypeError, KeyError) as odd:  # the library does not look into what a server answers
            raise GarbledError(f"{self._config.text_model} gave an answer of another form") from odd
        try:
            return parsed(text), used
        except UnusableAnswer as wrong:
            message = storable(f"{self._config.text_model} gave no usable answer: {wrong}")
            raise GarbledError(message, answer=text, used=used) from None

    def _call(self, conversation: list[Message]) -> dict[str, Any]:
        c = self._config
        # OpenAI's newer models refuse the one, servers of the same shape may not know the other.
        limit = "max_tokens" if c.base_url else "max_completion_tokens"
        schema = {"type": "json_schema", "json_schema": {"name": "concept", "schema": SCHEMA, "strict": True}}
        form = schema if c.text_format == "schema" else {"type": "json_object"}
        return {"model": c.text_model, "messages": conversation, limit: c.max_output_tokens, "response_format": form}

    def _conversation(self, question: Question) -> list[Message]:
        return messages(question, with_schema=self._config.text_format == "schema")

    def _used(self, completion: "ChatCompletion", conversation: Sequence[Message]) -> Price:
        """By the server's count, or, where it has none that can be true, the most that it can have been: so no server
        can have an exploration spend more than was booked, or less than nothing."""
        most_sent, most_answered = self._most_sent(conversation), self._config.max_output_tokens
        usage = completion.usage
        sent = _count(getattr(usage, "prompt_tokens", None), most_sent)
        return self._price(sent, _count(getattr(usage, "completion_tokens", None), most_answered))

    def _most_sent(self, conversation: Sequence[Message]) -> int:
        """No tokenizer makes more tokens of a text than it has bytes; an answer has no more than it was allowed."""
        schema = len(str(SCHEMA)) if self._config.text_format == "schema" else 0
        answered = self._config.max_output_tokens * sum(m["role"] == "assistant" for m in conversation)
        ours = sum(len(m["content"].encode()) for m in conversation if m["role"] != "assistant")
        return int(OVERHEAD + schema + ours + answered)

    def _price(self, sent: int, answered: int) -> Price:
        c = self._config
        cost = (sent * c.input_usd_per_million + answered * c.output_usd_per_million) / 1_000_000
        return Price(sent + answered, cost)

    def _reference(self) -> Reference:
        """Answers of one model are not independent of each other, on whatever day they were given."""
        model, day = self._config.text_model, datetime.now(UTC).date().isoformat()
        return Reference(f"model:{model}:{day}", f"model:{model}", "MODEL", f"{model}, {day}")


def _said(completion: "ChatCompletion", model: str, used: Price) -> str:
    """The text of an answer. Raises `ProviderError` where there is none; a text that was cut off is no JSON, and is
    repaired or refused as such."""
    choice = completion.choices[0] if completion.choices else None
    if choice is None or choice.message is None:
        raise GarbledError(f"{model} answered without a choice", used=used)
    if choice.message.refusal:
        raise RefusedError(f"{model} refused: {storable(choice.message.refusal[:300])}", used=used)
    if choice.finish_reason == "content_filter":
        raise ContentPolicyError(f"the rules of {model} forbid an answer", used=used)
    content = choice.message.content
    if content is not None and not isinstance(content, str):
        raise GarbledError(f"{model} answered with something else than a text", used=used)
    return storable(content or "")


def _count(told: object, most: int) -> int:
    """A server's count of tokens, which the library has not checked."""
    return told if isinstance(told, int) and 0 <= told <= most else most


def _findings(question: Question, answer: Answer, reference: Reference, used: Price) -> Findings:
    if not answer.known:
        return Findings(question.subject, (), used.tokens, used.cost_usd, known=False)
    subject = Subject(
        name=question.subject.name,
        kind=answer.kind,
        domain=answer.domain,
        summary=answer.summary,
        aliases=tuple(answer.aliases),
        reference=reference,
    )
    near = list(dict.fromkeys(_key(r) for r in answer.relations))[: question.breadth]
    links = tuple(_link(r, answer.domain, reference) for r in answer.relations if _key(r) in near)
    return Findings(subject, links, used.tokens, used.cost_usd)


def _link(relation: Relation, domain: str, reference: Reference) -> Link:
    other = Subject(
        name=" ".join(relation.name.split()),
        kind=relation.kind,
        domain=domain,
        summary=relation.summary,
        reference=reference,
    )
    confidence = min(relation.confidence, MOST_CONFIDENCE)
    return Link(_type(relation.type), other, relation.direction == "out", confidence, relation.reason, reference)


def _type(words: str) -> str:
    """Upper snake case, however the model wrote it."""
    return re.sub(r"[^A-Z0-9]+", "_", words.upper()).strip("_")[:64]


def _key(relation: Relation) -> str:
    return " ".join(relation.name.casefold().split())


def _with(error: ProviderError, before: Price) -> ProviderError:
    """The error, with what earlier calls of the same attempt have cost."""
    error.used = None if error.used is None else before + error.used
    return error
