"""What an exploration may use, what it has used, and the steps of its work."""

from datetime import datetime
from typing import Self

import strawberry

from exploration.activity import port
from graphstore import model
from graphstore.model import StepKind, StepState
from resolvers import ids
from schema.graph import Concept
from schema.node import Node
from schema.words import Info, View, enum, field, input_type, object_type, recorded

enum(
    StepKind,
    {
        "EXPAND": "Find out what is related to a concept.",
        "PICTURE": "Have a picture made of a concept.",
    },
)
enum(
    StepState,
    {
        "PENDING": "It has yet to be done, or is being done.",
        "DONE": "What it found is stored.",
        "FAILED": "It was given up; `retryFailedSteps` tries again.",
    },
)


@object_type
class Pictures:
    """That each concept has a picture made, and how."""

    provider: str = recorded("Who is asked.")
    size: str = recorded("The size, as WIDTHxHEIGHT in pixels.")
    quality: str = recorded("The quality.")
    style: str = recorded("The style; empty where none was asked for.")


@object_type
class ExplorationOptions:
    """What was asked for."""

    depth: int = recorded("How many relations away from the topic concepts may lie.")
    breadth: int = recorded("How many neighbours of one concept are followed at most.")
    sources: list[str] = recorded("The knowledge sources, in the order in which they are asked.")
    instructions: str = recorded("What the sources are told besides the topic.")
    language: str = recorded("The language that is asked for, as an IETF tag.")
    pictures: Pictures | None = recorded("The pictures that are made of its concepts; null: none.")


@object_type
class Budget:
    """Upper bounds; null is unbounded."""

    concepts: int | None = recorded("Concepts in the exploration.")
    seconds: float | None = recorded("Seconds of work.")
    tokens: int | None = recorded("Tokens of language models.")
    cost_usd: float | None = recorded("Cost in US dollars.")
    pictures: int | None = recorded("Pictures.")


@object_type
class Spend:
    """What was used."""

    concepts: int = recorded("Concepts in the exploration.")
    seconds: float = recorded("Seconds of work.")
    tokens: int = recorded("Tokens of language models, reservations included.")
    cost_usd: float = recorded("Cost in US dollars, reservations included.")
    pictures: int = recorded("Pictures, reservations included.")


@object_type
class Progress:
    """How far it is."""

    concepts_found: int = recorded("Concepts in the exploration.")
    steps_done: int = recorded("Steps that are done.")
    steps_pending: int = recorded("Steps that have yet to be done.")
    steps_failed: int = recorded("Steps that were given up.")


@object_type
class AgentActivity(View):
    """An agent at work just now."""

    record: strawberry.Private[port.AgentActivity]
    agent: str = recorded("`research`, `connection`, `validation` or `content`, and `painter` where a picture is made.")
    subject: str = recorded("The name of the concept it works on.")
    since: datetime = recorded("When it began.")


@object_type
class Step(View, Node):
    """One piece of an exploration's work, on one concept."""

    record: strawberry.Private[model.Step]
    kind: StepKind = recorded("What it does.")
    state: StepState = recorded("Where it stands.")
    depth: int = recorded("How many relations its concept lies away from the topic.")
    attempts: int = recorded("How many attempts failed or have cost something.")
    error: str | None = recorded("Why the latest attempt failed.")
    answer: str | None = recorded("What the source said that could not be used, word for word, for inspection.")
    spent: Spend = recorded("What it used.")
    created: datetime = recorded("When it was found to be needed.", name="createdAt")
    finished: datetime | None = recorded("When it was done or given up.", name="finishedAt")

    @classmethod
    def of(cls, record: model.Step) -> Self:
        """As clients see it."""
        return cls(id=strawberry.ID(ids.global_id(ids.STEP, record.id)), record=record)

    @field
    async def concept(self, info: Info) -> Concept | None:
        """The concept it works on; null for the topic before it is stored, and for one that was deleted."""
        return await stored_concept(info, self.record.concept)


@input_type
class StepFilter:
    """All that is given must hold."""

    states: list[StepState] | None = strawberry.field(default=None, description="One of these states.")

    def checked(self) -> model.StepFilter:
        """As the store knows it."""
        return model.StepFilter(None if self.states is None else tuple(self.states))


async def stored_concept(info: Info, id: model.ConceptId | None) -> Concept | None:
    """The concept, if there is one."""
    found = None if id is None else await info.context.loaders.concept.load(id)
    return None if found is None else Concept.of(found)
