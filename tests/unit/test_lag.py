"""How late the event loop is, by what keeps it busy."""

import asyncio
import time

from continuum.lag import Lag
from exploration.tasks import cancel
from tests.support.exploring import until


async def test_what_keeps_the_loop_busy_is_seen() -> None:
    """For as long as it lasted, at once and for a while after; then it is forgotten."""
    lag = Lag(every=0.02, remembered=0.2)
    watching = asyncio.create_task(lag.watch())
    await asyncio.sleep(0)
    time.sleep(0.15)  # noqa: ASYNC251 - this is what must not happen
    assert 0.1 <= lag.worst() < 5, "it has not woken yet"
    await asyncio.sleep(0)
    await asyncio.sleep(0.03)
    assert 0.1 <= lag.worst() < 5

    async def forgotten() -> bool:
        return lag.worst() < 0.1

    await until(forgotten)
    await cancel(watching)


async def test_a_loop_with_nothing_to_do_is_not_late() -> None:
    """Before anybody looks, too."""
    assert Lag().worst() == 0
