"""Logs: every line says when, where and for whom it was written; whatever is written, nothing secret is."""

import asyncio
import gc
import json
import logging
import re
import sys
import timeit
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp.http_exceptions import InvalidHeader
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from prometheus_client import REGISTRY

from continuum.addresses import secrets_of_login
from continuum.malformed import MalformedRequests
from continuum.settings import Settings, SettingsError
from telemetry.logs import Program, configure_logs, errors, masked
from telemetry.logs.masks import LONGEST, LONGEST_TRACEBACK

pytestmark = pytest.mark.usefixtures("restored")

DOCS = Path(__file__).parents[2] / "docs" / "logging.md"
PROGRAM = Program("continuum", "1.2.3", "worker")
SPAN = SpanContext(0xABC, 0xDEF, is_remote=False, trace_flags=TraceFlags(1))

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def restored() -> Iterator[None]:
    """The logging of the other tests, as it was."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    names = ("neo4j", "neo4j.io", "openai", "httpx2", "httpcore2", "exploration", "exploration.runner", "aiohttp")
    levels = {name: logging.getLogger(name).level for name in names}
    with warnings.catch_warnings():
        yield
        logging.captureWarnings(capture=False)
    for name, former in levels.items():
        logging.getLogger(name).setLevel(former)
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    """What was logged as JSON since the last look."""
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def counted(error_type: str, location: str) -> float:
    """What errors_total says."""
    return REGISTRY.get_sample_value("errors_total", {"error_type": error_type, "location": location}) or 0.0


def test_a_line_begins_with_when_and_where_and_ends_with_the_program(lines: Lines) -> None:
    """Ours and those of the standard library have the same fields in the same order."""
    configure_logs("INFO", json=True, program=PROGRAM)
    structlog.get_logger("ours").info("begun", exploration="e1")
    logging.getLogger("library").warning("no luck with %s", "it")
    ours, library = lines()
    assert list(ours) == [
        *("timestamp", "level", "logger", "event", "exploration"),
        *("service", "version", "role", "pid"),
    ]
    assert (ours["level"], ours["logger"], ours["event"]) == ("info", "ours", "begun")
    assert ours["timestamp"].endswith("Z")
    assert (ours["service"], ours["version"], ours["role"]) == ("continuum", "1.2.3", "worker")
    assert (library["level"], library["logger"], library["event"]) == ("warning", "library", "no luck with it")
    assert set(ours) - {"exploration"} == set(library)


def test_ids_go_with_every_line(lines: Lines) -> None:
    """What is bound, and the current span, stand in the lines of libraries too; what a call says itself goes before."""
    configure_logs("INFO", json=True)
    with (
        structlog.contextvars.bound_contextvars(request_id="r1", exploration="bound"),
        trace.use_span(NonRecordingSpan(SPAN)),
    ):
        structlog.get_logger("ours").info("begun", exploration="said")
        logging.getLogger("library").warning("no luck")
    structlog.get_logger("ours").info("alone")
    ours, library, alone = lines()
    assert ours["request_id"] == library["request_id"] == "r1"
    assert (ours["exploration"], library["exploration"]) == ("said", "bound")
    for line in (ours, library):
        assert (line["trace_id"], line["span_id"]) == (f"{0xABC:032x}", f"{0xDEF:016x}")
    assert not {"request_id", "exploration", "trace_id", "span_id"} & set(alone)


def test_a_span_that_is_none_is_not_named(lines: Lines) -> None:
    """An id of zeros would lead nowhere."""
    configure_logs("INFO", json=True)
    with trace.use_span(trace.INVALID_SPAN):
        structlog.get_logger("ours").info("begun")
    [line] = lines()
    assert "trace_id" not in line


def test_levels_hold_for_a_part_and_all_below(lines: Lines) -> None:
    """For loggers of ours as for those of libraries; a name nobody has hurts nobody."""
    configure_logs("WARNING", {"exploration": "DEBUG", "aiohttp": "ERROR", "nobody": "INFO"}, json=True)
    structlog.get_logger("exploration.runner").debug("shown")
    structlog.get_logger("explorations").info("hidden")
    logging.getLogger("exploration.dispatch").debug("shown too")
    logging.getLogger("aiohttp.client").warning("hidden")
    logging.getLogger("aiohttp.client").error("shown as well")
    structlog.get_logger("schema").warning("shown last")
    assert [line["event"] for line in lines()] == ["shown", "shown too", "shown as well", "shown last"]


def test_the_nearest_name_decides(lines: Lines) -> None:
    """One file may be quieter than its package."""
    configure_logs("WARNING", {"exploration": "DEBUG", "exploration.runner": "ERROR"}, json=True)
    structlog.get_logger("exploration.runner").warning("hidden")
    structlog.get_logger("exploration.sweep").debug("shown")
    assert [line["event"] for line in lines()] == ["shown"]


def test_what_is_off_costs_next_to_nothing() -> None:
    """A line that is not written costs less than a tenth of one that goes nowhere, and nobody looks at what it says."""
    configure_logs("WARNING", {"test_on": "DEBUG"}, json=True)
    logging.getLogger().handlers[:] = [logging.NullHandler()]
    off, on = structlog.get_logger("test_off"), structlog.get_logger("test_on")

    class Unasked:
        def __str__(self) -> str:
            raise AssertionError("it was looked at")

    off.debug("event", value=Unasked())
    calls = 2_000
    cost_off = min(timeit.repeat(lambda: off.debug("event", seq=1, exploration="e"), number=calls, repeat=5))
    cost_on = min(timeit.repeat(lambda: on.debug("event", seq=1, exploration="e"), number=calls, repeat=5))
    assert cost_off < cost_on / 10
    assert cost_off / calls < 5e-6


@pytest.mark.parametrize("as_json", [True, False])
def test_secrets_are_masked_in_every_line(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:  # noqa: FBT001
    """Values, messages of libraries and tracebacks show stars in place of a password."""
    configure_logs("INFO", json=as_json, secrets=["hunter2"])
    structlog.get_logger("ours").warning("refused", url="redis://:hunter2@host", more={"keys": ["hunter2"]})
    failure = ConnectionError("hunter2 is wrong")
    logging.getLogger("library").error("no luck with %s", "hunter2", exc_info=failure)
    structlog.get_logger("ours").warning("as an object", error=failure)
    written = capsys.readouterr().err
    assert "hunter2" not in written
    assert written.count("***") >= 5


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("secret", ['a"b\\c', "pässword", "100%/sure", "two\nlines", "'quoted'"])
def test_a_secret_is_masked_however_it_was_quoted(
    capsys: pytest.CaptureFixture[str],
    as_json: bool,  # noqa: FBT001
    secret: str,
) -> None:
    """In a URL, in JSON and as Python shows it, it looks otherwise than it is."""
    configure_logs("INFO", json=as_json, secrets=[secret])
    log = structlog.get_logger("ours")
    for form in (secret, repr(secret), json.dumps(secret), json.dumps({"key": secret}, ensure_ascii=False)):
        log.warning("refused", error=f"wrong: {form}")
    log.warning("refused", error=ValueError(secret), url=f"http://{secret.replace('%', '%25')}/")
    written = capsys.readouterr().err
    for hidden in (secret, repr(secret)[1:-1], json.dumps(secret)[1:-1]):
        assert hidden not in written
    assert written.count("***") >= 5


def test_a_secret_that_is_a_number_leaves_lines_whole(lines: Lines) -> None:
    """A mask over finished JSON would make numbers of stars."""
    configure_logs("INFO", json=True, secrets=["1", "level"])
    structlog.get_logger("ours").warning("level 1", seconds=0.11, ok=True)
    [line] = lines()
    assert (line["event"], line["seconds"], line["level"]) == ("*** ***", 0.11, "warning")


def test_what_is_told_to_a_person_can_be_masked() -> None:
    """By the secrets of the latest settings."""
    configure_logs("INFO", json=True, secrets=["hunter2"])
    assert masked("hunter2 is wrong") == "*** is wrong"


@pytest.mark.parametrize("as_json", [True, False])
def test_a_traceback_shows_no_values(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:  # noqa: FBT001
    """Where something broke is told, and not what it was asked: prompts are variables; and however long a secret is,
    no line break keeps it from being masked."""
    secret = f"hunter{'2' * 100}"
    configure_logs("DEBUG", json=as_json, secrets=[secret])

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


def test_lines_stay_short_enough_to_be_collected(lines: Lines) -> None:
    """What is endless is cut after it was masked, so that no half of a secret is left; the end of a traceback stays."""
    secret = "hunter2" * 20
    configure_logs("INFO", json=True, secrets=[secret])
    structlog.get_logger("ours").warning("long", text=secret + "a" * 10 * LONGEST)
    failure = ValueError("b" * 10 * LONGEST_TRACEBACK + "the end")
    structlog.get_logger("ours").error("failed", exc_info=failure)
    long, failed = lines()
    assert len(long["text"]) < LONGEST + 10
    assert "hunter" not in long["text"]
    assert len(failed["exception"]) < LONGEST_TRACEBACK + 10
    assert failed["exception"].endswith("the end")


@pytest.mark.parametrize(("level", "shown"), [("DEBUG", 1), ("INFO", 1), ("ERROR", 0)])
@pytest.mark.parametrize("levels", [{}, {"neo4j.io": "DEBUG"}])
def test_what_goes_over_the_wire_is_not_logged(
    capsys: pytest.CaptureFixture[str], level: str, shown: int, levels: dict[str, str]
) -> None:
    """At DEBUG we tell more, but the driver of Neo4j does not repeat each message with what is in it, even if asked,
    nor a client of HTTP with which words it was answered."""
    configure_logs(level, levels, json=True)
    structlog.get_logger("ours").debug("ours")
    for library in ("neo4j", "neo4j.io", "openai", "httpx2", "httpcore2"):
        logging.getLogger(library).debug("every word")
    logging.getLogger("httpx2").info('HTTP Request: POST http://server/v1 "HTTP/1.1 401 every word"')
    logging.getLogger("neo4j.pool").info("a connection was lost")
    written = capsys.readouterr().err
    assert "every word" not in written
    assert written.count("a connection was lost") == shown
    assert ("ours" in written) == (level == "DEBUG")


def test_a_library_that_tells_all_can_be_made_quieter(lines: Lines) -> None:
    """The bound is one from below."""
    configure_logs("INFO", {"neo4j": "ERROR"}, json=True)
    logging.getLogger("neo4j.pool").warning("hidden")
    assert lines() == []


def test_errors_are_counted_whoever_logs_them(lines: Lines) -> None:
    """By their class and the logger; in each of the forms in which an exception may be handed over."""
    configure_logs("ERROR", json=True)
    ours, library = structlog.get_logger("test.ours"), logging.getLogger("test.library")
    before = counted("ZeroDivisionError", "test.ours"), counted("ZeroDivisionError", "test.library")
    try:
        _ = 1 / 0
    except ZeroDivisionError as error:
        ours.exception("failed")
        ours.error("failed", exc_info=error)
        ours.critical("failed", exc_info=True)
        ours.warning("expected", exc_info=error)
        library.exception("failed")
        library.error("failed", exc_info=error)
    ours.error("no exception")
    ours.error("none there", exc_info=True)
    assert counted("ZeroDivisionError", "test.ours") - before[0] == 3
    assert counted("ZeroDivisionError", "test.library") - before[1] == 2
    assert all("ZeroDivisionError" in line["exception"] for line in lines()[:5])


async def test_tasks_that_nobody_waits_for_are_counted(lines: Lines) -> None:
    """Python tells of them by a logger of its own."""
    configure_logs("ERROR", json=True)
    before = counted("KeyError", "asyncio")

    async def fail() -> None:
        raise KeyError("lost")

    task = asyncio.create_task(fail())
    await asyncio.wait([task])
    del task
    gc.collect()
    assert counted("KeyError", "asyncio") - before == 1
    assert lines()[-1]["logger"] == "asyncio"


def test_labels_of_errors_are_bounded(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something that makes classes as it runs cannot fill the server's memory."""
    monkeypatch.setattr(errors, "_seen", {(str(number), "test") for number in range(errors.MOST - 1)})
    configure_logs("ERROR", json=True)
    before = counted("other", "other")
    for number in range(5):
        structlog.get_logger("test.made").error("failed", exc_info=type(f"Made{number}", (Exception,), {})())
    assert counted("Made0", "test.made") == 1
    assert counted("Made1", "test.made") == 0
    assert counted("other", "other") - before == 4
    assert len(lines()) == 5


def test_a_line_that_cannot_be_written_is_counted_and_not_quoted(capsys: pytest.CaptureFixture[str]) -> None:
    """Logging's own complaint goes around the masks, with all arguments."""
    configure_logs("INFO", json=True, secrets=["hunter2"])
    before = counted("TypeError", "library")
    logging.getLogger("library").warning("%d words", "hunter2")
    assert capsys.readouterr().err == ""
    assert counted("TypeError", "library") - before == 1


def test_warnings_are_lines_too(lines: Lines) -> None:
    """A warning of Python's between the lines would be no JSON."""
    configure_logs("WARNING", json=True)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)
    [line] = lines()
    assert line["logger"] == "py.warnings"
    assert "old ways" in line["event"]


def test_a_terminal_gets_words_and_a_file_no_colours(capsys: pytest.CaptureFixture[str]) -> None:
    """Readable lines that go elsewhere hold no control characters, and not what is the same in all of them."""
    configure_logs("INFO", json=False, program=PROGRAM)
    structlog.get_logger("ours").info("begun", exploration="e1")
    written = capsys.readouterr().err
    assert "begun" in written
    assert "exploration=e1" in written
    assert "\x1b" not in written
    assert "1.2.3" not in written


def test_a_terminal_is_not_steered_by_what_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    """A server's words may hold what would set a title, colour all that follows, or look like a line of ours."""
    configure_logs("INFO", json=False)
    structlog.get_logger("ours").info("redis_refused", error="\x1b]0;title\x07\x9b31m\u202e")
    logging.getLogger("library").warning("first\n2026-11-24T00:00:00Z [info] forged\r\x1b[2K")
    structlog.get_logger("ours").error("broken", exc_info=OSError("\x1b[31mred\nand white"))
    written = capsys.readouterr().err
    assert not set(written) & set("\x1b\x07\x9b\r\u202e")
    assert r"\x1b]0;title\x07\x9b31m\u202e" in written
    assert r"first\n2026-11-24" in written
    assert "\nOSError: \\x1b[31mred\nand white" in written


@pytest.mark.parametrize(
    ("level", "shown"),
    [("INFO", ["request_malformed (InvalidHeader)", "websocket_protocol_unknown"]), ("WARNING", [])],
)
def test_what_is_no_http_is_not_quoted(lines: Lines, level: str, shown: list[str]) -> None:
    """The library calls it an error and repeats the header, which may be a key; it is the client's mistake, and counts
    as no error of ours. What is one stays one."""
    configure_logs(level, json=True)
    server = logging.getLogger("test.server")
    server.addFilter(MalformedRequests())
    before = counted("InvalidHeader", "test.server"), counted("OSError", "test.server")
    server.exception("Error handling request", exc_info=InvalidHeader(b"Authorization: hunter2\0"))
    server.warning("%s: Client protocols %r don’t overlap server-known ones %r", "10.9.8.7", ["hunter2"], ())
    server.exception("Error handling request from %s", "10.9.8.7", exc_info=OSError("broken"))
    *told, failure = lines()
    assert [line["event"] for line in told] == shown
    assert "hunter2" not in str(told)
    assert all("exception" not in line for line in told)
    assert failure["event"] == "Error handling request"
    assert "10.9.8.7" not in str(failure)
    assert counted("InvalidHeader", "test.server") == before[0]
    assert counted("OSError", "test.server") - before[1] == 1


def test_json_is_the_form_where_no_terminal_is(monkeypatch: pytest.MonkeyPatch, lines: Lines) -> None:
    """Nobody has to set anything in a container."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    configure_logs("INFO")
    structlog.get_logger("ours").info("begun")
    assert lines()[0]["event"] == "begun"


def test_levels_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """As people write them, with blanks and small letters."""
    monkeypatch.setenv("LOG_LEVEL", "info")
    monkeypatch.setenv("LOG_LEVELS", " exploration=debug, aiohttp.server = ERROR,")
    assert Settings().log_level == "INFO"
    assert Settings().log_levels == {"exploration": "DEBUG", "aiohttp.server": "ERROR"}


@pytest.mark.parametrize("wrong", ["exploration", "exploration=LOUD", "=DEBUG", "exploration:DEBUG", "a=DEBUG,b"])
def test_levels_that_are_none_are_refused(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    """By the variable's name, before anything starts."""
    monkeypatch.setenv("LOG_LEVELS", wrong)
    with pytest.raises(SettingsError, match="LOG_LEVELS"):
        Settings()


@pytest.mark.parametrize(
    ("key", "secrets"),
    [("sk-1", {"sk-1"}), ("ada:hunter2", {"ada:hunter2", "hunter2", "YWRhOmh1bnRlcjI="})],
)
def test_a_login_is_secret_in_the_form_in_which_it_is_sent(key: str, secrets: set[str]) -> None:
    """And so is its password alone, but not the user's name, which may be any word."""
    assert secrets_of_login(key) == secrets
    assert secrets <= Settings(stable_diffusion_api_key=key).secrets


def test_the_page_on_logs_shows_lines_as_they_are(lines: Lines) -> None:
    """Its example has the fields of a real line, and its table names them all."""
    configure_logs("INFO", json=True, program=PROGRAM)
    with (
        structlog.contextvars.bound_contextvars(request_id="ada-1"),
        trace.use_span(NonRecordingSpan(SPAN)),
    ):
        structlog.get_logger("exploration.observed").info("exploration_submitted", exploration="e1")
    [line] = lines()
    page = DOCS.read_text(encoding="utf-8")
    [example] = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert list(json.loads(example)) == list(line)
    assert not [name for name in (*line, "workspace", "job", "exception") if f"`{name}`" not in page]
