"""What all loaders share: keys asked for in one turn of the event loop are read together."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import wraps
from typing import Any, TypeVar

from aiodataloader import DataLoader

from graphstore.port import Store
from telemetry.metrics.graphql import BATCH
from telemetry.traces import span

Key = TypeVar("Key")
Result = TypeVar("Result")


class Loader(DataLoader[Key, Result]):
    """A batched, cached read. Made for one operation, inside the running event loop.

    Each read is seen from outside under the name of its class.
    """

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if (load := vars(cls).get("batch_load_fn")) is not None:  # once for the class, at no cost for its objects
            cls.batch_load_fn = _seen(cls.__name__, load)  # type: ignore[misc, assignment] # mypy sees a generic field

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store

    def load(self, key: Key) -> asyncio.Future[Result]:
        """The value of a key. Shielded: a field that is cancelled must not take the others' value with it."""
        return asyncio.shield(super().load(key))


def _seen(
    name: str, load: Callable[[Any, list[Any]], Awaitable[list[Any]]]
) -> Callable[[Any, list[Any]], Awaitable[list[Any]]]:
    """The same read; its size is counted, and it has a span."""
    sizes, title = BATCH.labels(name), f"load {name}"

    @wraps(load)
    async def batch_load_fn(self: Loader[Any, Any], keys: list[Any]) -> list[Any]:
        sizes.observe(len(keys))
        with span(title) as current:
            current.set_attribute("continuum.keys", len(keys))
            return await load(self, keys)

    return batch_load_fn


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
