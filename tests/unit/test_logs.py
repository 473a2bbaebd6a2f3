"""Logs: whatever is written, nothing secret is."""

import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from telemetry.logs import configure_logs


@pytest.fixture
def restored() -> Iterator[None]:
    """The logging of the other tests, as it was."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    driver = logging.getLogger("neo4j")
    of_driver = driver.level
    yield
    driver.setLevel(of_driver)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


@pytest.mark.parametrize("json", [True, False])
@pytest.mark.usefixtures("restored")
def test_secrets_are_masked_in_every_line(capsys: pytest.CaptureFixture[str], json: bool) -> None:  # noqa: FBT001
    """Values, messages of libraries and tracebacks show stars in place of a password."""
    configure_logs("INFO", json=json, secrets=["hunter2"])
    for handler in logging.getLogger().handlers:
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(sys.stderr)
    structlog.get_logger("ours").warning("refused", url="redis://:hunter2@host")
    failure = ConnectionError("hunter2 is wrong")
    logging.getLogger("library").error("no luck with %s", "hunter2", exc_info=failure)
    written = capsys.readouterr().err
    assert "hunter2" not in written
    assert written.count("***") >= 3


@pytest.mark.parametrize("json", [True, False])
@pytest.mark.usefixtures("restored")
def test_a_traceback_shows_no_values(capsys: pytest.CaptureFixture[str], json: bool) -> None:  # noqa: FBT001
    """Where something broke is told, and not what it was asked: prompts are variables; and however long a secret is,
    no line break keeps it from being masked."""
    secret = f"hunter{'2' * 100}"
    configure_logs("DEBUG", json=json, secrets=[secret])
    for handler in logging.getLogger().handlers:
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(sys.stderr)

    def paint(prompt: str) -> None:
        raise ConnectionError(f"{secret} is wrong, {len(prompt)} characters")

    try:
        paint("a whale, " + "and nothing else")
    except ConnectionError:
        structlog.get_logger("ours").exception("image_failed")
    written = capsys.readouterr().err
    assert "*** is wrong, 25 characters" in written
    assert "in paint" in written
    assert "a whale, and nothing else" not in written
    assert "2222" not in written


@pytest.mark.parametrize(("level", "shown"), [("DEBUG", 1), ("INFO", 1), ("ERROR", 0)])
@pytest.mark.usefixtures("restored")
def test_what_goes_over_the_wire_is_not_logged(capsys: pytest.CaptureFixture[str], level: str, shown: int) -> None:
    """At DEBUG we tell more, but the driver of Neo4j does not repeat each message with what is in it."""
    configure_logs(level, json=True)
    for handler in logging.getLogger().handlers:
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(sys.stderr)
    structlog.get_logger("ours").debug("ours")
    logging.getLogger("neo4j.io").debug("every word")
    logging.getLogger("neo4j.pool").info("a connection was lost")
    written = capsys.readouterr().err
    assert "every word" not in written
    assert written.count("a connection was lost") == shown
    assert ("ours" in written) == (level == "DEBUG")
