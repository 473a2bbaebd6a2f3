"""Changes that run to their end."""

import asyncio

import pytest

from resolvers.writes import Writes


async def test_a_change_outlives_whoever_asked_for_it_and_is_waited_for() -> None:
    """Being cancelled ends the waiting and not the change; `finished` waits for it."""
    writes, gate, done = Writes(), asyncio.Event(), []

    async def change() -> None:
        await gate.wait()
        done.append("changed")

    asking = asyncio.create_task(writes.run(change()))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    gate.set()
    await writes.finished()
    assert done == ["changed"]


async def test_a_change_gives_its_result_or_its_error() -> None:
    """Whoever waits gets what the change gives; a change that failed is nobody's business afterwards."""
    writes = Writes()
    assert await writes.run(asyncio.sleep(0, "result")) == "result"

    async def failing() -> None:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        await writes.run(failing())
    await writes.finished()
