"""Reading explorations, starting them, changing their course, and watching them."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from exploration.activity.port import AgentActivity
from exploration.errors import InvalidRequest
from exploration.request import Request, check_text
from exploration.watch import Told, Trimmed
from graphstore.errors import NotFoundError
from graphstore.model import (
    Budget,
    Event,
    EventKind,
    Exploration,
    ExplorationFilter,
    Member,
    Page,
    Progress,
    Step,
    StepFilter,
    StepState,
)
from resolvers.context import RequestContext
from resolvers.idempotency import idempotency
from resolvers.ids import EXPLORATION, raw_id
from resolvers.loaders.exploration import EventsOf, MembersOf, StepsOf
from resolvers.paging import Slice, checked_size
from telemetry.metrics.graphql import EVENTS_REPLAYED, EVENTS_SENT, SUBSCRIPTIONS

EXPLORATIONS = "explorations"
MEMBERS = "members"
STEPS = "steps"

REASON_LENGTH = 500
"""Characters of the longest reason for a cancellation."""
MOST_SEQ = 2**31 - 1

_WATCHING = SUBSCRIPTIONS.labels("explorationEvents")
_SENT = {kind: EVENTS_SENT.labels(kind.title().replace("_", "")) for kind in EventKind}
_TRIMS_SENT = EVENTS_SENT.labels("HistoryTrimmed")


@dataclass(frozen=True, slots=True)
class Trim:
    """Stands in a stream for the events up to `seq`, which are no longer kept."""

    exploration: str
    seq: int
    at: datetime
    progress: Progress

    @property
    def oldest_seq(self) -> int:
        """The number of the oldest event that is kept."""
        return self.seq + 1


async def find(context: RequestContext, id: str) -> Exploration | None:
    """The exploration with this id."""
    return await context.loaders.exploration.load(raw_id("id", id, EXPLORATION))


async def page(context: RequestContext, filter: ExplorationFilter, part: Slice) -> Page[Exploration]:
    """A page of explorations, newest first."""
    return await context.store.explorations.page(filter, part.of(EXPLORATIONS))


async def count(context: RequestContext, filter: ExplorationFilter) -> int:
    """How many explorations pass the filter."""
    return await context.store.explorations.count(filter)


async def members(context: RequestContext, exploration: Exploration, part: Slice) -> Page[Member]:
    """A page of what it found, in that order."""
    return await context.loaders.members.load(MembersOf(exploration.id, part.of(MEMBERS)))


async def steps(context: RequestContext, exploration: Exploration, filter: StepFilter, part: Slice) -> Page[Step]:
    """A page of its steps, in the order in which they were made."""
    return await context.loaders.steps.load(StepsOf(exploration.id, filter, part.of(STEPS)))


async def count_steps(exploration: Exploration, filter: StepFilter) -> int:
    """How many of its steps pass the filter; its progress knows."""
    progress = exploration.progress
    counts = {
        StepState.PENDING: progress.steps_pending,
        StepState.DONE: progress.steps_done,
        StepState.FAILED: progress.steps_failed,
    }
    return sum(counts[state] for state in set(filter.states or counts))


async def events(
    context: RequestContext, exploration: Exploration, after: int | None, first: int | None
) -> Sequence[Event]:
    """Its stored events after a number, in order."""
    key = EventsOf(exploration.id, _checked_after(after, MOST_SEQ), checked_size("first", first))
    return await context.loaders.events.load(key)


async def activity(context: RequestContext, exploration: Exploration) -> Sequence[AgentActivity]:
    """What its agents do just now."""
    return await context.loaders.activity.load(exploration.id)


async def start(context: RequestContext, request: Request, key: str | None) -> Exploration:
    """Start an exploration; with the key of an earlier request, give that one's."""
    repeat = idempotency(context, "startExploration", key, asdict(request))
    return await context.write(context.services.explorer.start(context.store, request, repeat))


async def pause(context: RequestContext, id: str) -> Exploration:
    """Begin no further step."""
    return await context.write(context.services.explorer.pause(context.store, _raw(id)))


async def resume(context: RequestContext, id: str) -> Exploration:
    """Go on."""
    return await context.write(context.services.explorer.resume(context.store, _raw(id)))


async def cancel(context: RequestContext, id: str, reason: str) -> Exploration:
    """Stop for good, keeping what was found."""
    check_text("input.reason", reason, REASON_LENGTH)
    return await context.write(context.services.explorer.cancel(context.store, _raw(id), reason))


async def extend(context: RequestContext, id: str, budget: Budget, depth: int | None) -> Exploration:
    """Go on with more; what the new budget leaves open stays as it was."""
    present = (await _existing(context, id)).budget
    given = {name: value for name, value in asdict(budget).items() if value is not None}
    explorer = context.services.explorer
    if depth is not None and not 1 <= depth <= explorer.limits.depth:
        raise InvalidRequest("input.depth", f"{depth} is not between 1 and {explorer.limits.depth}")
    return await context.write(explorer.extend(context.store, _raw(id), replace(present, **given), depth))


async def retry_failed(context: RequestContext, id: str) -> Exploration:
    """Try failed steps again."""
    return await context.write(context.services.explorer.retry_failed(context.store, _raw(id)))


async def delete(context: RequestContext, id: str) -> str:
    """Forget an exploration that has ended, keeping the concepts; its id."""
    await context.write(context.services.explorer.delete(context.store, _raw(id)))
    return id


async def watch(context: RequestContext, id: str, after: int | None) -> AsyncGenerator[Event | Trim, None]:
    """Events after a number, each with loaders that hold what it speaks of, so that telling it reads nothing."""
    exploration = await _existing(context, id, "id")
    seq = _checked_after(after, exploration.next_seq - 1)
    events = context.services.watch.events(context.store.workspace, exploration.id, seq)
    with _WATCHING.track_inprogress():
        async with aclosing(events):
            async for told in events:
                context.renew_loaders()
                if isinstance(told, Trimmed):
                    _TRIMS_SENT.inc()
                    yield Trim(exploration.id, told.oldest_seq - 1, datetime.now(UTC), exploration.progress)
                else:
                    _prime(context, told)
                    _count(told.event, exploration)
                    yield told.event


async def of_event(context: RequestContext, event: Event | Trim) -> Exploration:
    """The exploration in which it happened, as it is now."""
    found = await context.loaders.exploration.load(event.exploration)
    if found is None:
        raise NotFoundError("exploration", event.exploration)
    return found


def _prime(context: RequestContext, told: Told) -> None:
    for id in (*told.event.concepts, *told.concepts):
        context.loaders.concept.prime(id, told.concepts.get(id))
    for key in told.event.relations:
        context.loaders.relation.prime(key, told.relations.get(key))
    if (image := told.event.image) is not None:
        context.loaders.image.prime(image, told.images.get(image))


def _count(event: Event, at_first: Exploration) -> None:
    """An event is sent to somebody who found the exploration like this at first."""
    _SENT[event.kind].inc()
    if event.seq < at_first.next_seq:
        EVENTS_REPLAYED.inc()


def _checked_after(after: int | None, newest: int) -> int:
    if after is not None and not 0 <= after <= newest:
        raise InvalidRequest("after", f"{after:,} is not between 0 and the newest event's number, {newest:,}")
    return after or 0


async def _existing(context: RequestContext, id: str, argument: str = "input.id") -> Exploration:
    exploration = await context.loaders.exploration.load(raw_id(argument, id, EXPLORATION))
    if exploration is None:
        raise NotFoundError("exploration", id)
    return exploration


def _raw(id: str) -> str:
    return raw_id("input.id", id, EXPLORATION)
