"""Pages of what belongs to many owners (the relations of concepts, the evidence of subjects), as one statement found
them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from graphstore.model import Cursor, Page, PageRequest
from graphstore.paging import in_order, page
from graphstore.rows.graph import Row

Owner = TypeVar("Owner")
T = TypeVar("T")


def pages(
    owners: Sequence[Owner],
    found: Sequence[Any],
    request: PageRequest,
    place: Callable[[Row], Cursor],
    value: Callable[[Row], T | None],
) -> Mapping[Owner, Page[T]]:
    """A page for each owner. `found` has for each, in their order, the rows as they were chosen, and whether others
    lie before and behind the range."""
    return {
        owner: page(in_order(rows, request), request, place, value, (before, behind))
        for owner, (rows, before, behind) in zip(owners, found, strict=True)
    }
