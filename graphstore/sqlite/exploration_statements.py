"""The statements on explorations and what belongs to them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from graphstore.model import ConceptId, Event, Exploration, IdempotentResult, Member, Progress, Step
from graphstore.rows.explorations import (
    EVENT,
    EXPLORATION,
    IDEMPOTENT_RESULT,
    MEMBER,
    STEP,
    event,
    event_row,
    exploration_row,
    idempotent_result,
    idempotent_result_row,
    member,
    member_row,
    step,
    step_row,
)
from graphstore.rows.graph import Row, listed, microseconds
from graphstore.sqlite.explorations import by_id, steps_by_id
from graphstore.sqlite.statements import Statements, upsert
from graphstore.transaction import IDEMPOTENCY_LIFE

_PUT_EXPLORATION = upsert("exploration", (*EXPLORATION, "topic_key"), ("id",))
_PUT_STEP = upsert("step", STEP, ("id",))
_PUT_MEMBER = upsert("member", MEMBER, ("exploration", "concept"))
_PUT_EVENT = upsert("event", EVENT, ("exploration", "seq"))
_PUT_RESULT = upsert("idempotent_result", IDEMPOTENT_RESULT, ("principal", "mutation", "key"))

_OWN = "workspace = e.workspace AND exploration = e.id"
_COUNTED = f"""
    SELECT e.id,
      (SELECT count(*) FROM member WHERE {_OWN}),
      (SELECT count(*) FROM step WHERE {_OWN} AND state = 'DONE'),
      (SELECT count(*) FROM step WHERE {_OWN} AND state = 'PENDING'),
      (SELECT count(*) FROM step WHERE {_OWN} AND state = 'FAILED'),
      (SELECT coalesce(max(seq), 0) FROM event WHERE {_OWN})
    FROM json_each(:keys) AS asked
    CROSS JOIN exploration AS e ON e.workspace = :workspace AND e.id = asked.value"""
_STEPS_OF = f"""
    SELECT {listed(STEP, "s")} FROM json_each(:keys) AS asked
    CROSS JOIN step AS s ON s.workspace = :workspace AND s.exploration = :exploration AND s.concept = asked.value"""
_PENDING_ON = f"""
    SELECT {listed(STEP, "s")} FROM json_each(:keys) AS asked
    CROSS JOIN step AS s ON s.workspace = :workspace AND s.concept = asked.value AND s.state = 'PENDING'"""
_FAILED = f"""
    SELECT {listed(STEP)} FROM step
    WHERE workspace = :workspace AND exploration = :exploration AND state = 'FAILED' ORDER BY created, id"""
_MEMBERS = f"""
    SELECT {listed(MEMBER, "m")} FROM json_each(:keys) AS asked
    CROSS JOIN member AS m ON m.workspace = :workspace AND m.exploration = :exploration AND m.concept = asked.value"""
_UNEXPANDED = f"""
    SELECT {listed(MEMBER, "m")} FROM member AS m
    WHERE m.workspace = :workspace AND m.exploration = :exploration AND m.depth < :below AND NOT EXISTS (
      SELECT 1 FROM step AS s
      WHERE s.workspace = :workspace AND s.exploration = :exploration AND s.concept = m.concept AND s.kind = 'EXPAND')
    ORDER BY m.seq, m.concept"""
_MEMBERSHIPS = f"""
    SELECT {listed(MEMBER, "m")} FROM json_each(:keys) AS asked
    CROSS JOIN member AS m ON m.workspace = :workspace AND m.concept = asked.value
    ORDER BY m.exploration, m.concept"""
_EVENTS_OF_STEP = f"""
    SELECT {listed(EVENT)} FROM event
    WHERE workspace = :workspace AND exploration = :exploration AND step = :step
      AND kind IN ('GRAPH_GREW', 'IMAGE_READY')
    ORDER BY seq"""
_RESULT = f"""
    SELECT {listed(IDEMPOTENT_RESULT)} FROM idempotent_result
    WHERE workspace = :workspace AND principal = :principal AND mutation = :mutation AND key = :key
      AND created > :since"""


class SqliteExplorationStatements(Statements):
    """`graphstore.transaction.ExplorationStatements`."""

    now: datetime

    async def lock(self, ids: Sequence[str]) -> Mapping[str, Exploration]:
        """See `ExplorationStatements.lock`. The transaction has locked the whole file already."""
        return by_id(self._db, self._workspace, sorted(ids)) if ids else {}

    async def counted(self, ids: Sequence[str]) -> Mapping[str, tuple[Progress, int]]:
        """See `ExplorationStatements.counted`."""
        return {id: (Progress(*counts), newest) for id, *counts, newest in self._rows_of(_COUNTED, ids)}

    async def put_exploration(self, exploration: Exploration) -> None:
        """See `ExplorationStatements.put_exploration`."""
        self._put(_PUT_EXPLORATION, [exploration_row(exploration)])

    async def delete_exploration(self, id: str) -> None:
        """See `ExplorationStatements.delete_exploration`."""
        for table in ("step", "member", "event"):
            self._put(f"DELETE FROM {table} WHERE workspace = ? AND exploration = ?", [(id,)])
        self._put("DELETE FROM exploration WHERE workspace = ? AND id = ?", [(id,)])

    async def steps(self, ids: Sequence[str]) -> Mapping[str, Step]:
        """See `ExplorationStatements.steps`."""
        return steps_by_id(self._db, self._workspace, ids) if ids else {}

    async def steps_of(self, exploration: str, concepts: Sequence[ConceptId]) -> Sequence[Step]:
        """See `ExplorationStatements.steps_of`."""
        return _steps(self._rows_of(_STEPS_OF, concepts, exploration=exploration))

    async def pending_steps_on(self, concepts: Sequence[ConceptId]) -> Sequence[Step]:
        """See `ExplorationStatements.pending_steps_on`."""
        return _steps(self._rows_of(_PENDING_ON, concepts))

    async def failed_steps(self, exploration: str) -> Sequence[Step]:
        """See `ExplorationStatements.failed_steps`."""
        return _steps(self._rows(_FAILED, exploration=exploration))

    async def put_steps(self, steps: Sequence[Step]) -> None:
        """See `ExplorationStatements.put_steps`."""
        self._put(_PUT_STEP, map(step_row, steps))

    async def delete_steps(self, ids: Sequence[str]) -> None:
        """See `ExplorationStatements.delete_steps`."""
        self._put("DELETE FROM step WHERE workspace = ? AND id = ?", ((id,) for id in ids))

    async def members(self, exploration: str, concepts: Sequence[ConceptId]) -> Mapping[ConceptId, Member]:
        """See `ExplorationStatements.members`."""
        found = map(member, self._rows_of(_MEMBERS, concepts, exploration=exploration))
        return {each.concept: each for each in found}

    async def unexpanded(self, exploration: str, below_depth: int) -> Sequence[Member]:
        """See `ExplorationStatements.unexpanded`."""
        return [member(row) for row in self._rows(_UNEXPANDED, exploration=exploration, below=below_depth)]

    async def memberships(self, concepts: Sequence[ConceptId]) -> Sequence[Member]:
        """See `ExplorationStatements.memberships`."""
        return [member(row) for row in self._rows_of(_MEMBERSHIPS, concepts)]

    async def put_members(self, members: Sequence[Member]) -> None:
        """See `ExplorationStatements.put_members`."""
        self._put(_PUT_MEMBER, map(member_row, members))

    async def delete_members(self, members: Sequence[Member]) -> None:
        """See `ExplorationStatements.delete_members`."""
        sql = "DELETE FROM member WHERE workspace = ? AND exploration = ? AND concept = ?"
        self._put(sql, ((m.exploration, m.concept) for m in members))

    async def put_events(self, events: Sequence[Event]) -> None:
        """See `ExplorationStatements.put_events`."""
        self._put(_PUT_EVENT, map(event_row, events))

    async def events_of_step(self, exploration: str, step: str) -> Sequence[Event]:
        """See `ExplorationStatements.events_of_step`."""
        return [event(row) for row in self._rows(_EVENTS_OF_STEP, exploration=exploration, step=step)]

    async def idempotent_result(self, principal: str, mutation: str, key: str) -> IdempotentResult | None:
        """See `ExplorationStatements.idempotent_result`."""
        since = microseconds(self.now - IDEMPOTENCY_LIFE)
        found = self._rows(_RESULT, principal=principal, mutation=mutation, key=key, since=since)
        return idempotent_result(found[0]) if found else None

    async def put_idempotent_result(self, result: IdempotentResult) -> None:
        """See `ExplorationStatements.put_idempotent_result`."""
        self._put(_PUT_RESULT, [idempotent_result_row(result)])


def _steps(rows: Iterable[Row]) -> Sequence[Step]:
    return [step(row) for row in rows]
