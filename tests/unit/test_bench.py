"""The parts of the benchmark that its figures rest on."""

import json
import os
import socket
from pathlib import Path

from click.testing import CliRunner

from bench.__main__ import main
from bench.lags import Spread, commits, lags, last_lags
from bench.servers import ports
from bench.subscribers import Subscriber
from resolvers.ids import EXPLORATION, global_id

ID = global_id(EXPLORATION, "x")


def subscriber(*received: float) -> Subscriber:
    """One that got events at these moments."""
    one = Subscriber(ID)
    one.received.extend(received)
    return one


def test_commits_are_read_from_what_workers_log(tmp_path: Path) -> None:
    """Other lines, of ours and of nobody's, are passed over."""
    told = {"event": "event_committed", "exploration": "x", "seq": 2, "timestamp": "2026-01-01T00:00:00.250000Z"}
    log = tmp_path / "worker.log"
    log.write_text(f"Traceback\n{json.dumps({'event': 'serving'})}\n{json.dumps(told)}\n", encoding="utf-8")
    assert commits([log]) == {(ID, 2): 1_767_225_600.25}


def test_lag_counts_what_came_while_somebody_listened() -> None:
    """The first event and those committed before it was received were stored already: they tell nothing of the feed.
    The last of many subscribers is the one that counts."""
    committed = {(ID, 1): 1.0, (ID, 2): 2.0, (ID, 3): 4.0, (ID, 4): 5.0}
    early, late = subscriber(1.5, 2.25, 4.5, 5.25), subscriber(3.0, 3.0, 4.25, 5.5)
    assert lags(committed, early) == [0.25, 0.5, 0.25]
    assert lags(committed, late) == [0.25, 0.5]
    assert last_lags(committed, [early, late]) == [0.5, 0.5]


def test_a_subscriber_sees_a_gap() -> None:
    """And what comes twice."""
    for seqs, right in (((1, 2, 3), True), ((1, 3), False), ((1, 1), False), ((2,), False)):
        one = Subscriber(ID)
        for seq in seqs:
            one.take({"seq": seq})
        assert one.in_order is right


def test_the_spread_of_some_figures() -> None:
    """Whatever their order."""
    assert Spread.of([0.003, 0.001, 0.002]).milliseconds == ("2.0", "3.0", "3.0")
    assert Spread.of(range(100)) == Spread(100, 50, 95, 99)


def test_a_process_is_known_by_its_ports() -> None:
    """Those of its own connections, and not those at the other end of them elsewhere."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert port in ports(os.getpid())
    assert port not in ports(os.getpid())


def test_requests_are_what_is_measured_unless_something_else_is_named() -> None:
    """Options of that command need not name it."""
    runner = CliRunner()
    assert "Requests measured for each kind" in runner.invoke(main, ["requests", "--help"]).output
    assert "is not one of 'sqlite', 'neo4j'" in runner.invoke(main, ["--store", "paper"]).output
    assert "feed" in runner.invoke(main, ["--help"]).output
