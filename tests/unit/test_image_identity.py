"""Which pictures are the same."""

from dataclasses import replace

import pytest

from providers.images.identity import keys
from providers.images.port import Neighbour, PictureRequest, Scene
from tests.support.fake_images import FakeImages, wanted

CARD = FakeImages().card()


def test_a_key_is_a_digest_and_lasts() -> None:
    """SHA-256 of the canonical JSON, the same in every process and version."""
    assert keys(wanted(seed=7), CARD) == ["cf70c5239958cc3d7a3b04ec4e318444c209d5140309fc1f9b7bedbd5aded272"]


@pytest.mark.parametrize(
    "other",
    [
        wanted(workspace="other"),
        wanted(prompt="two whales"),
        wanted(scene=Scene("Whale", "animal")),
        wanted(scene=Scene("Whale", neighbours=(Neighbour("Sea", "LIVES_IN", forward=True),))),
        wanted(size=(8, 9)),
        wanted(quality="high"),
        wanted(style="ink"),
        wanted(seed=1),
        wanted(real=False),
        wanted(first=1),
    ],
    ids=["workspace", "prompt", "kind", "neighbour", "size", "quality", "style", "seed", "real", "place"],
)
def test_what_may_make_it_another_picture_is_in_its_key(other: PictureRequest) -> None:
    """Each of them alone gives another key."""
    assert keys(other, CARD) != keys(wanted(), CARD)


def test_who_makes_it_is_in_its_key() -> None:
    """The provider's name and its model."""
    others = [replace(CARD, name="other"), replace(CARD, model="pencil")]
    assert len({keys(wanted(), card)[0] for card in (CARD, *others)}) == 3


def test_what_is_no_matter_of_the_picture_is_not() -> None:
    """Whether it may be reused or drawn, and how many are wanted with it."""
    (key,) = keys(wanted(), CARD)
    assert keys(wanted(reuse=False), CARD) == keys(wanted(fallback=False), CARD) == [key]
    assert keys(wanted(count=3), CARD)[0] == key


def test_a_series_is_one_series_however_it_is_asked_for() -> None:
    """Picture number n has one key, be it the nth of many or the first of a later request."""
    assert keys(wanted(count=4), CARD)[2:] == keys(wanted(first=2, count=2), CARD)
    assert len(set(keys(wanted(count=4), CARD))) == 4


def test_any_text_has_a_key() -> None:
    """Halves of surrogates and NULs, which cannot be sent anywhere, are texts as well."""
    assert keys(wanted(prompt="\ud800\x00"), CARD) != keys(wanted(prompt="?\x00"), CARD)
