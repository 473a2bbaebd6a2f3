"""The catalogue: providers by name, with all that belongs before them."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from providers.errors import GarbledError, RefusedError, TransientError
from providers.images.cache.memory import MemoryImageCache
from providers.images.cache.port import CacheStats
from providers.images.catalogue import ImageCatalogue, shipped
from providers.images.flights.local import LocalFlights
from providers.images.port import ImageProvider
from providers.images.stable_diffusion_config import StableDiffusionConfig
from providers.openai.config import OpenAiConfig
from providers.price import NOTHING
from providers.registry import Builder, UnknownNameError
from tests.support.exploring import until
from tests.support.fake_images import FakeImages, wanted

ROOT = Path(__file__).parents[2]


def catalogue(*providers: FakeImages, **options: Any) -> ImageCatalogue:
    """A catalogue of these, and of the one that draws."""
    everybody = [FakeImages("mock"), *providers]
    usual = {"enabled": True, "ttl": 60.0, "at_once": 4, "seconds": 60.0, "default": None, **options}
    builders = usual.pop("builders", {provider.name: giving(provider) for provider in everybody})
    return ImageCatalogue(builders, cache=MemoryImageCache(), flights=LocalFlights(), **usual)


def giving(provider: FakeImages) -> Builder[ImageProvider]:
    """Makes this one."""
    return lambda: provider


def of_settings(openai_key: str | None = None, endpoint: str | None = None, **options: Any) -> ImageCatalogue:
    """The shipped providers, set up like this."""
    return catalogue(builders=shipped(OpenAiConfig(api_key=openai_key), StableDiffusionConfig(endpoint)), **options)


def test_each_shipped_provider_is_there() -> None:
    """All of them keep the port, and are called what they call themselves."""
    found = of_settings("key", "http://127.0.0.1:1")
    assert found.names == ("openai", "stable-diffusion", "mock")
    assert [card.name for card in found.cards()] == list(found.names)
    for name in found.names:
        assert isinstance(found.agent(name), ImageProvider)
        assert found.agent(name).card() == found.card(name)


def test_cards_say_who_is_available_and_why_not() -> None:
    """Without any setting two are shown with what they need, and the mock is there."""
    reasons = {card.name: (card.available, card.reason) for card in of_settings().cards()}
    assert reasons["mock"] == (True, None)
    assert reasons["stable-diffusion"] == (False, "set STABLE_DIFFUSION_ENDPOINT")
    assert reasons["openai"][0] is False
    assert "OPENAI_API_KEY" in str(reasons["openai"][1])


@pytest.mark.parametrize(
    ("settings", "default"),
    [
        ({}, "mock"),
        ({"endpoint": "http://127.0.0.1:1"}, "stable-diffusion"),
        ({"openai_key": "key"}, "openai"),
        ({"openai_key": "key", "endpoint": "http://127.0.0.1:1"}, "openai"),
        ({"openai_key": "key", "default": "mock"}, "mock"),
        ({"default": "openai"}, "openai"),
    ],
    ids=["nothing", "endpoint", "key", "both", "chosen", "chosen but not set up"],
)
def test_the_default_is_what_is_set_up(settings: dict[str, Any], default: str) -> None:
    """The settings' choice, else the best that is available."""
    assert of_settings(**settings).default == default


def test_an_unknown_default_is_refused_at_once() -> None:
    """A mistyped IMAGE_PROVIDER is told before anything is asked."""
    with pytest.raises(UnknownNameError, match="'oil'; there are: mock, openai, stable-diffusion"):
        of_settings(default="oil")


def test_an_unknown_name_lists_the_known() -> None:
    """Whoever asks for a card or a provider that is not there."""
    found = of_settings()
    for ask in (found.card, found.agent):
        with pytest.raises(UnknownNameError, match="no image provider 'oil'; there are: mock, openai"):
            ask("oil")


def test_nothing_is_imported_before_it_is_asked_for() -> None:
    """A catalogue loads no provider, and no library of one; asking for one loads that one."""
    code = """
import sys
from providers.images.cache.memory import MemoryImageCache
from providers.images.catalogue import ImageCatalogue, shipped
from providers.images.flights.local import LocalFlights
from providers.openai.config import OpenAiConfig

def loaded():
    ours = {"openai": "openai", "stable_diffusion": "stable-diffusion", "mock": "mock"}
    found = [name for name in ours if f"providers.images.{name}" in sys.modules]
    return found + [library for library in ("openai", "PIL", "redis") if library in sys.modules]

catalogue = ImageCatalogue(
    shipped(OpenAiConfig(), None), cache=MemoryImageCache(), flights=LocalFlights(),
    enabled=True, ttl=60, at_once=4, seconds=60, default="mock",
)
print(catalogue.default, *loaded())
catalogue.card("mock")
print(*loaded())
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["mock", "mock PIL"]


async def test_a_picture_is_well_formed() -> None:
    """What comes out of a stack is as many pictures as were wanted, of known type and size, and who made them."""
    paint = FakeImages("paint", cost_usd=0.01)
    pictures = await catalogue(paint).agent("paint").generate(wanted(count=3))
    assert {(p.provider, p.media_type, p.width, p.height, p.cached, p.fallback) for p in pictures} == {
        ("paint", "image/png", 8, 8, False, None)
    }
    assert [p.seed for p in pictures] == [0, 1, 2]
    assert all(p.content.startswith(b"\x89PNG") for p in pictures)


async def test_the_shipped_mock_makes_pictures() -> None:
    """With nothing set up at all."""
    found = of_settings()
    (picture,) = await found.agent(found.default).generate(wanted(size=(64, 64)))
    assert (picture.provider, picture.media_type, picture.width, picture.height) == ("mock", "image/png", 64, 64)
    assert picture.fallback is None


async def test_all_fail_but_the_mock() -> None:
    """Who is not set up, and who is away, is drawn for, and the picture says why."""
    found = of_settings(endpoint="http://127.0.0.1:1")
    for name, why in (("openai", "OPENAI_API_KEY"), ("stable-diffusion", "cannot be reached")):
        (picture,) = await found.agent(name).generate(wanted(size=(64, 64) if name == "openai" else (512, 512)))
        assert picture.provider == "mock"
        assert why in str(picture.fallback)
    await found.close()


async def test_capabilities_are_honoured() -> None:
    """A size that the provider does not make is drawn, or refused where no drawing will do; nothing is sent."""
    agent = of_settings("key", "http://127.0.0.1:1").agent("openai")
    (picture,) = await agent.generate(wanted(size=(64, 64)))
    assert (picture.provider, picture.cost_usd) == ("mock", 0.0)
    assert "64x64" in str(picture.fallback)
    with pytest.raises(RefusedError, match="1024x1024") as caught:
        await agent.generate(wanted(size=(64, 64), fallback=False))
    assert caught.value.used == NOTHING


async def test_a_hit_draws_nothing_and_calls_nobody() -> None:
    """Counted, of a provider and of the mock; statistics and clearing are the cache's."""
    paint, mock = FakeImages("paint"), FakeImages("mock")
    found = catalogue(paint, mock)
    for _ in range(5):
        await found.agent("paint").generate(wanted())
        await found.agent("mock").generate(wanted())
    assert (len(paint.calls), len(mock.calls)) == (1, 1)
    assert await found.stats("main") == CacheStats("memory", hits=8, misses=2, entries=2)
    assert (await found.clear("other"), await found.clear("main")) == (0, 2)
    await found.agent("paint").generate(wanted())
    assert len(paint.calls) == 2


async def test_fifty_at_once_are_bounded() -> None:
    """Fifty different requests run four at a time, over all providers that may be slow; drawings by themselves."""
    paint, chalk, mock = [FakeImages(name, gate=asyncio.Event()) for name in ("paint", "chalk", "mock")]
    found = catalogue(paint, chalk, mock)
    wants = [wanted(prompt=str(number)) for number in range(50)]
    agents = [found.agent(("paint", "chalk", "mock")[number % 3]) for number in range(50)]
    making = asyncio.gather(*(agent.generate(want) for agent, want in zip(agents, wants, strict=True)))

    async def all_places_are_taken() -> bool:
        return (paint.running + chalk.running, mock.running) == (4, 4)

    await until(all_places_are_taken, 5)
    for provider in (paint, chalk, mock):
        assert provider.gate is not None
        provider.gate.set()
    assert len(await making) == 50
    assert [len(provider.calls) for provider in (paint, chalk, mock)] == [17, 17, 16]
    assert (paint.most_at_once <= 4, chalk.most_at_once <= 4, mock.most_at_once) == (True, True, 4)


async def test_garbled_is_not_hidden() -> None:
    """Bytes that are no picture are a failure, asked for once; nothing is drawn and nothing kept."""
    paint, mock = FakeImages("paint", content=lambda _call, _index: b"no picture"), FakeImages("mock")
    found = catalogue(paint, mock)
    with pytest.raises(GarbledError):
        await found.agent("paint").generate(wanted())
    assert (len(paint.calls), len(mock.calls)) == (1, 0)
    assert (await found.stats("main")).entries == 0


async def test_a_busy_provider_is_asked_again_and_then_drawn_for() -> None:
    """A provider that stays busy for longer than anybody waits: one attempt, and a drawing that is not kept."""
    paint = FakeImages("paint", fail=lambda _call: TransientError("busy", used=NOTHING, retry_after=60))
    found = catalogue(paint)
    (picture,) = await found.agent("paint").generate(wanted())
    assert (picture.provider, picture.fallback, len(paint.calls)) == ("mock", "busy", 1)
    paint.fail = lambda call: TransientError("busy", used=NOTHING, retry_after=0.01) if call == 2 else None
    (picture,) = await found.agent("paint").generate(wanted())
    assert (picture.provider, picture.fallback, len(paint.calls)) == ("paint", None, 3)


async def test_a_provider_that_hangs_is_drawn_for() -> None:
    """Within the time that a call may take."""
    paint = FakeImages("paint", cost_usd=0.05, gate=asyncio.Event())
    (picture,) = await catalogue(paint, seconds=0.05).agent("paint").generate(wanted())
    assert (picture.provider, picture.cost_usd, paint.cancelled) == ("mock", 0.05, 1)
    assert picture.fallback == "paint made no picture within 0.05 s"


async def test_the_flag_needs_no_provider() -> None:
    """Disabled, everybody's pictures are drawn; the mock's own are no fallback."""
    paint = FakeImages("paint")
    found = catalogue(paint, enabled=False)
    (drawn,) = await found.agent("paint").generate(wanted())
    (own,) = await found.agent("mock").generate(wanted())
    assert (drawn.provider, drawn.fallback) == ("mock", "disabled by IMAGE_GENERATION_ENABLED")
    assert (own.provider, own.fallback, paint.calls) == ("mock", None, [])


async def test_closing_closes_those_that_were_made() -> None:
    """Each that has something to close, and nobody is made for it."""
    paint, chalk = FakeImages("paint"), FakeImages("chalk")
    found = catalogue(paint, chalk)
    await found.agent("paint").generate(wanted())
    await found.close()
    assert (paint.closed, chalk.closed) == (True, False)
