"""Reading explorations."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from graphstore.errors import NotFoundError
from graphstore.model import (
    Event,
    Exploration,
    ExplorationFilter,
    Frontier,
    Member,
    Page,
    PageRequest,
    Step,
    StepFilter,
    StepKind,
    name_key,
)
from graphstore.neo4j.children import pages
from graphstore.neo4j.connection import Connection
from graphstore.neo4j.cypher import explorations as cypher
from graphstore.neo4j.cypher.children import Children
from graphstore.neo4j.whole import event, exploration, member, step
from graphstore.paging import in_order, limited, page
from graphstore.rows.graph import Row

T = TypeVar("T")


class Neo4jExplorations:
    """`graphstore.port.Explorations`."""

    def __init__(self, workspace: str, connection: Connection) -> None:
        self._workspace = workspace
        self._connection = connection

    async def get(self, ids: Sequence[str]) -> Mapping[str, Exploration]:
        """See `Explorations.get`."""
        rows = await self._read(cypher.BY_ID, ids=ids)
        return {found.id: found for found in exploration.all(rows)}

    async def page(self, filter: ExplorationFilter, request: PageRequest) -> Page[Exploration]:
        """See `Explorations.page`."""
        parameters = _filtered(filter) | cypher.ORDER.parameters(request)
        rows, before, behind = await self._read(cypher.page(filter, request), **parameters)
        return page(in_order(rows, request), request, cypher.ORDER.place, exploration, (before, behind))

    async def count(self, filter: ExplorationFilter) -> int:
        """See `Explorations.count`."""
        return int(await self._read(cypher.count(filter), **_filtered(filter)))

    async def members(self, ids: Sequence[str], request: PageRequest) -> Mapping[str, Page[Member]]:
        """See `Explorations.members`."""
        return await self._children(cypher.MEMBERS, ids, request, member)

    async def steps(self, ids: Sequence[str], filter: StepFilter, request: PageRequest) -> Mapping[str, Page[Step]]:
        """See `Explorations.steps`."""
        states = {} if filter.states is None else {"states": list(filter.states)}
        return await self._children(cypher.steps(filter), ids, request, step, **states)

    async def steps_by_id(self, ids: Sequence[str]) -> Mapping[str, Step]:
        """See `Explorations.steps_by_id`."""
        rows = await self._read(cypher.STEPS_BY_ID, ids=ids)
        return {found.id: found for found in step.all(rows)}

    async def frontier(self, id: str, kind: StepKind, limit: int) -> Frontier:
        """See `Explorations.frontier`. What is ready is told by the store's clock."""
        ready, wait = await self._read(cypher.FRONTIER, id=id, kind=kind, limit=limited(limit))
        return Frontier(tuple(step.all(ready)), None if wait is None else wait / 1_000_000)

    async def events(self, id: str, after: int, limit: int) -> Sequence[Event]:
        """See `Explorations.events`."""
        rows = await self._read(cypher.EVENTS, id=id, after=after, limit=limited(limit))
        if rows is None:
            raise NotFoundError("exploration", id)
        return tuple(event.all(rows))

    async def oldest_seq(self, id: str) -> int:
        """See `Explorations.oldest_seq`."""
        seq = await self._read(cypher.OLDEST_SEQ, id=id)
        if seq is None:
            raise NotFoundError("exploration", id)
        return int(seq)

    async def _children(
        self,
        children: Children,
        ids: Sequence[str],
        request: PageRequest,
        value: Callable[[Row], T | None],
        **parameters: Any,
    ) -> Mapping[str, Page[T]]:
        places = children.order.parameters(request)
        found = await self._read(children.pages(request), asked=ids, **places, **parameters)
        return pages(ids, found, request, children.order.place, value)

    async def _read(self, statement: str, **parameters: Any) -> Any:
        return await self._connection.read(statement, {"workspace": self._workspace, **parameters})


def _filtered(filter: ExplorationFilter) -> dict[str, Any]:
    statuses = {} if filter.statuses is None else {"statuses": list(filter.statuses)}
    return statuses if filter.topic is None else {**statuses, "topic": name_key(filter.topic)}
