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
    with pytest.raises(UnknownSourceError, match=r"'oracle'; there are: atlas"):
        registry.source("oracle")


def test_nothing_is_imported_before_it_is_asked_for() -> None:
    """Importing the registry, and making one, loads no source."""
    code = (
        "import sys; from providers.knowledge.registry import SourceRegistry; SourceRegistry(); "
        "sys.exit('providers.knowledge.atlas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
