"""Pictures by OpenAI, over real HTTP."""

import asyncio
import subprocess
import sys
import traceback
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from providers.errors import (
    ContentPolicyError,
    GarbledError,
    NotConfiguredError,
    ProviderError,
    RefusedError,
    TransientError,
)
from providers.http import LONGEST_MESSAGE, LONGEST_WAIT, MIB, retry_after
from providers.images.openai import MOST_BYTES, OpenAiImages
from providers.images.port import ImageProvider, PictureRequest, Scene
from providers.openai.client import OpenAiClient
from providers.openai.config import OpenAiConfig
from providers.price import NOTHING
from tests.support.drawn import drawn
from tests.support.fake_openai import FakeOpenAi, fake_openai
from tests.support.fake_server import LATER

KEY = "sk-very-secret"
ROOT = Path(__file__).parents[2]
REQUEST = PictureRequest("main", Scene("origami"), "A picture of origami.", (1024, 1024))


@pytest.fixture
async def fake() -> AsyncIterator[FakeOpenAi]:
    """An OpenAI that answers, unless it is given a mood."""
    async with fake_openai() as fake:
        yield fake


@pytest.fixture
async def provider(fake: FakeOpenAi) -> AsyncIterator[OpenAiImages]:
    """The provider over that server."""
    one = made(fake)
    yield one
    await one.close()


def made(fake: FakeOpenAi, **changes: Any) -> OpenAiImages:
    """A provider over that server, set up in another way."""
    return OpenAiImages(replace(OpenAiConfig(api_key=KEY, base_url=f"{fake.address}/v1", timeout=5.0), **changes))


async def failed(provider: ImageProvider, request: PictureRequest = REQUEST) -> ProviderError:
    """What it raises."""
    with pytest.raises(ProviderError) as caught:
        await provider.generate(request)
    return caught.value


async def test_without_a_key_it_says_what_it_needs() -> None:
    """With neither key nor address it can be made, is not available, says why, and asks nobody."""
    provider = OpenAiImages(OpenAiConfig())
    assert isinstance(provider, ImageProvider)
    assert provider.card().available is False
    assert "OPENAI_API_KEY" in (provider.card().reason or "")
    with pytest.raises(NotConfiguredError, match="OPENAI_API_KEY") as caught:
        await provider.generate(REQUEST)
    assert caught.value.used == NOTHING


def test_with_a_key_it_is_available() -> None:
    """A key is enough, and so is the address of a server that needs none."""
    for config in (OpenAiConfig(api_key=KEY), OpenAiConfig(base_url="http://127.0.0.1:9/v1")):
        card = OpenAiImages(config).card()
        assert (card.available, card.reason, card.name) == (True, None, "openai")
        assert card.model == config.image_model
        assert card.cost_usd == config.image_cost_usd


async def test_it_makes_a_picture(provider: OpenAiImages, fake: FakeOpenAi) -> None:
    """One picture comes with its model and cost, and what was asked for is what was sent."""
    (picture,) = await provider.generate(replace(REQUEST, size=(1536, 1024), quality="high"))
    assert picture.content == drawn(1536, 1024)
    assert (picture.provider, picture.model, picture.cost_usd) == ("openai", "gpt-image-2.5-flare", 0.07)
    (asked,) = fake.asked
    assert asked.body == {
        "model": "gpt-image-2.5-flare",
        "prompt": "A picture of origami.",
        "n": 1,
        "size": "1536x1024",
        "quality": "high",
        "output_format": "png",
    }
    assert asked.headers["Authorization"] == f"Bearer {KEY}"


async def test_a_batch_is_one_call(provider: OpenAiImages, fake: FakeOpenAi) -> None:
    """Several pictures come from one call, in their order."""
    pictures = await provider.generate(replace(REQUEST, count=3))
    assert [picture.content for picture in pictures] == [drawn(1024, 1024, number=n) for n in range(3)]
    assert [asked.body["n"] for asked in fake.asked] == [3]


async def test_a_server_that_needs_no_key_is_sent_none(fake: FakeOpenAi) -> None:
    """Without a key the call is made all the same, if there is an address."""
    provider = made(fake, api_key=None)
    assert len(await provider.generate(REQUEST)) == 1
    assert fake.asked[0].headers["Authorization"] == "Bearer none"
    await provider.close()


async def test_a_prompt_with_half_a_character_is_sent_all_the_same(provider: OpenAiImages, fake: FakeOpenAi) -> None:
    """A lone half of a surrogate does not keep the rest of the words from being asked."""
    await provider.generate(replace(REQUEST, prompt="a \ud800 b"))
    assert fake.asked[0].body["prompt"] == "a ? b"


async def test_it_may_be_used_again_after_it_was_closed(provider: OpenAiImages, fake: FakeOpenAi) -> None:
    """Closing lets connections go, no more."""
    for _ in range(2):
        await provider.generate(REQUEST)
        await provider.close()
    assert len(fake.asked) == 2


BEYOND = {
    "size": {"size": (512, 512)},
    "quality": {"quality": "marvellous"},
    "count": {"count": 11},
    "none": {"count": 0},
    "seed": {"seed": 7},
}


@pytest.mark.parametrize("changes", BEYOND.values(), ids=BEYOND)
async def test_what_it_cannot_make_is_refused_before_anything_is_sent(
    provider: OpenAiImages, fake: FakeOpenAi, changes: dict[str, Any]
) -> None:
    """A request beyond its capabilities costs nothing, and the message says what is allowed."""
    error = await failed(provider, replace(REQUEST, **changes))
    assert type(error) is RefusedError
    assert error.used == NOTHING
    assert not fake.asked
    allowed = {"size": "1024x1536", "quality": "auto, low, medium, high", "count": "1 to 10"}
    assert all(allowed.get(name, "") in str(error) for name in changes)


FAILURES = [
    ("busy", TransientError, True),
    ("away", TransientError, True),
    ("broken", TransientError, True),
    ("no credit", RefusedError, True),
    ("denied", NotConfiguredError, True),
    ("forbidden", NotConfiguredError, True),
    ("refused", ContentPolicyError, True),
    ("wrong", RefusedError, True),
    ("moved", RefusedError, True),
    ("drop", TransientError, False),
    ("no http", TransientError, False),
    ("half", TransientError, False),
    ("cut", GarbledError, False),
    ("garbage", GarbledError, False),
    ("prose", GarbledError, False),
    ("packed", GarbledError, False),
    ("other form", GarbledError, False),
    ("none", GarbledError, False),
    ("fewer", GarbledError, False),
    ("addresses", GarbledError, False),
    ("no base64", GarbledError, False),
    ("flood", GarbledError, False),
    ("endless", GarbledError, False),
]
"""The mood, what it ends as, and whether it is sure that it cost nothing."""


@pytest.mark.parametrize(("mood", "kind", "free"), FAILURES, ids=[mood for mood, *_ in FAILURES])
async def test_it_fails_gracefully(
    provider: OpenAiImages, fake: FakeOpenAi, mood: str, kind: type[ProviderError], *, free: bool
) -> None:
    """Each failure has its kind and its cost, is asked for once, in a few words, and never shows the key."""
    fake.moods.append(mood)
    error = await failed(provider, replace(REQUEST, count=2))
    assert type(error) is kind
    assert error.used == (NOTHING if free else None)
    assert len(fake.asked) == 1
    assert error.retry_after == (float(LATER) if mood == "busy" else None)
    assert 10 < len(str(error)) < LONGEST_MESSAGE + 100
    assert str(error).isprintable()
    assert KEY not in "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
    assert len(await provider.generate(REQUEST)) == 1


@pytest.mark.parametrize("mood", ["hang", "drip"])
async def test_it_ends_in_time(fake: FakeOpenAi, mood: str) -> None:
    """An answer that does not come, or comes in drops, is waited for no longer than the settings say."""
    provider = made(fake, timeout=0.3)
    fake.moods.append(mood)
    async with asyncio.timeout(3):
        error = await failed(provider)
    assert type(error) is TransientError
    assert error.used is None
    assert "in time" in str(error)
    await provider.close()


async def test_nobody_there_costs_nothing() -> None:
    """A server that cannot be reached has done nothing."""
    provider = OpenAiImages(OpenAiConfig(api_key=KEY, base_url="http://127.0.0.1:9/v1"))
    error = await failed(provider)
    assert type(error) is TransientError
    assert error.used == NOTHING
    assert str(error) == "127.0.0.1:9 cannot be reached"
    await provider.close()


async def test_an_endless_answer_is_not_read(provider: OpenAiImages, fake: FakeOpenAi) -> None:
    """No more than the limit, and what lies on the way, is taken off the server, be the answer of 200 MB or more."""
    fake.moods.append("endless")
    error = await failed(provider)
    assert "64 MiB" in str(error)
    assert fake.sent < MOST_BYTES + 16 * MIB


async def test_an_answer_that_says_that_it_is_too_large_is_not_read_at_all(
    provider: OpenAiImages, fake: FakeOpenAi
) -> None:
    """What its header says is enough."""
    fake.moods.append("flood")
    assert "64 MiB" in str(await failed(provider))
    assert fake.sent < 16 * MIB


async def test_a_call_can_be_cancelled(provider: OpenAiImages, fake: FakeOpenAi) -> None:
    """Cancellation ends the call at once, as cancellation."""
    fake.moods.append("hang")
    task = asyncio.create_task(_generated(provider))
    async with asyncio.timeout(5):
        await fake.heard.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def _generated(provider: OpenAiImages) -> None:
    await provider.generate(REQUEST)


async def test_a_key_that_is_none_is_told_without_it() -> None:
    """A key that no header can hold is told by the setting's name."""
    client = OpenAiClient(OpenAiConfig(api_key=f"{KEY}\n"))
    with pytest.raises(NotConfiguredError, match="OPENAI_API_KEY") as caught:
        client.opened()
    assert KEY not in str(caught.value)


def test_the_key_is_not_in_the_settings_text() -> None:
    """Neither the settings nor the provider show it."""
    config = OpenAiConfig(api_key=KEY)
    assert KEY not in repr(config) + str(config) + repr(OpenAiImages(config))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        (" 3 ", 3.0),
        ("-3", 0.0),
        ("1e9", LONGEST_WAIT),
        ("", None),
        ("nan", None),
        ("soon", None),
        ("Wed, 99 Foo 2026 25:61:61 GMT", None),
        ("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", None),
        ("Wed, 21 Oct 2015 07:28:00 -99999999999999999", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
    ],
)
def test_retry_after_is_understood(value: str, seconds: float | None) -> None:
    """A number of seconds, within bounds; a date in the past is now; anything else is nothing."""
    assert retry_after({"Retry-After": value}) == seconds


def test_retry_after_may_be_a_date() -> None:
    """A date is taken as the seconds until then."""
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert 50 < (retry_after({"Retry-After": soon}) or 0) <= 60


def test_saying_what_there_is_loads_no_library() -> None:
    """Whoever only asks for the card does not wait for the client's library."""
    look = (
        "import sys; from providers.images.openai import OpenAiImages, OpenAiConfig;"
        "OpenAiImages(OpenAiConfig(api_key='k')).card(); print('openai' in sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == ["False"]
