"""Things by name."""

from typing import Any

import pytest

from providers.images.port import ImageProvider
from providers.knowledge.port import KnowledgeSource
from providers.registry import Registry, UnknownNameError, importing
from tests.support.fake_images import FakeImages


def registry(**builders: Any) -> Registry[ImageProvider]:
    """A registry of image providers."""
    return Registry("image provider", ImageProvider, builders)


def test_each_is_made_once_and_not_before_it_is_asked_for() -> None:
    """The same name gives the same provider; of the others nothing is made."""
    made: list[str] = []

    def build(name: str) -> FakeImages:
        made.append(name)
        return FakeImages(name)

    found = registry(one=lambda: build("one"), two=lambda: build("two"))
    assert (found.names, found.made, made) == (("one", "two"), (), [])
    assert found.named("two") is found.named("two")
    assert made == ["two"]
    assert [provider.name for provider in found.made] == ["two"]


def test_an_unknown_name_lists_the_known() -> None:
    """Whoever mistypes is told what there is, be it asked for or only checked."""
    found = registry(paint=FakeImages, chalk=FakeImages)
    for ask in (found.named, found.check):
        with pytest.raises(UnknownNameError, match="there is no image provider 'oil'; there are: chalk, paint"):
            ask("oil")


class Half:
    """Lacks what makes pictures."""

    name = "half"

    def card(self) -> None:
        """Say nothing."""


class Nameless(FakeImages):
    """Has all methods and no name."""

    name = property()  # reading it raises AttributeError, as if it were not there

    def __init__(self) -> None:
        """Set nothing."""


def test_no_provider_without_its_methods() -> None:
    """What lacks something of its port is refused where it is made, and all that it lacks is named."""
    found = registry(half=Half, nameless=Nameless, nothing=object)
    with pytest.raises(TypeError, match="the image provider 'half' lacks generate"):
        found.named("half")
    with pytest.raises(TypeError, match="the image provider 'nameless' lacks name"):
        found.named("nameless")
    with pytest.raises(TypeError, match="the image provider 'nothing' lacks card, generate, name"):
        found.named("nothing")
    assert found.made == ()


def test_a_provider_of_another_kind_is_none() -> None:
    """A port is not mistaken for another one."""
    sources: Registry[Any] = Registry("knowledge source", KnowledgeSource, {"fake": FakeImages})
    with pytest.raises(TypeError, match="the knowledge source 'fake' lacks price, research, resolve"):
        sources.named("fake")


def test_what_is_imported_is_made_with_its_arguments() -> None:
    """`module:attribute`, called."""
    assert importing("collections:Counter", "aab")() == {"a": 2, "b": 1}
