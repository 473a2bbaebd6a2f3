"""What the users report, request by request. Lives in the process of the users."""

import time
from collections import defaultdict
from dataclasses import replace

from locust.env import Environment
from locust.stats import StatsError

from tests.load.following import Tally
from tests.load.operations import SUBSCRIBER_KINDS
from tests.load.plan import Samples, Series


class Recorder:
    """Keeps each time as it is: locust itself rounds those above 100 ms to two digits."""

    def __init__(self, environment: Environment) -> None:
        self.tally = Tally()
        self._environment = environment
        self._series: defaultdict[str, Series] = defaultdict(Series)
        self._complete_since: float | None = None
        self._before: dict[str, int] = {}
        self._closed_at: float | None = None
        self._steady: dict[str, int] = {}
        self._steady_seconds = 0.0
        environment.events.request.add_listener(self._heard)  # type: ignore[no-untyped-call]  # locust's own
        environment.events.spawning_complete.add_listener(self._complete)  # type: ignore[no-untyped-call]  # the same

    @property
    def closed(self) -> bool:
        """Whether the time is over: what begins now is not measured."""
        return self._closed_at is not None

    @property
    def all_came(self) -> bool:
        """Whether all users were there at some time."""
        return self._complete_since is not None

    def close(self) -> None:
        """The time is over. Requests that have begun still count, as they took their time of these users."""
        self._closed_at = time.time()
        if self._complete_since is not None:
            self._steady_seconds = time.monotonic() - self._complete_since
            self._steady = {name: len(s.times) - self._before.get(name, 0) for name, s in self._series.items()}

    def of_subscriber(self, name: str, milliseconds: float | None, problem: str = "") -> None:
        """Something of a subscriber's, apart from the requests: in locust's report it is a row that no sum includes."""
        self._note(name, milliseconds, problem)
        entry = self._environment.stats.get(name, "WS")
        if milliseconds is not None:
            entry.log(milliseconds, 0)  # type: ignore[arg-type]  # locust says int, and takes floats everywhere
        if problem:
            entry.log_error(problem)
            key = StatsError.create_key("WS", name, problem)
            self._environment.stats.errors.setdefault(key, StatsError("WS", name, problem)).occurred()

    def samples(self) -> Samples:
        """All of it."""
        series = {name: replace(each, steady=self._steady.get(name, 0)) for name, each in self._series.items()}
        return Samples(series, self._steady_seconds, self.tally, time.process_time())

    def requests(self) -> tuple[int, int]:
        """How many were answered until now, and how many of them failed."""
        ours = [each for name, each in self._series.items() if name not in SUBSCRIBER_KINDS]
        return sum(len(each.times) for each in ours), sum(sum(each.failed.values()) for each in ours)

    def _complete(self, user_count: int) -> None:  # noqa: ARG002 - locust names it
        self._complete_since = time.monotonic()
        self._before = {name: len(each.times) for name, each in self._series.items()}

    def _heard(
        self, name: str, response_time: float, exception: Exception | None, start_time: float, **_: object
    ) -> None:
        if self._closed_at is None or start_time <= self._closed_at:
            self._note(name, response_time, str(exception) if exception else "")

    def _note(self, name: str, milliseconds: float | None, problem: str) -> None:
        series = self._series[name]
        if milliseconds is not None:
            series.times.append(round(milliseconds, 3))
        if problem:
            series.failed[problem] = series.failed.get(problem, 0) + 1
