"""The hybrid agent."""

import asyncio

import pytest

from providers.errors import (
    ContentPolicyError,
    GarbledError,
    NotConfiguredError,
    ProviderError,
    RefusedError,
    TransientError,
)
from providers.images.hybrid import HybridImageAgent
from providers.price import NOTHING, Price
from tests.support.fake_images import FakeImages, wanted


async def test_real_when_enabled() -> None:
    """The provider makes the pictures, and they say nothing of a fallback."""
    real, mock = FakeImages("real"), FakeImages("mock")
    (picture,) = await HybridImageAgent(real, mock, enabled=True).generate(wanted())
    assert (picture.provider, picture.fallback, mock.calls) == ("real", None, [])


async def test_mock_when_disabled_by_the_flag() -> None:
    """Every picture is drawn and says why; the provider hears nothing."""
    real, mock = FakeImages("real"), FakeImages("mock")
    pictures = await HybridImageAgent(real, mock, enabled=False).generate(wanted(count=2))
    assert {(p.provider, p.fallback) for p in pictures} == {("mock", "disabled by IMAGE_GENERATION_ENABLED")}
    assert (len(pictures), real.calls) == (2, [])


async def test_mock_when_disabled_by_the_request() -> None:
    """A request chooses at run time, whatever the flag says."""
    real, mock = FakeImages("real"), FakeImages("mock")
    for enabled in (True, False):
        agent = HybridImageAgent(real, mock, enabled=enabled)
        (picture,) = await agent.generate(wanted(real=False, fallback=False))
        assert (picture.provider, picture.fallback) == ("mock", "disabled by the request")
    assert real.calls == []


@pytest.mark.parametrize("kind", [TransientError, RefusedError, ContentPolicyError, NotConfiguredError])
async def test_mock_on_error(kind: type[ProviderError]) -> None:
    """Whatever keeps the provider from making them, they are drawn and say what it was."""
    real, mock = FakeImages("real", fail=lambda _call: kind("no paint is left")), FakeImages("mock")
    (picture,) = await HybridImageAgent(real, mock, enabled=True).generate(wanted())
    assert (picture.provider, picture.fallback) == ("mock", "no paint is left")


@pytest.mark.parametrize("kind", [TransientError, RefusedError, ContentPolicyError, NotConfiguredError])
async def test_no_fallback_when_asked_not_to(kind: type[ProviderError]) -> None:
    """The error is the answer, and nothing is drawn."""
    real, mock = FakeImages("real", fail=lambda _call: kind("no paint is left")), FakeImages("mock")
    with pytest.raises(kind, match="no paint is left"):
        await HybridImageAgent(real, mock, enabled=True).generate(wanted(fallback=False))
    assert mock.calls == []


async def test_no_drawing_is_passed_off_when_disabled() -> None:
    """Who would rather have an error than a drawing is told that nothing else is made here."""
    real, mock = FakeImages("real"), FakeImages("mock")
    with pytest.raises(NotConfiguredError, match="IMAGE_GENERATION_ENABLED"):
        await HybridImageAgent(real, mock, enabled=False).generate(wanted(fallback=False))
    assert (real.calls, mock.calls) == ([], [])


async def test_garbled_is_not_hidden() -> None:
    """What was delivered and cannot be used is a failure, and no drawing covers it."""
    real, mock = FakeImages("real", fail=lambda _call: GarbledError("no picture")), FakeImages("mock")
    with pytest.raises(GarbledError):
        await HybridImageAgent(real, mock, enabled=True).generate(wanted())
    assert mock.calls == []


async def test_a_defect_is_not_hidden() -> None:
    """An error that is none of a provider's is not drawn over."""
    real, mock = FakeImages("real", fail=lambda _call: ZeroDivisionError("a defect")), FakeImages("mock")
    with pytest.raises(ZeroDivisionError):
        await HybridImageAgent(real, mock, enabled=True).generate(wanted())
    assert mock.calls == []


@pytest.mark.parametrize(
    ("used", "cost"), [(None, 0.05), (NOTHING, 0.0), (Price(cost_usd=0.02), 0.01)], ids=["unknown", "nothing", "some"]
)
async def test_a_drawing_bears_what_the_attempt_has_cost(used: Price | None, cost: float) -> None:
    """Two pictures share what is known to have been spent, or the worst where that is not known."""
    error = TransientError("no answer", used=used)
    real, mock = FakeImages("real", cost_usd=0.05, fail=lambda _call: error), FakeImages("mock")
    pictures = await HybridImageAgent(real, mock, enabled=True).generate(wanted(count=2))
    assert [p.cost_usd for p in pictures] == [cost, cost]


async def test_cancellation_is_not_an_error_of_the_provider() -> None:
    """A caller that leaves is not drawn anything."""
    real, mock = FakeImages("real", gate=asyncio.Event()), FakeImages("mock")
    task = asyncio.create_task(HybridImageAgent(real, mock, enabled=True).generate(wanted()))
    await real.called.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert mock.calls == []
