"""The statements on explorations and what belongs to them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from graphstore.model import ConceptId, Event, Exploration, IdempotentResult, Member, Progress, Step
from graphstore.neo4j.cypher import exploration_changes as cypher
from graphstore.neo4j.cypher.explorations import STEPS_BY_ID
from graphstore.neo4j.statements import Statements
from graphstore.neo4j.whole import event, exploration, idempotent_result, member, step
from graphstore.rows.explorations import event_row, exploration_row, idempotent_result_row, member_row, step_row
from graphstore.rows.graph import microseconds
from graphstore.transaction import IDEMPOTENCY_LIFE


class Neo4jExplorationStatements(Statements):
    """`graphstore.transaction.ExplorationStatements`."""

    now: datetime

    async def lock(self, ids: Sequence[str]) -> Mapping[str, Exploration]:
        """See `ExplorationStatements.lock`."""
        rows = await self._rows_of(cypher.LOCK, sorted(ids))
        return {found.id: found for found in exploration.all(rows)}

    async def counted(self, ids: Sequence[str]) -> Mapping[str, tuple[Progress, int]]:
        """See `ExplorationStatements.counted`."""
        rows = await self._rows_of(cypher.COUNTED, ids)
        return {id: (Progress(*counts), newest) for id, *counts, newest in rows}

    async def put_exploration(self, exploration: Exploration) -> None:
        """See `ExplorationStatements.put_exploration`."""
        await self._put(cypher.PUT_EXPLORATION, [exploration_row(exploration)])

    async def delete_exploration(self, id: str) -> None:
        """See `ExplorationStatements.delete_exploration`."""
        for statement in (cypher.DELETE_STEPS_OF, cypher.DELETE_MEMBERS_OF, cypher.DELETE_EVENTS_OF):
            await self._put(statement, [id])
        await self._put(cypher.DELETE_EXPLORATION, [id])

    async def steps(self, ids: Sequence[str]) -> Mapping[str, Step]:
        """See `ExplorationStatements.steps`."""
        rows = await self._read(STEPS_BY_ID, ids=list(ids)) if ids else ()
        return {found.id: found for found in step.all(rows)}

    async def steps_of(self, exploration: str, concepts: Sequence[ConceptId]) -> Sequence[Step]:
        """See `ExplorationStatements.steps_of`."""
        return step.all(await self._rows_of(cypher.STEPS_OF, concepts, exploration=exploration))

    async def pending_steps_on(self, concepts: Sequence[ConceptId]) -> Sequence[Step]:
        """See `ExplorationStatements.pending_steps_on`."""
        return step.all(await self._rows_of(cypher.PENDING_ON, concepts))

    async def failed_steps(self, exploration: str) -> Sequence[Step]:
        """See `ExplorationStatements.failed_steps`."""
        return step.all(await self._read(cypher.FAILED, exploration=exploration))

    async def put_steps(self, steps: Sequence[Step]) -> None:
        """See `ExplorationStatements.put_steps`."""
        await self._put(cypher.PUT_STEPS, [step_row(each) for each in steps])

    async def delete_steps(self, ids: Sequence[str]) -> None:
        """See `ExplorationStatements.delete_steps`."""
        await self._put(cypher.DELETE_STEPS, ids)

    async def members(self, exploration: str, concepts: Sequence[ConceptId]) -> Mapping[ConceptId, Member]:
        """See `ExplorationStatements.members`."""
        found = member.all(await self._rows_of(cypher.MEMBERS, concepts, exploration=exploration))
        return {each.concept: each for each in found}

    async def unexpanded(self, exploration: str, below_depth: int) -> Sequence[Member]:
        """See `ExplorationStatements.unexpanded`."""
        return member.all(await self._read(cypher.UNEXPANDED, exploration=exploration, below=below_depth))

    async def memberships(self, concepts: Sequence[ConceptId]) -> Sequence[Member]:
        """See `ExplorationStatements.memberships`."""
        return member.all(await self._rows_of(cypher.MEMBERSHIPS, concepts))

    async def put_members(self, members: Sequence[Member]) -> None:
        """See `ExplorationStatements.put_members`."""
        await self._put(cypher.PUT_MEMBERS, [member_row(each) for each in members])

    async def delete_members(self, members: Sequence[Member]) -> None:
        """See `ExplorationStatements.delete_members`."""
        await self._put(cypher.DELETE_MEMBERS, [(m.exploration, m.concept) for m in members])

    async def put_events(self, events: Sequence[Event]) -> None:
        """See `ExplorationStatements.put_events`."""
        await self._put(cypher.PUT_EVENTS, [event_row(each) for each in events])

    async def events_of_step(self, exploration: str, step: str) -> Sequence[Event]:
        """See `ExplorationStatements.events_of_step`."""
        return event.all(await self._read(cypher.EVENTS_OF_STEP, exploration=exploration, step=step))

    async def idempotent_result(self, principal: str, mutation: str, key: str) -> IdempotentResult | None:
        """See `ExplorationStatements.idempotent_result`."""
        since = microseconds(self.now - IDEMPOTENCY_LIFE)
        found = await self._read(cypher.RESULT, principal=principal, mutation=mutation, key=key, since=since)
        return next(iter(idempotent_result.all(found)), None)

    async def put_idempotent_result(self, result: IdempotentResult) -> None:
        """See `ExplorationStatements.put_idempotent_result`."""
        await self._put(cypher.PUT_RESULT, [idempotent_result_row(result)])
