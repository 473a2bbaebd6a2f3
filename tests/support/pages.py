"""What every paged list promises, whatever it lists."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from graphstore.errors import InvalidError
from graphstore.model import Item, Page, PageRequest

T = TypeVar("T")
Fetch = Callable[[PageRequest], Awaitable[Page[T]]]


async def all_of(fetch: Fetch[T]) -> tuple[Item[T], ...]:
    """The whole list in one page."""
    page = await fetch(PageRequest(1_000))
    assert (page.has_next, page.has_previous) == (False, False)
    return page.items


async def check_pages(fetch: Fetch[T]) -> list[T]:
    """Hold a list to the promises of `PageRequest`, in every range and size; its values."""
    full = await all_of(fetch)
    places = [None, *range(len(full))]
    for limit in {1, 2, max(1, len(full) - 1), len(full) + 1}:
        for after in places:
            for before in places:
                for backward in (False, True):
                    await check_page(fetch, full, limit, after, before, backward=backward)
    await check_refusals(fetch, full)
    return [item.value for item in full]


async def check_page(
    fetch: Fetch[T], full: tuple[Item[T], ...], limit: int, after: int | None, before: int | None, *, backward: bool
) -> None:
    """Hold one page to what the full list says of it; places are positions in the full list."""
    request = PageRequest(
        limit,
        None if after is None else full[after].cursor,
        None if before is None else full[before].cursor,
        backward,
    )
    page = await fetch(request)
    first = 0 if after is None else after + 1
    behind = max(first, len(full) if before is None else before)
    if backward:
        first = max(first, behind - limit)
    else:
        behind = min(behind, first + limit)
    assert page.items == full[first:behind], request
    if page.items:
        assert (page.has_previous, page.has_next) == (first > 0, behind < len(full)), request
    else:
        assert (page.has_previous, page.has_next) == (after is not None, before is not None), request


async def check_refusals(fetch: Fetch[T], full: tuple[Item[T], ...]) -> None:
    """A limit or a cursor that cannot be is refused."""
    for limit in (0, -1, 1_001):
        with pytest.raises(InvalidError):
            await fetch(PageRequest(limit))
    for cursor in _strange(full[0].cursor):
        for request in (PageRequest(1, after=cursor), PageRequest(1, before=cursor)):
            with pytest.raises(InvalidError):
                await fetch(request)


def _strange(cursor: tuple[str | float | int, ...]) -> list[tuple[str | float | int, ...]]:
    swapped: list[tuple[str | float | int, ...]] = [
        (*cursor[:i], 1 if isinstance(value, str) else "x", *cursor[i + 1 :]) for i, value in enumerate(cursor)
    ]
    return [(), (*cursor, "x"), cursor[1:], (True, *cursor[1:]), (*cursor[:-1], "\ud800"), *swapped]
