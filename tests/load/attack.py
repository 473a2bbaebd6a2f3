"""The process of the users: `python -m tests.load.attack PLAN`. It alone imports locust, which patches all of it."""

# isort: off
import locust  # noqa: F401 - first of all, since it patches what the others import
# isort: on

import sys
import time
from pathlib import Path

import gevent  # type: ignore[import-untyped]  # it comes without types
from locust.env import Environment
from locust.html import get_html_report
from locust.runners import LocalRunner
from locust.stats import stats_history

from tests.load.plan import Plan
from tests.load.recorder import Recorder
from tests.load.subscribers import Subscriber
from tests.load.users import ContinuumUser, Stage

NEWS_SECONDS = 5.0
"""Between two lines of progress."""


def attack(plan: Plan) -> None:
    """Have the users come, ask and leave; then write what was measured, and locust's report."""
    environment = Environment(user_classes=[Subscriber, ContinuumUser], stop_timeout=plan.patience)
    recorder = Recorder(environment)
    Subscriber.fixed_count = plan.subscribers
    Subscriber.stage = ContinuumUser.stage = Stage(plan.servers, plan.topics)
    Subscriber.recorder = recorder
    runner = environment.create_local_runner()
    background = [gevent.spawn(stats_history, runner), gevent.spawn(_tell, runner, recorder)]
    runner.start(plan.users + plan.subscribers, plan.users_per_second)
    gevent.sleep(plan.seconds)
    recorder.close()
    runner.stop()
    gevent.killall(background)
    if runner.exceptions or not recorder.all_came:
        sys.exit("Users of ours have failed, so that this measures nothing.")
    recorder.samples().write(Path(plan.samples))
    report = get_html_report(environment, show_download_link=False)  # type: ignore[no-untyped-call]  # locust's own
    Path(plan.report).write_text(report, encoding="utf-8")


def _tell(runner: LocalRunner, recorder: Recorder) -> None:
    """Say every few seconds how it goes."""
    began, before = time.monotonic(), 0
    while True:
        gevent.sleep(NEWS_SECONDS)
        answered, failed = recorder.requests()
        print(
            f"{time.monotonic() - began:5.0f} s: {runner.user_count:4} users, "
            f"{(answered - before) / NEWS_SECONDS:6.1f} requests/s, {failed} failed",
            file=sys.stderr,
            flush=True,
        )
        before = answered


if __name__ == "__main__":
    attack(Plan.read(Path(sys.argv[1])))
