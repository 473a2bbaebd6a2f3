"""What the command line draws: logs stay out of the display, and text cannot steer the terminal."""

import io
import logging
import sys
from collections.abc import Iterator

import pytest
from rich.console import Console
from rich.live import Live

from continuum.cli.shell import logs_above
from continuum.cli.words import counted, cut, lasted, named, safe


@pytest.fixture
def handler() -> Iterator[logging.StreamHandler[object]]:
    """A handler that writes to standard error, as the program's does."""
    handler: logging.StreamHandler[object] = logging.StreamHandler(sys.stderr)
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


def test_logs_are_printed_above_a_live_display(
    handler: logging.StreamHandler[object], capsys: pytest.CaptureFixture[str]
) -> None:
    """A log line goes through the display while there is one, and straight to standard error after it."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True)
    before = handler.stream
    with Live("display", console=console, auto_refresh=False), logs_above(console):
        logging.getLogger("test").warning("careful")
        assert "careful" in screen.getvalue()
        assert "careful" not in capsys.readouterr().err
    assert handler.stream is before


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain [text]", "plain [text]"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("\x1b[31mred\x1b[0m\x07", "[31mred [0m"),
        ("right\u202eleft\u2028end", "right left end"),
        ("photosynthèse 光合作用", "photosynthèse 光合作用"),
    ],
)
def test_text_is_made_safe(text: str, shown: str) -> None:
    """Control characters and marks that change the direction of text are never shown."""
    assert safe(text) == shown


def test_text_is_cut_between_words() -> None:
    """A long text ends with a whole word and an ellipsis; one without spaces is cut where it must be."""
    assert cut("one two three", 13) == "one two three"
    assert cut("one two, three", 10) == "one two…"
    assert cut("onetwothree", 5) == "onetw…"


def test_numbers_are_said_in_words() -> None:
    """One is singular, thousands are grouped, and times have the unit that fits."""
    assert [counted(n, "concept") for n in (0, 1, 1_200)] == ["0 concepts", "1 concept", "1,200 concepts"]
    assert counted(2, "piece of evidence") == "2 pieces of evidence"
    assert named(["a", "b", "c"], 2) == "a, b and 1 more"
    assert [lasted(s) for s in (0.04, 59.6, 200)] == ["0.0 s", "1 min 0 s", "3 min 20 s"]
