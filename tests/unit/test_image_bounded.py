"""Bounds of what is asked: in number and in time."""

import asyncio

import pytest

from providers.errors import TransientError
from providers.images.bounded import Bounded
from providers.images.punctual import Punctual
from tests.support.fake_images import FakeImages, wanted


async def test_so_many_calls_at_a_time() -> None:
    """Of fifty calls at once four run at a time, over all that share the places, and all are made."""
    places = asyncio.Semaphore(4)
    provider = FakeImages()
    doors = [Bounded(provider, places), Bounded(provider, places)]
    made = await asyncio.gather(*(doors[n % 2].generate(wanted(prompt=str(n))) for n in range(50)))
    assert (len(made), len(provider.calls), provider.most_at_once) == (50, 50, 4)


async def test_a_call_ends_in_time() -> None:
    """One that hangs is cancelled and fails as something that may pass; its cost is not known."""
    provider = FakeImages(gate=asyncio.Event())
    with pytest.raises(TransientError, match=r"fake made no picture within 0\.01 s") as caught:
        await Punctual(provider, 0.01).generate(wanted())
    assert (provider.cancelled, caught.value.used) == (1, None)


async def test_a_place_is_free_after_a_failure() -> None:
    """Whether a call fails, hangs or is cancelled, the next one has its place."""
    places = asyncio.Semaphore(1)
    provider = FakeImages(gate=asyncio.Event())
    hanging = asyncio.create_task(Bounded(provider, places).generate(wanted()))
    await provider.called.wait()
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging
    with pytest.raises(TransientError):
        await Bounded(Punctual(provider, 0.01), places).generate(wanted())
    assert await Bounded(FakeImages(), places).generate(wanted())


async def test_waiting_for_a_place_is_not_counted() -> None:
    """Who waits for longer than a call may take is made a picture all the same."""
    places = asyncio.Semaphore(1)
    bounded = Bounded(Punctual(FakeImages(), 0.05), places)
    await places.acquire()
    waiting = asyncio.create_task(bounded.generate(wanted()))
    await asyncio.wait([waiting], timeout=0.2)
    assert not waiting.done()
    places.release()
    assert len(await waiting) == 1
