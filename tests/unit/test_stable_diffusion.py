"""Pictures by Stable Diffusion, over real HTTP."""

import asyncio
import base64
import traceback
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import replace
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
from providers.http import LONGEST_MESSAGE, MIB
from providers.images.port import ImageProvider, PictureRequest, Scene
from providers.images.stable_diffusion import MOST_BYTES, StableDiffusionImages
from providers.images.stable_diffusion_config import StableDiffusionConfig
from providers.price import NOTHING
from tests.support.drawn import drawn
from tests.support.fake_a1111 import MODEL, FakeA1111, fake_a1111
from tests.support.fake_server import LATER

KEY = "very-secret-key"
REQUEST = PictureRequest("main", Scene("origami"), "A picture of origami.", (512, 768))


@pytest.fixture
async def fake() -> AsyncIterator[FakeA1111]:
    """A server that answers, unless it is given a mood."""
    async with fake_a1111() as fake:
        yield fake


@pytest.fixture
def provider(fake: FakeA1111) -> StableDiffusionImages:
    """The provider over that server."""
    return made(fake)


def made(fake: FakeA1111, **changes: Any) -> StableDiffusionImages:
    """A provider over that server, set up in another way."""
    config = StableDiffusionConfig(endpoint=fake.address, api_key=KEY, timeout=5.0, cost_usd=0.01)
    return StableDiffusionImages(replace(config, **changes), every=0.02)


async def failed(provider: ImageProvider, request: PictureRequest = REQUEST) -> ProviderError:
    """What it raises."""
    with pytest.raises(ProviderError) as caught:
        await provider.generate(request)
    return caught.value


async def test_without_an_endpoint_it_says_what_it_needs() -> None:
    """It can be made, is not available, says why, and asks nobody."""
    provider = StableDiffusionImages(StableDiffusionConfig(api_key=KEY))
    assert isinstance(provider, ImageProvider)
    assert provider.card().available is False
    with pytest.raises(NotConfiguredError, match="STABLE_DIFFUSION_ENDPOINT") as caught:
        await provider.generate(REQUEST)
    assert caught.value.used == NOTHING


def test_an_endpoint_is_enough() -> None:
    """With an endpoint it is available, with or without a key."""
    card = StableDiffusionImages(StableDiffusionConfig(endpoint="http://127.0.0.1:7860", cost_usd=0.5)).card()
    assert (card.available, card.reason, card.name, card.cost_usd) == (True, None, "stable-diffusion", 0.5)
    assert card.seeds is True


async def test_it_makes_a_picture_as_the_settings_say(fake: FakeA1111) -> None:
    """Steps, guidance, sampler and negative prompt are sent; the picture bears model, seed and cost."""
    provider = made(
        fake, endpoint=f"{fake.address}/", steps=30, guidance=5.5, sampler="DPM++ 2M", negative_prompt="text"
    )
    (picture,) = await provider.generate(REQUEST)
    assert picture.content == drawn(512, 768)
    assert (picture.provider, picture.model) == ("stable-diffusion", MODEL)
    assert (picture.seed, picture.cost_usd) == (4_242, 0.01)
    (asked,) = fake.asked
    assert asked.path == "/sdapi/v1/txt2img"
    assert asked.body == {
        "prompt": "A picture of origami.",
        "negative_prompt": "text",
        "width": 512,
        "height": 768,
        "batch_size": 1,
        "steps": 30,
        "cfg_scale": 5.5,
        "sampler_name": "DPM++ 2M",
        "seed": -1,
    }


async def test_a_batch_is_one_call_whose_seeds_count_on(provider: StableDiffusionImages, fake: FakeA1111) -> None:
    """Several pictures come from one call; with a seed, each has that of its place in the series."""
    pictures = await provider.generate(replace(REQUEST, count=3, seed=100, first=4))
    assert [picture.content for picture in pictures] == [drawn(512, 768, number=n) for n in range(3)]
    assert [picture.seed for picture in pictures] == [104, 105, 106]
    (asked,) = fake.asked
    assert (asked.body["batch_size"], asked.body["seed"]) == (3, 104)


async def test_what_a_server_tells_can_be_exported(provider: StableDiffusionImages, fake: FakeA1111) -> None:
    """Seeds below zero or beyond what JSON keeps exact are nobody's, and a name holds no NUL: else what was stored
    could not be imported again."""
    fake.moods.append("wild info")
    first, second = await provider.generate(replace(REQUEST, count=2))
    assert (first.seed, second.seed, first.model) == (None, None, "dreamy?")


@pytest.mark.parametrize("mood", ["no info", "odd info"])
async def test_a_server_may_tell_nothing_of_how_it_made_them(
    provider: StableDiffusionImages, fake: FakeA1111, mood: str
) -> None:
    """Without usable info there are pictures all the same, with the seeds that were asked for, if any."""
    fake.moods.extend([mood, mood])
    (by_chance,) = await provider.generate(REQUEST)
    *_, second = await provider.generate(replace(REQUEST, count=2, seed=5))
    assert (by_chance.seed, by_chance.model) == (None, "stable-diffusion")
    assert second.seed == 6


async def test_a_sheet_of_all_pictures_is_left_out(provider: StableDiffusionImages, fake: FakeA1111) -> None:
    """Where the server puts a sheet before the pictures and says so, the pictures are taken."""
    fake.moods.append("sheet")
    pictures = await provider.generate(replace(REQUEST, count=2))
    assert [picture.content for picture in pictures] == [drawn(512, 768, number=n) for n in range(2)]


async def test_pictures_may_come_as_data_urls(provider: StableDiffusionImages, fake: FakeA1111) -> None:
    """The prefix of a data: URL is no part of a picture."""
    fake.moods.append("urls")
    (picture,) = await provider.generate(REQUEST)
    assert picture.content == drawn(512, 768)


@pytest.mark.parametrize(
    ("key", "header"),
    [
        (None, None),
        (KEY, f"Bearer {KEY}"),
        ("anna:se:cret", "Basic " + base64.b64encode(b"anna:se:cret").decode()),
    ],
    ids=["none", "bearer", "basic"],
)
async def test_the_key_is_sent_as_what_it_is(fake: FakeA1111, key: str | None, header: str | None) -> None:
    """A key is a bearer token, `user:password` logs in by name, and without one nothing is sent."""
    await made(fake, api_key=key).generate(REQUEST)
    assert fake.asked[0].headers.get("Authorization") == header


async def test_progress_is_told_while_it_works(provider: StableDiffusionImages, fake: FakeA1111) -> None:
    """What the server says of how far it is arrives in order, never backwards, and asking ends with the call."""
    fake.shares = deque([0.0, 0.25, 0.2, 0.5, 7.0])
    heard: list[float] = []
    await provider.generate(REQUEST, heard.append)
    assert heard[:2] == [0.25, 0.5]
    assert heard == sorted(set(heard))
    assert max(heard) <= 1.0
    polled = fake.polled
    await asyncio.sleep(0.1)
    assert fake.polled == polled


async def test_a_server_without_progress_is_asked_once(provider: StableDiffusionImages, fake: FakeA1111) -> None:
    """Where there is no progress to ask for, there are pictures all the same."""
    fake.tells, fake.seconds, fake.shares = False, 0.2, deque([0.5])
    heard: list[float] = []
    assert len(await provider.generate(REQUEST, heard.append)) == 1
    assert not heard
    assert fake.polled == 1


async def test_a_listener_that_raises_spoils_no_picture(provider: StableDiffusionImages, fake: FakeA1111) -> None:
    """What was paid for is given, whatever becomes of those who hear of its progress."""
    fake.shares = deque([0.5])
    heard = asyncio.Event()

    def deaf(_share: float) -> None:
        heard.set()
        raise ZeroDivisionError

    assert len(await provider.generate(REQUEST, deaf)) == 1
    assert heard.is_set()


BEYOND = {
    "size": {"size": (500, 500)},
    "quality": {"quality": "high"},
    "count": {"count": 9},
    "none": {"count": 0},
}


@pytest.mark.parametrize("changes", BEYOND.values(), ids=BEYOND)
async def test_what_it_cannot_make_is_refused_before_anything_is_sent(
    provider: StableDiffusionImages, fake: FakeA1111, changes: dict[str, Any]
) -> None:
    """A request beyond its capabilities costs nothing, and the message says what is allowed."""
    error = await failed(provider, replace(REQUEST, **changes))
    assert type(error) is RefusedError
    assert error.used == NOTHING
    assert not fake.asked
    allowed = {"size": "1024x1024", "quality": "auto", "count": "1 to 8"}
    assert all(allowed[name] in str(error) for name in changes)


FAILURES = [
    ("busy", TransientError, True),
    ("away", TransientError, True),
    ("broken", TransientError, True),
    ("out of memory", TransientError, True),
    ("denied", NotConfiguredError, True),
    ("forbidden", NotConfiguredError, True),
    ("refused", ContentPolicyError, True),
    ("wrong", RefusedError, True),
    ("no api", RefusedError, True),
    ("picky", RefusedError, True),
    ("moved", RefusedError, True),
    ("drop", TransientError, False),
    ("no http", TransientError, False),
    ("half", TransientError, False),
    ("cut", GarbledError, False),
    ("garbage", GarbledError, False),
    ("prose", GarbledError, False),
    ("packed", GarbledError, False),
    ("no images", GarbledError, False),
    ("fewer", GarbledError, False),
    ("no base64", GarbledError, False),
    ("flood", GarbledError, False),
    ("endless", GarbledError, False),
]
"""The mood, what it ends as, and whether it is sure that it cost nothing."""


@pytest.mark.parametrize(("mood", "kind", "free"), FAILURES, ids=[mood for mood, *_ in FAILURES])
async def test_it_fails_gracefully(
    provider: StableDiffusionImages, fake: FakeA1111, mood: str, kind: type[ProviderError], *, free: bool
) -> None:
    """Each failure has its kind and its cost, is told in a few words, and never shows the key."""
    fake.moods.append(mood)
    error = await failed(provider, replace(REQUEST, count=2))
    assert type(error) is kind
    assert error.used == (NOTHING if free else None)
    assert error.retry_after == (float(LATER) if mood == "busy" else None)
    assert 10 < len(str(error)) < LONGEST_MESSAGE + 100
    assert str(error).isprintable()
    assert KEY not in "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
    assert len(await provider.generate(REQUEST)) == 1


async def test_the_servers_own_words_are_passed_on(provider: StableDiffusionImages, fake: FakeA1111) -> None:
    """What a person could do something about is in the message."""
    fake.moods.append("out of memory")
    assert "CUDA out of memory" in str(await failed(provider))
    fake.moods.append("picky")
    assert "not a valid integer" in str(await failed(provider))


async def test_the_password_is_never_shown(fake: FakeA1111) -> None:
    """A server that repeats what it was sent does not get a password into a message, in whatever form."""
    provider = made(fake, api_key="anna:s3cret-word")
    for mood in ("denied", "forbidden", "wrong"):
        fake.moods.append(mood)
        text = str(await failed(provider))
        assert "s3cret-word" not in text
        assert base64.b64encode(b"anna:s3cret-word").decode() not in text


@pytest.mark.parametrize("mood", ["hang", "drip"])
async def test_it_ends_in_time(fake: FakeA1111, mood: str) -> None:
    """An answer that does not come, or comes in drops, is waited for no longer than the settings say."""
    fake.moods.append(mood)
    async with asyncio.timeout(3):
        error = await failed(made(fake, timeout=0.3))
    assert type(error) is TransientError
    assert error.used is None
    assert "in time" in str(error)


async def test_nobody_there_costs_nothing() -> None:
    """A server that cannot be reached has done nothing."""
    error = await failed(StableDiffusionImages(StableDiffusionConfig(endpoint="http://127.0.0.1:9")))
    assert type(error) is TransientError
    assert error.used == NOTHING
    assert str(error) == "127.0.0.1:9 cannot be reached"


async def test_an_endless_answer_is_not_read(provider: StableDiffusionImages, fake: FakeA1111) -> None:
    """No more than the limit, and what lies on the way, is taken off the server."""
    fake.moods.append("endless")
    assert "64 MiB" in str(await failed(provider))
    assert fake.sent < MOST_BYTES + 16 * MIB


async def test_a_call_can_be_cancelled(provider: StableDiffusionImages, fake: FakeA1111) -> None:
    """Cancellation ends the call at once, as cancellation."""
    fake.moods.append("hang")
    task = asyncio.create_task(failed(provider))
    async with asyncio.timeout(5):
        await fake.heard.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_key_that_is_none_is_told_without_it(fake: FakeA1111) -> None:
    """A key that no header can hold is told by the setting's name, and nothing is sent."""
    error = await failed(made(fake, api_key=f"{KEY}\n"))
    assert type(error) is NotConfiguredError
    assert "STABLE_DIFFUSION_API_KEY" in str(error)
    assert KEY not in str(error)
    assert not fake.asked


def test_the_key_is_not_in_the_settings_text() -> None:
    """Neither the settings nor the provider show it."""
    config = StableDiffusionConfig(endpoint="http://127.0.0.1:7860", api_key=KEY)
    assert KEY not in repr(config) + str(config) + repr(StableDiffusionImages(config))
