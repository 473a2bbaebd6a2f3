"""Figures of pictures: who makes them, how that goes, and what it costs."""

import asyncio
from collections.abc import Callable

import pytest

from providers.errors import (
    ContentPolicyError,
    GarbledError,
    NotConfiguredError,
    RefusedError,
    TransientError,
)
from providers.images.cache.memory import MemoryImageCache
from providers.images.catalogue import ImageCatalogue
from providers.images.flights.local import LocalFlights
from providers.images.hybrid import HybridImageAgent
from providers.images.observed import Observed
from providers.images.port import ImageProvider
from providers.price import NOTHING, Price
from tests.support.fake_images import FakeImages, wanted
from tests.support.figures import Moved


def stacked(provider: FakeImages, *, enabled: bool = True, seconds: float = 60.0) -> ImageProvider:
    """The provider behind all that belongs before it."""
    builders: dict[str, Callable[[], ImageProvider]] = {"fake": lambda: provider, "mock": lambda: FakeImages("mock")}
    catalogue = ImageCatalogue(
        builders, cache=MemoryImageCache(), flights=LocalFlights(), enabled=enabled, ttl=60, at_once=4, seconds=seconds
    )
    return catalogue.agent("fake")


async def test_pictures_are_counted_timed_and_paid_for_under_their_providers_name() -> None:
    """By the picture, not by the call; what is found in the cache is nobody's work and costs nothing."""
    agent, moved = stacked(FakeImages(cost_usd=0.25)), Moved()
    for _ in range(2):
        await agent.generate(wanted(count=3))
    assert moved.all("images_generated_total") == {("fake",): 3}
    assert moved.all("provider_requests_total") == {("fake", "ok"): 1}
    assert moved.all("cost_usd_total") == {("fake",): 0.75}
    assert moved.all("image_generation_duration_seconds_count") == {("fake",): 1}
    assert moved.all("image_fallbacks_total") == {}


async def test_what_stands_between_changes_nothing() -> None:
    """The same pictures, the same card, and progress is passed on."""
    bare, seen = FakeImages(), FakeImages()
    observed, shares = Observed(seen), list[float]()
    assert list(await observed.generate(wanted(), shares.append)) == list(await bare.generate(wanted()))
    assert (observed.card(), observed.name, seen.calls, shares) == (bare.card(), "fake", bare.calls, [1.0])


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (TransientError("later"), "transient"),
        (RefusedError("no"), "refused"),
        (ContentPolicyError("not that"), "policy"),
        (NotConfiguredError("no key"), "not_configured"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize(
    ("used", "cost"), [(None, 0.5), (NOTHING, 0.0), (Price(cost_usd=0.1), 0.1)], ids=["unknown", "nothing", "some"]
)
async def test_a_failure_is_counted_and_so_are_the_drawings_instead(
    error: TransientError, outcome: str, used: Price | None, cost: float
) -> None:
    """Under the one that failed; what that has cost, or may have, is the failed one's and not the drawing's."""
    error.used = used
    failing = Observed(FakeImages(cost_usd=0.25, fail=lambda _call: error))
    moved = Moved()
    pictures = await HybridImageAgent(failing, Observed(FakeImages("mock")), enabled=True).generate(wanted(count=2))
    assert sum(picture.cost_usd for picture in pictures) == pytest.approx(cost)
    assert moved.all("provider_requests_total") == {("fake", outcome): 1, ("mock", "ok"): 1}
    assert moved.all("image_fallbacks_total") == {("fake",): 2}
    assert moved.all("images_generated_total") == {("mock",): 2}
    assert moved("cost_usd_total", "fake") == pytest.approx(cost)
    assert moved("cost_usd_total", "mock") == 0
    assert moved.all("image_generation_duration_seconds_count") == {("mock",): 1}
    assert moved.all("provider_request_duration_seconds_count") == {("fake",): 1, ("mock",): 1}


async def test_each_attempt_is_counted() -> None:
    """A provider that is busy once was called twice."""
    busy = TransientError("busy", used=NOTHING, retry_after=0.0)
    agent, moved = stacked(FakeImages(fail=lambda call: busy if call == 1 else None)), Moved()
    await agent.generate(wanted())
    assert moved.all("provider_requests_total") == {("fake", "transient"): 1, ("fake", "ok"): 1}
    assert moved.all("image_fallbacks_total") == {}


async def test_one_that_is_too_slow_has_failed() -> None:
    """Its time limit is no cancellation, and the wait for a place is not its time."""
    agent, moved = stacked(FakeImages(cost_usd=0.25, gate=asyncio.Event()), seconds=0.5), Moved()
    await agent.generate(wanted())
    assert moved.all("provider_requests_total") == {("fake", "transient"): 1, ("mock", "ok"): 1}
    assert moved.all("image_fallbacks_total") == {("fake",): 1}


async def test_a_spoilt_picture_is_no_picture() -> None:
    """Bytes that are none are counted as what they are, and not as a picture."""
    agent, moved = stacked(FakeImages(content=lambda _call, _index: b"no picture")), Moved()
    with pytest.raises(GarbledError):
        await agent.generate(wanted())
    assert moved.all("provider_requests_total") == {("fake", "garbled"): 1}
    assert moved.all("images_generated_total") == {}


async def test_what_is_cancelled_is_not_the_providers_fault() -> None:
    """Whoever has had enough is let go at once."""
    provider = FakeImages(gate=asyncio.Event())
    moved = Moved()
    asking = asyncio.create_task(Observed(provider).generate(wanted()))
    await provider.called.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert moved.all("provider_requests_total") == {("fake", "cancelled"): 1}


@pytest.mark.parametrize(("enabled", "real"), [(False, True), (True, False)], ids=["settings", "request"])
async def test_what_is_drawn_on_purpose_is_no_fallback(*, enabled: bool, real: bool) -> None:
    """Neither where the settings want drawings, nor where the request does."""
    agent, moved = stacked(FakeImages(), enabled=enabled), Moved()
    await agent.generate(wanted(real=real))
    assert moved.all("image_fallbacks_total") == {}
    assert moved.all("images_generated_total") == {("mock",): 1}
