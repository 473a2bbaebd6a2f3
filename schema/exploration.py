"""Explorations, and the numbered events that tell what happens in them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Self

import strawberry

from graphstore import model
from graphstore.model import EventKind, ExplorationStatus, Member, Page
from resolvers import explorations, ids
from resolvers.paging import Slice, cursor_text
from schema.connections import After, Before, Connection, First, Last, PageInfo
from schema.graph import Concept, Relation
from schema.image import Image
from schema.node import Node
from schema.step import (
    AgentActivity,
    Budget,
    ExplorationOptions,
    Progress,
    Spend,
    Step,
    StepFilter,
    stored_concept,
)
from schema.words import Info, View, enum, field, interface, object_type, recorded

enum(
    ExplorationStatus,
    {
        "QUEUED": "It waits for a worker.",
        "RUNNING": "Agents are at work.",
        "PAUSED": "Somebody paused it; `resumeExploration` goes on.",
        "COMPLETED": "All that was asked for has been explored.",
        "BUDGET_REACHED": "A budget ended it; `extendExploration` goes on.",
        "CANCELLED": "Somebody stopped it; what was found stays.",
        "FAILED": "Nothing could be found; `retryFailedSteps` tries again.",
    },
)


@object_type
class ExplorationConceptEdge(View):
    """A concept's place in an exploration."""

    record: strawberry.Private[Member]
    depth: int = recorded("How many relations it lies away from the topic.")
    created: bool = recorded("Whether this exploration created it or met it.")
    seq: int = recorded("The number of the event that told of it.")
    cursor: str = strawberry.field(description="This place, for `after` and `before`.")
    node: Concept = strawberry.field(description="The concept.")


@object_type
class ExplorationConceptConnection:
    """A page of the concepts that an exploration found."""

    edges: list[ExplorationConceptEdge] = strawberry.field(description="Concepts, in the order of their finding.")
    page_info: PageInfo = strawberry.field(description="Where this page lies in its list.")
    total_count: int = strawberry.field(description="How many there are on all pages together.")


@object_type
class Exploration(View, Node):
    """One run from a topic into the graph."""

    record: strawberry.Private[model.Exploration]
    topic: str = recorded("What it explores.")
    status: ExplorationStatus = recorded("Where it stands.")
    reason: str | None = recorded("Why it has this status, in words.")
    options: ExplorationOptions = recorded("What was asked for.")
    budget: Budget = recorded("What it may use.")
    spent: Spend = recorded("What it has used.")
    progress: Progress = recorded("How far it is.")
    created: datetime = recorded("When it was asked for.", name="createdAt")
    started: datetime | None = recorded("When work on it began.", name="startedAt")
    finished: datetime | None = recorded("When it ended.", name="finishedAt")

    @classmethod
    def of(cls, record: model.Exploration) -> Self:
        """As clients see it."""
        return cls(id=strawberry.ID(ids.global_id(ids.EXPLORATION, record.id)), record=record)

    @field
    def last_seq(self) -> int:
        """The number of its newest event; subscribe with `after: lastSeq` to hear only of what is new."""
        return self.record.next_seq - 1

    @field
    async def root(self, info: Info) -> Concept | None:
        """The topic's concept; null until it is known."""
        return await stored_concept(info, self.record.root)

    @field
    async def concepts(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> ExplorationConceptConnection:
        """The concepts that it found, in that order."""
        page = await explorations.members(info.context, self.record, Slice(first, after, last, before))
        return await _members(info, page, self.record.progress.concepts_found)

    @field
    async def steps(
        self,
        info: Info,
        *,
        filter: Annotated[StepFilter | None, strawberry.argument(description="Which steps.")] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Step]:
        """Its steps, in the order in which they were found to be needed."""
        wanted = filter.checked() if filter else model.StepFilter()
        page = await explorations.steps(info.context, self.record, wanted, Slice(first, after, last, before))
        count = partial(explorations.count_steps, self.record, wanted)
        return Connection.of(page, explorations.STEPS, Step.of, count)

    @field
    async def events(
        self,
        info: Info,
        after: Annotated[int | None, strawberry.argument(description="Only events with a greater number.")] = None,
        first: First = None,
    ) -> "list[ExplorationEvent]":
        """Its stored events in order, as `explorationEvents` tells them."""
        return [event(found) for found in await explorations.events(info.context, self.record, after, first)]

    @field
    async def activity(self, info: Info) -> list[AgentActivity]:
        """What its agents do just now."""
        return [AgentActivity(record=doing) for doing in await explorations.activity(info.context, self.record)]


async def _members(info: Info, page: Page[Member], total: int) -> ExplorationConceptConnection:
    """A page of members with their concepts, in one read."""
    found = await info.context.loaders.concept.load_many([item.value.concept for item in page.items])
    edges = [
        ExplorationConceptEdge(
            record=item.value, cursor=cursor_text(explorations.MEMBERS, item.cursor), node=Concept.of(concept)
        )
        for item, concept in zip(page.items, found, strict=True)
        if concept is not None
    ]
    place = PageInfo.of(page, explorations.MEMBERS)
    return ExplorationConceptConnection(edges=edges, page_info=place, total_count=total)


@interface
class ExplorationEvent(View):
    """Something that happened in an exploration."""

    record: strawberry.Private[model.Event | explorations.Trim]
    seq: int = recorded("Its number: 1, 2, 3… within the exploration. Give the last one you saw as `after`.")
    at: datetime = recorded("When it happened.")
    progress: Progress = recorded("How far the exploration was then.")

    @field
    async def exploration(self, info: Info) -> Exploration:
        """The exploration, as it is now."""
        return Exploration.of(await explorations.of_event(info.context, self.record))


@object_type
class ExplorationStarted(ExplorationEvent):
    """The exploration was asked for: always event 1."""


@object_type
class GraphGrew(ExplorationEvent):
    """A step found concepts and relations."""

    record: strawberry.Private[model.Event]

    @field
    async def concepts(self, info: Info) -> list[Concept]:
        """The concepts that joined the exploration; ones that were deleted since are left out."""
        return await _concepts(info, self.record.concepts)

    @field
    async def created(self, info: Info) -> list[Concept]:
        """Those of them that are new in the graph."""
        return await _concepts(info, self.record.created)

    @field
    async def relations(self, info: Info) -> list[Relation]:
        """The relations that the step stated between the exploration's concepts."""
        found = await info.context.loaders.relation.load_many(self.record.relations)
        return [Relation.of(edge) for edge in found if edge is not None]

    @field
    async def step(self, info: Info) -> Step | None:
        """The step."""
        return await _step(info, self.record)


@object_type
class ImageReady(ExplorationEvent):
    """A picture of one of the exploration's concepts was made."""

    record: strawberry.Private[model.Event]

    @field
    async def image(self, info: Info) -> Image | None:
        """The image; null when it was deleted since."""
        found = None if self.record.image is None else await info.context.loaders.image.load(self.record.image)
        return None if found is None else Image.of(found)

    @field
    async def step(self, info: Info) -> Step | None:
        """The step."""
        return await _step(info, self.record)


@object_type
class StepFailed(ExplorationEvent):
    """An attempt at a step came to nothing."""

    record: strawberry.Private[model.Event]
    error: str | None = recorded("Why.")
    will_retry: bool = recorded("Whether it is tried again by itself.")

    @field
    async def step(self, info: Info) -> Step | None:
        """The step."""
        return await _step(info, self.record)


@object_type
class StatusChanged(ExplorationEvent):
    """The exploration has another status. After one that ends it, the stream completes."""

    status: ExplorationStatus = recorded("The new status.")
    reason: str | None = recorded("Why, in words.")


@object_type
class HistoryTrimmed(ExplorationEvent):
    """Events that were asked for are no longer kept: read `exploration.concepts` for what they told of."""

    record: strawberry.Private[explorations.Trim]
    oldest_seq: int = recorded("The number of the oldest event that is kept.")


KINDS: Mapping[EventKind, type[ExplorationEvent]] = {
    EventKind.EXPLORATION_STARTED: ExplorationStarted,
    EventKind.GRAPH_GREW: GraphGrew,
    EventKind.IMAGE_READY: ImageReady,
    EventKind.STEP_FAILED: StepFailed,
    EventKind.STATUS_CHANGED: StatusChanged,
}

EVENTS = (*KINDS.values(), HistoryTrimmed)
"""All types of events: nothing names them but the interface."""


def event(record: model.Event | explorations.Trim) -> ExplorationEvent:
    """As clients see it."""
    kind = HistoryTrimmed if isinstance(record, explorations.Trim) else KINDS[record.kind]
    return kind(record=record)


async def _concepts(info: Info, ids: Sequence[model.ConceptId]) -> list[Concept]:
    found = await info.context.loaders.concept.load_many(ids)
    return [Concept.of(concept) for concept in found if concept is not None]


async def _step(info: Info, record: model.Event) -> Step | None:
    found = None if record.step is None else await info.context.loaders.step.load(record.step)
    return None if found is None else Step.of(found)
