"""Asking again."""

import asyncio
import time

import pytest
from structlog.testing import capture_logs

from providers.errors import (
    ContentPolicyError,
    GarbledError,
    NotConfiguredError,
    ProviderError,
    RefusedError,
    TransientError,
)
from providers.images.port import ImageProvider
from providers.images.retrying import Retrying
from providers.price import NOTHING, Price
from tests.support.fake_images import WHALE, FakeImages


def retrying(provider: ImageProvider, **options: float) -> Retrying:
    """One that waits for as good as nothing where nobody asks for more."""
    return Retrying(provider, first_wait=options.pop("first_wait", 0.001), jitter=lambda: 1.0, **options)  # type: ignore[arg-type]  # all options are numbers


async def test_what_passes_by_itself_is_tried_again() -> None:
    """The third attempt may succeed, and nobody hears of the first two."""
    provider = FakeImages(fail=lambda call: TransientError("busy") if call < 3 else None)
    assert len(await retrying(provider).generate(WHALE)) == 1
    assert len(provider.calls) == 3


async def test_attempts_have_an_end() -> None:
    """After the third attempt its error is the answer."""
    provider = FakeImages(fail=lambda call: TransientError(f"busy {call}"))
    with pytest.raises(TransientError, match="busy 3"):
        await retrying(provider).generate(WHALE)
    assert len(provider.calls) == 3


@pytest.mark.parametrize("kind", [RefusedError, ContentPolicyError, GarbledError, NotConfiguredError])
async def test_what_does_not_pass_is_not_tried_again(kind: type[ProviderError]) -> None:
    """A refusal stays one, and what cannot be used was perhaps paid."""
    provider = FakeImages(fail=lambda _call: kind("no"))
    with pytest.raises(kind):
        await retrying(provider).generate(WHALE)
    assert len(provider.calls) == 1


@pytest.mark.parametrize(
    ("used", "calls"), [(NOTHING, 3), (None, 1), (Price(cost_usd=0.01), 1)], ids=["nothing", "unknown", "something"]
)
async def test_what_may_have_cost_is_not_paid_twice(used: Price | None, calls: int) -> None:
    """Of a provider that costs, only an attempt that is known to have cost nothing is made again."""
    provider = FakeImages(cost_usd=0.05, fail=lambda _call: TransientError("busy", used=used))
    with pytest.raises(TransientError):
        await retrying(provider).generate(WHALE)
    assert len(provider.calls) == calls


async def test_nobody_comes_back_sooner_than_asked() -> None:
    """The provider's own wait counts, where it is longer than ours."""
    provider = FakeImages(fail=lambda call: TransientError("busy", retry_after=0.1) if call == 1 else None)
    begun = time.monotonic()
    await retrying(provider).generate(WHALE)
    assert time.monotonic() - begun >= 0.1


async def test_a_provider_that_wants_to_be_left_alone_is() -> None:
    """A wait beyond the longest one is not begun."""
    provider = FakeImages(fail=lambda _call: TransientError("busy", retry_after=21))
    async with asyncio.timeout(5):
        with pytest.raises(TransientError) as caught:
            await retrying(provider).generate(WHALE)
    assert (len(provider.calls), caught.value.retry_after) == (1, 21)


async def test_waits_grow_and_have_a_longest() -> None:
    """Each is twice the one before, jitter aside, up to the longest."""
    provider = FakeImages(fail=lambda _call: TransientError("busy"))
    with capture_logs() as logs, pytest.raises(TransientError):
        await retrying(provider, attempts=5, first_wait=0.01, longest_wait=0.03).generate(WHALE)
    assert [line["wait"] for line in logs] == [0.01, 0.02, 0.03, 0.03]


async def test_waits_are_not_the_same_for_all() -> None:
    """Without a jitter of the test's own, two waits differ."""
    provider = FakeImages(fail=lambda _call: TransientError("busy"))
    with capture_logs() as logs:
        for _ in range(2):
            with pytest.raises(TransientError):
                await Retrying(provider, attempts=2, first_wait=0.001).generate(WHALE)
    assert logs[0]["wait"] != logs[1]["wait"]
    assert all(0.0005 <= line["wait"] <= 0.0015 for line in logs)


async def test_a_log_line_says_nothing_of_the_request() -> None:
    """Only who failed, how, and when it is tried again."""
    provider = FakeImages(fail=lambda call: TransientError("busy") if call == 1 else None)
    with capture_logs() as logs:
        await retrying(provider).generate(WHALE)
    assert logs == [
        {
            "event": "image_retry",
            "log_level": "info",
            "provider": "fake",
            "attempt": 1,
            "wait": 0.001,
            "error": "TransientError",
        }
    ]
