"""Knowledge sources by name."""

import subprocess
import sys

import pytest

from providers.knowledge.atlas.source import AtlasSource
from providers.knowledge.registry import shipped
from providers.openai.config import OpenAiConfig
from providers.registry import UnknownNameError


def test_a_source_is_made_once() -> None:
    """The same name gives the same source each time."""
    registry = shipped(OpenAiConfig())
    assert isinstance(registry.named("atlas"), AtlasSource)
    assert registry.named("atlas") is registry.named("atlas")


def test_the_best_comes_first() -> None:
    """In this order they are taken where an exploration names none."""
    assert shipped(OpenAiConfig()).names == ("openai", "atlas")


def test_an_unknown_name_lists_the_known() -> None:
    """A name that nothing has is an error that says what there is."""
    with pytest.raises(UnknownNameError, match="no knowledge source 'oracle'; there are: atlas, openai"):
        shipped(OpenAiConfig()).named("oracle")


def test_nothing_is_imported_before_it_is_asked_for() -> None:
    """Making the registry loads no source, and the card of a source that asks OpenAI loads no client."""
    code = (
        "import sys; from providers.knowledge.registry import shipped; from providers.openai.config import "
        "OpenAiConfig; sources = shipped(OpenAiConfig()); early = 'providers.knowledge.atlas' in sys.modules; "
        "sources.named('openai').card(); sys.exit(early or bool({'openai', 'aiohttp'} & {*sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
