"""Knowledge sources by name."""

import subprocess
import sys

import pytest

from providers.knowledge.atlas.source import AtlasSource
from providers.knowledge.errors import UnknownSourceError
from providers.knowledge.registry import SourceRegistry


def test_source_is_made_once() -> None:
    """The same name gives the same source each time."""
    registry = SourceRegistry()
    assert isinstance(registry.source("atlas"), AtlasSource)
    assert registry.source("atlas") is registry.source("atlas")


def test_unknown_name_lists_the_known() -> None:
    """A name that nothing has is an error that says what there is."""
    registry = SourceRegistry()
    registry.register("graph", AtlasSource)
    with pytest.raises(UnknownSourceError, match=r"'oracle'; there are: atlas, graph"):
        registry.source("oracle")


def test_further_source_is_made_when_it_is_asked_for() -> None:
    """A builder that is registered later is called at the first question, and only once."""
    made: list[AtlasSource] = []

    def build() -> AtlasSource:
        made.append(AtlasSource())
        return made[-1]

    registry = SourceRegistry()
    registry.register("graph", build)
    assert registry.names == ("atlas", "graph")
    assert not made
    assert registry.source("graph") is registry.source("graph") is made[0]
    assert len(made) == 1


def test_taken_name_is_refused() -> None:
    """Nothing takes the place of a source that is there."""
    with pytest.raises(ValueError, match="'atlas'"):
        SourceRegistry().register("atlas", AtlasSource)


def test_nothing_is_imported_before_it_is_asked_for() -> None:
    """Importing the registry, and making one, loads no source."""
    code = (
        "import sys; from providers.knowledge.registry import SourceRegistry; SourceRegistry(); "
        "sys.exit('providers.knowledge.atlas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
