"""What all loaders share: keys asked for in one turn of the event loop are read together."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from aiodataloader import DataLoader

from graphstore.port import Store

Key = TypeVar("Key")
Result = TypeVar("Result")


class Loader(DataLoader[Key, Result]):
    """A batched, cached read. Made for one operation, inside the running event loop."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store

    def load(self, key: Key) -> asyncio.Future[Result]:
        """The value of a key. Shielded: a field that is cancelled must not take the others' value with it."""
        return asyncio.shield(super().load(key))


async def by_arguments(
    keys: Sequence[tuple[Any, ...]], read: Callable[..., Awaitable[Mapping[Any, Any]]]
) -> dict[tuple[Any, ...], Any]:
    """Values by key, where a key is an id and arguments: one read for all ids with the same arguments."""
    ids: defaultdict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for id, *arguments in keys:
        ids[tuple(arguments)].append(id)
    answers = await asyncio.gather(*(read(ids[arguments], *arguments) for arguments in ids))
    return {
        (id, *arguments): value for arguments, found in zip(ids, answers, strict=True) for id, value in found.items()
    }
