"""The parts of the load tests that their verdict rests on."""

import json
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema, parse, validate

from providers.knowledge.atlas.atlas import Atlas
from providers.knowledge.atlas.reading import installed, read_book
from providers.knowledge.atlas.topics import Topics
from tests.load import options
from tests.load.following import Followed, Tally
from tests.load.operations import (
    CONNECT,
    DETAILS,
    FIRST,
    HEALTH,
    QUERIES,
    SEARCH,
    START,
    STATUS,
    SUBSCRIBER_KINDS,
    WATCH,
    Answer,
    found,
    started,
)
from tests.load.outcome import ALL, Outcome
from tests.load.plan import Plan, Samples, Series
from tests.load.profiles import PROFILES, TOPICS, Thresholds
from tests.load.result import LoadTestResult, percentile
from tests.load.tables import results, table
from tests.load.topics import topics

ROOT = Path(__file__).parents[2]
HUNDRED = LoadTestResult.of("search", [float(n) for n in range(100, 0, -1)], {"HTTP 503": 3, "TimeoutError": 2}, 12.5)


def test_figures_of_known_samples() -> None:
    """1 to 100 ms, in any order: percentiles are the values at their rank, with nothing between two values."""
    assert (HUNDRED.min, HUNDRED.max, HUNDRED.mean) == (1, 100, 50.5)
    assert (HUNDRED.p50, HUNDRED.p95, HUNDRED.p99) == (50, 95, 99)
    assert (HUNDRED.requests, HUNDRED.throughput, HUNDRED.failed_share) == (100, 12.5, 0.05)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([7], 0.01, 7),
        ([7], 0.99, 7),
        ([1, 2], 0.5, 1),
        ([1, 2], 0.51, 2),
        ([15, 20, 35, 40, 50], 0.3, 20),
        ([15, 20, 35, 40, 50], 0.4, 20),
        ([15, 20, 35, 40, 50], 1.0, 50),
    ],
)
def test_percentile_is_the_nearest_rank(values: list[float], share: float, expected: float) -> None:
    """The least value that so many do not exceed, for few values as well."""
    assert percentile(values, share) == expected


def test_thresholds_that_hold_say_nothing() -> None:
    """One unit beside each figure is enough."""
    assert HUNDRED.failures(Thresholds(95.1, 99.1, 0.051, 12.4)) == ()
    assert HUNDRED.failures(Thresholds()) == ()


def test_each_threshold_that_is_missed_is_told_in_words() -> None:
    """A figure that is just reached is missed: below and above are meant. Words name figures and reasons."""
    failures = HUNDRED.failures(Thresholds(95, 99, 0.05, 12.5))
    assert failures == (
        "search: P95 is 95.0 ms and must be below 95 ms (median 50.0 ms, longest 100.0 ms of 100 requests)",
        "search: P99 is 99.0 ms and must be below 99 ms (median 50.0 ms, longest 100.0 ms of 100 requests)",
        "search: 5 of 100 failed (5.00%), allowed is below 5%; 3 x HTTP 503; 2 x TimeoutError",
        "search: 12.5 requests a second were answered, and it must be more than 12.5",
    )


def test_none_may_fail_where_none_is_allowed() -> None:
    """The smoke run's threshold of 0 holds without failures, and with one it does not."""
    none = PROFILES["smoke"].thresholds
    assert LoadTestResult.of("health", [1.0] * 1000, {}, 1).failures(none) == ()
    assert len(LoadTestResult.of("health", [1.0] * 1000, {"HTTP 500": 1}, 1).failures(none)) == 1


def test_a_run_without_answers_holds_nothing() -> None:
    """Zeros are no figures: a run in which nobody was answered misses every threshold."""
    nothing = LoadTestResult.of("all", [], {}, 0.0)
    assert len(nothing.failures(PROFILES["throughput"].thresholds)) == 4


def test_many_reasons_are_told_by_the_most_frequent() -> None:
    """Five are named, the others counted."""
    many = LoadTestResult.of("start", [1.0] * 100, {f"reason {n}": n for n in range(1, 8)}, 1.0)
    [failure] = many.failures(Thresholds(failed_share=0))
    assert "7 x reason 7; 6 x reason 6; 5 x reason 5; 4 x reason 4; 3 x reason 3; and 2 other reasons" in failure


def samples(gaps: int = 0) -> Samples:
    """Two kinds of requests in 10 s, and subscribers that waited for much longer."""
    series = {
        HEALTH: Series([1.0, 2.0, 3.0], {}, 3),
        START: Series([10.0, 20.0], {"HTTP 503": 1}, 1),
        CONNECT: Series([9_000.0], {}, 1),
        FIRST: Series([8_000.0], {}, 1),
    }
    return Samples(series, 10.0, Tally(events=40, gaps=gaps), 1.5)


def test_subscribers_are_no_part_of_the_total() -> None:
    """All requests together are those of the users, with the reasons under the names of what failed."""
    outcome = Outcome.of(samples())
    assert (outcome.total.name, outcome.total.requests, outcome.total.max) == (ALL, 5, 20.0)
    assert (outcome.total.throughput, dict(outcome.total.failed)) == (0.4, {"start exploration: HTTP 503": 1})
    assert [(row.name, row.p99) for row in outcome.subscribers] == [(CONNECT, 9_000.0), (FIRST, 8_000.0)]


def test_a_gap_is_a_failure_whatever_the_thresholds() -> None:
    """The order of events is promised, not a matter of degree."""
    assert Outcome.of(samples()).exit_code(Thresholds()) == 0
    outcome = Outcome.of(samples(gaps=1))
    assert outcome.failures(Thresholds()) == ("subscribers: 1 of 40 events did not follow the one before",)
    assert outcome.exit_code(Thresholds()) == 1


def test_failed_connections_of_subscribers_count_for_themselves() -> None:
    """A subscriber that gets no connection is not hidden by a thousand good requests."""
    measured = samples()
    series = {**measured.series, CONNECT: Series([30_000.0, 2.0], {"WebSocketTimeoutException": 1})}
    [failure] = Outcome.of(replace(measured, series=series)).failures(Thresholds(failed_share=0.5))
    assert failure == (
        "subscriber: connection: 1 of 2 failed (50.00%), allowed is below 50%; 1 x WebSocketTimeoutException"
    )


def test_a_run_without_subscribers_fails() -> None:
    """Nobody who watched means nothing was proved of watching."""
    measured = samples()
    series = {name: each for name, each in measured.series.items() if name not in SUBSCRIBER_KINDS}
    failures = Outcome.of(replace(measured, series=series)).failures(Thresholds(failed_share=0.5))
    assert failures == tuple(f"{kind}: not one request was made" for kind in SUBSCRIBER_KINDS)


def test_plan_samples_and_outcome_survive_their_files(tmp_path: Path) -> None:
    """What one process writes is what the other reads."""
    plan = Plan(("http://a", "http://b"), ("Music",), 10, 1, 5.0, 30.0, 30.0, "samples", "report")
    plan.write(tmp_path / "plan")
    samples().write(tmp_path / "samples")
    Outcome.of(samples()).write(tmp_path / "outcome")
    assert Plan.read(tmp_path / "plan") == plan
    assert Samples.read(tmp_path / "samples") == samples()
    assert asdict(Outcome.read(tmp_path / "outcome")) == asdict(Outcome.of(samples()))


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (200, b'{"data": {"concept": {"id": "x"}}}', ""),
        (200, b'{"data": {"concept": null}}', "concept is null"),
        (200, b'{"data": null, "errors": [{"extensions": {"code": "NOT_FOUND"}}]}', "GraphQL: NOT_FOUND"),
        (200, b'{"data": {"concept": {"id": "x"}}, "errors": [{"message": "m"}]}', "GraphQL: an error without a code"),
        (200, b"<html>", "the answer is no JSON"),
        (503, b'{"data": {"concept": {"id": "x"}}}', "HTTP 503"),
    ],
)
def test_errors_of_graphql_are_failures(status: int, body: bytes, problem: str) -> None:
    """Also at HTTP 200, also beside data; ids in messages do not make a reason of each."""
    assert Answer.read(DETAILS, status, body).problem == problem


def test_ids_are_taken_from_answers() -> None:
    """Of the exploration that was started, and of the concepts that were found."""
    begun = {"data": {"startExploration": {"exploration": {"id": "e"}}}}
    some = {"data": {"search": {"edges": [{"node": {"id": "a"}}, {"node": {"id": "b"}}]}}}
    assert started(Answer.of(START, begun).value) == "e"
    assert found(Answer.of(SEARCH, some).value) == ["a", "b"]


def test_queries_fit_the_schema() -> None:
    """All that the users ask can be asked, and explorations ask the atlas alone, for five concepts."""
    schema = build_schema((ROOT / "schema" / "schema.graphql").read_text(encoding="utf-8"))
    for query in (*QUERIES.values(), WATCH):
        assert validate(schema, parse(query)) == []
    assert QUERIES.keys() == {START, STATUS, SEARCH, DETAILS}
    assert 'sources: ["atlas"], budget: {concepts: 5}' in QUERIES[START]


def told(*numbers: int) -> list[str]:
    """What is wrong with the numbers of these events, one after another."""
    followed = Followed("x")
    return [followed.take({"seq": seq}) for seq in numbers]


def test_events_follow_each_other() -> None:
    """Numbers begin with 1 and grow by 1; what is missing, or comes again, is told once."""
    assert told(1, 2, 3) == ["", "", ""]
    assert told(2, 3) == ["a gap: an event was missed", ""]
    assert told(1, 3, 4) == ["", "a gap: an event was missed", ""]
    assert told(1, 2, 2, 3) == ["", "", "an event came twice or late", ""]


def test_an_exploration_has_ended_when_it_says_so() -> None:
    """By its last event's status."""
    followed = Followed("x")
    followed.take({"seq": 1, "status": "RUNNING"})
    assert not followed.ended
    followed.take({"seq": 2, "status": "BUDGET_REACHED"})
    assert followed.ended


def test_topics_are_200_entries_of_the_atlas() -> None:
    """Each means one entry, and they come from all of its parts."""
    chosen, book = topics(TOPICS), read_book(installed())
    known = Topics(Atlas(book))
    assert len(set(chosen)) == 200
    assert all(len(known.find(topic)) == 1 for topic in chosen)
    assert {known.find(topic)[0].domain for topic in chosen} == {entry.domain for entry in book.entries}


def test_tables_are_markdown_with_columns_of_one_width() -> None:
    """What a terminal shows is what docs can hold."""
    assert table(("name", "n"), [("a", "1"), ("longer", "1,000")]) == (
        "| name   |     n |\n| ------ | ----: |\n| a      |     1 |\n| longer | 1,000 |"
    )
    assert "|      100 |     12.5 | 1.0 | 50.5 | 50.0 | 95.0 | 99.0 | 100.0 | 5 (5.0%) |" in results("x", [HUNDRED])


def read(*arguments: str) -> options.Options:
    """As scripts/load would."""
    return options.read(("--data-dir", "data", *arguments))


def test_options_have_defaults_by_store() -> None:
    """One process for the embedded store; two servers and a worker on Neo4j and Redis."""
    embedded, neo4j = read(), read("throughput", "--store", "neo4j")
    assert (embedded.name, embedded.servers, embedded.workers) == ("seed", 1, 0)
    assert (neo4j.name, neo4j.servers, neo4j.workers) == ("throughput", 2, 1)
    assert embedded.report == Path("data/load/seed.html").resolve()
    assert read("baseline").profile is None


def test_options_change_a_profile() -> None:
    """Users and seconds; its thresholds stay."""
    profile = read("seed", "--users", "20", "--seconds", "15").profile
    assert profile == replace(PROFILES["seed"], users=20, seconds=15)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("sed",), "invalid choice: 'sed'"),
        (("--users", "none"), "'none' is no whole number above 0"),
        (("--users", "0"), "'0' is no whole number above 0"),
        (("--seconds", "5"), "100 users and 10 subscribers need 11 s to come"),
        (("--servers", "2"), "for more of them add --store neo4j"),
        (("--workers", "1"), "for more of them add --store neo4j"),
        (("baseline", "--users", "5"), "baseline makes a fixed number of calls"),
        (("--report", "load.json"), "must end in .html"),
        (("--url", "localhost:8000"), "is no address such as http://127.0.0.1:8000"),
        (("--url", "http://127.0.0.1:8000", "--store", "neo4j"), "--url names servers that run already"),
    ],
)
def test_wrong_options_are_explained(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, and a sentence that says what would be right."""
    with pytest.raises(SystemExit) as exit_:
        read(*arguments)
    assert exit_.value.code == 2
    assert words in capsys.readouterr().err


def test_locust_stays_in_the_process_of_the_users() -> None:
    """What starts servers and judges results does not import it: gevent would patch the process."""
    look = "import json, sys, tests.load.__main__; print(json.dumps(sorted({'locust', 'gevent'} & sys.modules.keys())))"
    said: Any = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=True
    ).stdout
    assert json.loads(said) == []
