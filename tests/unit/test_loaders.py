"""Loaders: reads that are batched, and that do not suffer from each other."""

import asyncio
from typing import Any, cast

from graphstore.port import Store
from resolvers.loaders.loader import Loader, by_arguments


class Doubles(Loader[int, int]):
    """Doubles numbers, when it is let."""

    def __init__(self) -> None:
        super().__init__(cast("Store", None))
        self.reads: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.failing = False

    async def batch_load_fn(self, keys: list[int]) -> list[int]:
        self.reads.append(keys)
        await self.gate.wait()
        if self.failing:
            raise ConnectionError("the store is away")
        return [2 * key for key in keys]


async def test_what_is_asked_at_once_is_read_at_once() -> None:
    """All keys of one turn of the loop are one read, each key once, and later ones are remembered."""
    loader = Doubles()
    assert await asyncio.gather(*(loader.load(n) for n in (1, 2, 1, 3))) == [2, 4, 2, 6]
    assert await loader.load(2) == 4
    assert loader.reads == [[1, 2, 3]]


async def test_a_cancelled_load_takes_nobody_with_it() -> None:
    """When one of two who wait for a key is cancelled, the other gets its value."""
    loader = Doubles()
    loader.gate.clear()
    leaving, staying = (asyncio.ensure_future(loader.load(1)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    loader.gate.set()
    assert await staying == 2
    assert await loader.load(1) == 2
    assert leaving.cancelled()


async def test_a_failure_is_not_remembered() -> None:
    """Everybody who waits hears of a failure; whoever asks again gets another read."""
    loader = Doubles()
    loader.failing = True
    results = await asyncio.gather(*(loader.load(n) for n in (1, 2)), return_exceptions=True)
    assert [type(result) for result in results] == [ConnectionError, ConnectionError]
    loader.failing = False
    assert await loader.load(1) == 2


async def test_keys_with_arguments_are_read_together_where_those_agree() -> None:
    """One read for each set of arguments, whatever the number of ids."""
    reads: list[tuple[Any, ...]] = []

    async def read(ids: list[str], *arguments: int) -> dict[str, str]:
        reads.append((tuple(ids), *arguments))
        return {id: f"{id}{sum(arguments)}" for id in ids if id != "gone"}

    keys = [("a", 1, 2), ("b", 1, 2), ("a", 3, 4), ("gone", 1, 2)]
    assert await by_arguments(keys, read) == {("a", 1, 2): "a3", ("b", 1, 2): "b3", ("a", 3, 4): "a7"}
    assert reads == [(("a", "b", "gone"), 1, 2), (("a",), 3, 4)]
