"""Relay's connections, over keyset pages."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Generic, Self, TypeAlias, TypeVar

import strawberry

from graphstore.model import Page
from resolvers.paging import DEFAULT, MOST, cursor_text
from schema.words import field, object_type

Node = TypeVar("Node")
Value = TypeVar("Value")

Count: TypeAlias = Callable[[], Awaitable[int]]
"""Counts only when asked to."""

First: TypeAlias = Annotated[
    int | None, strawberry.argument(description=f"So many from the beginning: 1 to {MOST}, by default {DEFAULT}.")
]
After: TypeAlias = Annotated[
    str | None, strawberry.argument(description="Only what follows this cursor, which the same list has returned.")
]
Last: TypeAlias = Annotated[
    int | None, strawberry.argument(description=f"So many from the end: 1 to {MOST}. Not together with `first`.")
]
Before: TypeAlias = Annotated[
    str | None, strawberry.argument(description="Only what precedes this cursor, which the same list has returned.")
]


@object_type
class PageInfo:
    """Where a page lies in its list."""

    has_next_page: bool = strawberry.field(description="Whether more follows this page.")
    has_previous_page: bool = strawberry.field(description="Whether something precedes this page.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first edge; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last edge; null on an empty page.")

    @classmethod
    def of(cls, page: Page[Value], order: str) -> Self:
        """Of a page of the list in this order."""
        ends = [cursor_text(order, item.cursor) for item in (page.items[:1] + page.items[-1:])]
        start, end = ends or (None, None)
        return cls(has_next_page=page.has_next, has_previous_page=page.has_previous, start_cursor=start, end_cursor=end)


@object_type
class Edge(Generic[Node]):
    """A place in a list, and what stands there."""

    cursor: str = strawberry.field(description="This place, for `after` and `before`.")
    node: Node = strawberry.field(description="What stands there.")


@object_type
class Connection(Generic[Node]):
    """A page of a list."""

    edges: list[Edge[Node]] = strawberry.field(description="The places on this page, in the list's order.")
    page_info: PageInfo = strawberry.field(description="Where this page lies in its list.")
    count: strawberry.Private[Count]

    @field
    async def total_count(self) -> int:
        """How many there are on all pages together. Counted only when asked for."""
        return await self.count()

    @classmethod
    def of(cls, page: Page[Value], order: str, wrap: Callable[[Value], Node], count: Count) -> Self:
        """A page of the list in this order, each value wrapped for clients."""
        edges = [Edge(cursor=cursor_text(order, item.cursor), node=wrap(item.value)) for item in page.items]
        return cls(edges=edges, page_info=PageInfo.of(page, order), count=count)
