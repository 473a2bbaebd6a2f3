"""What a store does, in small roles. A `Store` is bound to one workspace, so that no query can forget it.

Every method is one batch: its cost in round trips does not grow with the number of ids it is given.
Answers keyed by id leave out what does not exist; pages and counts are given for every id that was asked.
Limits are the caller's to set and at most 1,000 rows.
Any method may raise `UnavailableError`; methods that write may raise `ReadOnlyError` and then changed nothing.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from graphstore.model import (
    Budget,
    Concept,
    ConceptFilter,
    ConceptId,
    ConceptOrder,
    ConceptPatch,
    Direction,
    Edge,
    Event,
    Evidence,
    EvidenceClaim,
    Exploration,
    ExplorationDraft,
    ExplorationFilter,
    Failure,
    Frontier,
    Hit,
    Idempotency,
    Knowledge,
    Member,
    Outcome,
    Page,
    PageRequest,
    Record,
    Recorded,
    Relation,
    RelationKey,
    Source,
    Spend,
    Step,
    StepFilter,
    Subject,
)


class Concepts(Protocol):
    """Read concepts."""

    async def get(self, ids: Sequence[ConceptId], *, follow_merges: bool = True) -> Mapping[ConceptId, Concept]:
        """Concepts by the id asked for; a merged concept's id gives the one it went into."""
        ...

    async def named(self, keys: Sequence[str]) -> Mapping[str, Sequence[Concept]]:
        """All senses of each name key: those so named before those so called by an alias,
        within each the best supported first (support, degree, confidence, id)."""
        ...

    async def by_external_id(self, ids: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Concept]:
        """Concepts by (scheme, value)."""
        ...

    async def page(self, filter: ConceptFilter, order: ConceptOrder, request: PageRequest) -> Page[Concept]:
        """A page of all concepts."""
        ...

    async def count(self, filter: ConceptFilter) -> int:
        """How many concepts pass the filter."""
        ...

    async def search(self, text: str, filter: ConceptFilter, request: PageRequest) -> Page[Hit[Concept]]:
        """Concepts that hold every word of the text (as a word or the beginning of one), best first.

        The text is words only: quotes, operators and wildcards have no meaning. No word: an empty page.
        """
        ...

    async def count_hits(self, text: str, filter: ConceptFilter) -> int:
        """How many concepts `search` finds in all."""
        ...

    async def similar(self, ids: Sequence[ConceptId], limit: int) -> Mapping[ConceptId, Sequence[Concept]]:
        """For each concept, others whose names suggest that they may be the same one, likeliest first."""
        ...


class Relations(Protocol):
    """Read relations and what attests them. Order: confidence, support (both falling), type, source, target."""

    async def get(self, keys: Sequence[RelationKey]) -> Mapping[RelationKey, Edge]:
        """Relations by identity, ends included."""
        ...

    async def of(
        self, ids: Sequence[ConceptId], direction: Direction, types: Sequence[str] | None, request: PageRequest
    ) -> Mapping[ConceptId, Page[Edge]]:
        """A page of relations for each concept, ends included, in one read for all of them."""
        ...

    async def count(
        self, ids: Sequence[ConceptId], direction: Direction, types: Sequence[str] | None
    ) -> Mapping[ConceptId, int]:
        """How many relations each concept has."""
        ...

    async def neighbours(
        self, ids: Sequence[ConceptId], direction: Direction, types: Sequence[str] | None, request: PageRequest
    ) -> Mapping[ConceptId, Page[Concept]]:
        """A page of the distinct concepts at the other ends, for each concept; by strongest relation, then id."""
        ...

    async def count_neighbours(
        self, ids: Sequence[ConceptId], direction: Direction, types: Sequence[str] | None
    ) -> Mapping[ConceptId, int]:
        """How many distinct concepts are at the other ends, for each concept."""
        ...

    async def links(self, ids: Sequence[ConceptId], types: Sequence[str] | None, limit: int) -> Sequence[Relation]:
        """Relations that touch the given concepts, without their ends, the strongest `limit` of each concept."""
        ...

    async def types(self) -> Mapping[str, int]:
        """How many relations of each type there are."""
        ...

    async def evidence(self, subjects: Sequence[Subject], request: PageRequest) -> Mapping[Subject, Page[Evidence]]:
        """A page of evidence for each subject, sources included: the most confident first, then by id."""
        ...

    async def count_evidence(self, subjects: Sequence[Subject]) -> Mapping[Subject, int]:
        """How many pieces of evidence each subject has."""
        ...

    async def sources(self, ids: Sequence[str]) -> Mapping[str, Source]:
        """Sources by id."""
        ...


class Curation(Protocol):
    """Change the graph. Each call is one transaction."""

    async def add(self, knowledge: Knowledge, idempotency: Idempotency | None = None) -> Recorded:
        """Record claims: decide identity (`graphstore.identity`), write what is new, renew confidence and support.

        Lifts the tombstones of the concepts it names. Raises `InvalidError` for a relation type too many,
        `IdempotencyConflict`.
        """
        ...

    async def update_concept(
        self, id: ConceptId, patch: ConceptPatch, expected_version: int, evidence: EvidenceClaim
    ) -> Concept:
        """Change a concept on a person's word. Raises `NotFoundError`, `VersionConflict`, `ConflictError` when
        another concept has that name and sense already."""
        ...

    async def delete_concept(self, id: ConceptId) -> None:
        """Delete it with its relations and evidence, leaving a tombstone. Raises `NotFoundError`."""
        ...

    async def retype_relation(
        self, key: RelationKey, type: str, expected_version: int, evidence: EvidenceClaim
    ) -> Relation:
        """Give a relation another type, its evidence going with it; joins one that exists under that type.
        Raises `NotFoundError`, `VersionConflict`, `InvalidError`."""
        ...

    async def delete_relation(self, key: RelationKey) -> None:
        """Delete it with its evidence. Raises `NotFoundError`."""
        ...

    async def delete_source(self, id: str) -> None:
        """Delete a source with all evidence from it, and the relations that nothing else attests.
        Concepts stay. Raises `NotFoundError`."""
        ...

    async def merge(self, into: ConceptId, others: Sequence[ConceptId]) -> Concept:
        """Make several concepts one: relations, evidence, names, memberships go to `into`, their ids lead there.
        Raises `NotFoundError`, `InvalidError` when `into` is among the others."""
        ...

    async def unmerge(self, id: ConceptId) -> Concept:
        """Restore a merged concept with the evidence, relations and memberships it had brought along.
        Raises `NotFoundError` when it is not one, `ConflictError` when its name and sense are taken by now."""
        ...


class Explorations(Protocol):
    """Read explorations."""

    async def get(self, ids: Sequence[str]) -> Mapping[str, Exploration]:
        """Explorations by id."""
        ...

    async def page(self, filter: ExplorationFilter, request: PageRequest) -> Page[Exploration]:
        """A page of explorations, newest first."""
        ...

    async def count(self, filter: ExplorationFilter) -> int:
        """How many pass the filter."""
        ...

    async def members(self, ids: Sequence[str], request: PageRequest) -> Mapping[str, Page[Member]]:
        """A page of each one's members, in the order in which they were found."""
        ...

    async def steps(self, ids: Sequence[str], filter: StepFilter, request: PageRequest) -> Mapping[str, Page[Step]]:
        """A page of each one's steps, in the order in which they were made."""
        ...

    async def steps_by_id(self, ids: Sequence[str]) -> Mapping[str, Step]:
        """Steps by id."""
        ...

    async def frontier(self, id: str, limit: int) -> Frontier:
        """What may run now: the pending steps of the least depth, by priority (falling), then concept id.

        Only when all steps of one depth have ended does the next depth appear: so the depth of a member does not
        depend on timing, and neither does the graph.
        """
        ...

    async def events(self, id: str, after: int, limit: int) -> Sequence[Event]:
        """Events whose number is greater than `after`, by number. Raises `NotFoundError`."""
        ...

    async def oldest_seq(self, id: str) -> int:
        """The number of the oldest event that is still kept; `next_seq` when none is. Raises `NotFoundError`."""
        ...


class Control(Protocol):
    """Start explorations and change their course. Each call is one transaction that also writes its event."""

    async def start(
        self, draft: ExplorationDraft, *, idempotency: Idempotency | None = None, lease: tuple[str, float] | None = None
    ) -> Exploration:
        """Store a new exploration, its first step and event 1. With `lease` (token, seconds) the caller owns it
        from the start and it is RUNNING, else QUEUED. Raises `IdempotencyConflict`, `NotFoundError` for the root."""
        ...

    async def pause(self, id: str) -> Exploration:
        """From QUEUED or RUNNING to PAUSED: no new step is begun, running ones may commit."""
        ...

    async def resume(self, id: str) -> Exploration:
        """From PAUSED to QUEUED (RUNNING where an owner still holds it)."""
        ...

    async def cancel(self, id: str, reason: str) -> Exploration:
        """From any status that has not ended to CANCELLED: what was found stays, later commits are refused."""
        ...

    async def extend(self, id: str, budget: Budget, depth: int | None) -> Exploration:
        """From BUDGET_REACHED or COMPLETED to QUEUED under a new budget, and a new depth where given.

        Members that the old depth had left unexpanded get their steps. Raises `InvalidError` for a budget or depth
        below the present one.
        """
        ...

    async def retry_failed(self, id: str) -> Exploration:
        """From COMPLETED, BUDGET_REACHED or FAILED to QUEUED, failed steps pending again with attempts at 0.
        Raises `ConflictError` when no step failed."""
        ...

    async def delete(self, id: str) -> None:
        """Delete an ended exploration with steps, members and events; the concepts stay.
        Raises `NotFoundError`, `StatusConflict`."""
        ...


class Work(Protocol):
    """What the owner of an exploration does. All of it but `claim` needs the lease, else raises `LeaseLost`."""

    async def claim(self, id: str, token: str, seconds: float) -> Exploration | None:
        """Take the lease if the exploration is QUEUED or RUNNING and no unexpired one is held; None otherwise.
        QUEUED becomes RUNNING, with its event."""
        ...

    async def renew(self, id: str, token: str, seconds: float, worked: float = 0.0) -> Exploration:
        """Hold the lease for that long from now, and book seconds worked; the answer tells how it stands now."""
        ...

    async def release(self, id: str, token: str) -> None:
        """Hand the lease back. Never raises for one that is lost already."""
        ...

    async def reserve(self, id: str, token: str, step: str, worst: Spend) -> None:
        """Book the worst case of tokens and cost of one attempt, and count the attempt, before it begins.
        A reservation of an earlier attempt of that step stays spent. Raises `BudgetExceeded`."""
        ...

    async def commit(self, outcome: Outcome) -> Recorded:
        """Record a step's knowledge with members, frontier, spend and the next event. Done already: change nothing
        and answer with what was stored. New members are cut off where the budget of concepts ends."""
        ...

    async def fail(self, failure: Failure) -> Event:
        """Record a failed attempt and its event; without `retry_in` the step is FAILED."""
        ...

    async def finish(
        self, id: str, token: str, budget_reached: str | None, reason: str | None, worked: float = 0.0
    ) -> Exploration:
        """Book seconds worked, end it and give up the lease: BUDGET_REACHED when a budget is named, else FAILED
        when no step is done, else COMPLETED. Raises `ConflictError` when steps are pending and no budget is named."""
        ...


class Archive(Protocol):
    """The whole content of a workspace, as records (docs/formats.md)."""

    def export(self) -> AsyncIterator[Record]:
        """Everything stored, of one moment: concepts before relations before evidence."""
        ...

    async def load(self, records: Sequence[Record]) -> Sequence[str | None]:
        """Store a batch as it is, ids included, replacing what has the same id; for each record None or
        why it was refused. Explorations that had not ended are QUEUED, without lease."""
        ...


class Store(Protocol):
    """A store bound to one workspace."""

    @property
    def workspace(self) -> str:
        """Its name."""
        ...

    @property
    def concepts(self) -> Concepts:
        """Read concepts."""
        ...

    @property
    def relations(self) -> Relations:
        """Read relations, evidence, sources."""
        ...

    @property
    def curation(self) -> Curation:
        """Change the graph."""
        ...

    @property
    def explorations(self) -> Explorations:
        """Read explorations."""
        ...

    @property
    def control(self) -> Control:
        """Start explorations and change their course."""
        ...

    @property
    def work(self) -> Work:
        """Own explorations."""
        ...

    @property
    def archive(self) -> Archive:
        """Everything, as records."""
        ...


ExplorationRef: TypeAlias = tuple[str, str]
"""(workspace, exploration id)"""


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """What an operator wants to know of a store."""

    adapter: str
    version: str
    """Of the engine behind it."""
    location: str
    schema_version: int
    concepts: int
    relations: int
    explorations: int


class Operations(Protocol):
    """What concerns the store as a whole, whatever the workspace."""

    async def migrate(self) -> int:
        """Bring the schema up to date, once, however many processes try; the version it has now.
        Raises `SchemaMismatch` for one that a newer program made."""
        ...

    async def ping(self) -> None:
        """Raise `UnavailableError` unless the store can be read."""
        ...

    async def status(self) -> StoreStatus:
        """Versions and counts."""
        ...

    async def verify(self) -> Sequence[str]:
        """What is wrong with the stored data, in words; nothing as a rule. Reads all of it, which takes its time."""
        ...

    async def unowned(self, limit: int) -> Sequence[ExplorationRef]:
        """Explorations that are QUEUED or RUNNING and that nobody holds, oldest first."""
        ...

    async def newest_seqs(self, refs: Sequence[ExplorationRef]) -> Mapping[ExplorationRef, int]:
        """The number of the newest event of each."""
        ...

    async def foreign_changes(self) -> int | None:
        """A number that changes when another process has written; None where the store cannot tell."""
        ...

    async def trim(self, ended_before: datetime) -> int:
        """Delete events of explorations that ended before, and idempotency keys past their day; how many events."""
        ...


class Database(Protocol):
    """An opened store, before it is bound to a workspace. Whoever opened it closes it."""

    @property
    def operations(self) -> Operations:
        """What concerns all workspaces."""
        ...

    def within(self, workspace: str) -> Store:
        """The store of one workspace. Costs nothing."""
        ...

    async def close(self) -> None:
        """Let running work finish and close."""
        ...
