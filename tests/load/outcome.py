"""What came of a run: the results by name and all together, and the verdict on them."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.load.following import Tally
from tests.load.operations import KINDS, SUBSCRIBER_KINDS
from tests.load.plan import Samples, Series
from tests.load.profiles import Thresholds
from tests.load.result import LoadTestResult

ALL = "all requests"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Figures of one run."""

    rows: Sequence[LoadTestResult]
    """Of each kind of request."""
    total: LoadTestResult
    subscribers: Sequence[LoadTestResult]
    """Of what subscribers wait for; not in the total."""
    tally: Tally

    @classmethod
    def of(cls, samples: Samples) -> "Outcome":
        """Of what was measured. Kinds that nobody asked have a row of nothing."""
        series = {kind: samples.series.get(kind, Series()) for kind in KINDS}
        rows = [_result(kind, [each], samples.steady_seconds) for kind, each in series.items()]
        reasons = {kind: {f"{kind}: {why}": n for why, n in each.failed.items()} for kind, each in series.items()}
        together = [Series(each.times, reasons[kind], each.steady) for kind, each in series.items()]
        heard = {kind: samples.series.get(kind, Series()) for kind in SUBSCRIBER_KINDS}
        return cls(
            rows,
            _result(ALL, together, samples.steady_seconds),
            [_result(kind, [each], samples.steady_seconds) for kind, each in heard.items()],
            samples.tally,
        )

    def failures(self, thresholds: Thresholds) -> tuple[str, ...]:
        """Each threshold that does not hold, in words. Events in order are promised, so no gap is allowed."""
        gaps = self.tally.gaps
        missed = (
            [f"subscribers: {gaps:,} of {self.tally.events:,} events did not follow the one before"] if gaps else []
        )
        broken = [
            failure
            for each in self.subscribers
            for failure in each.failures(Thresholds(failed_share=thresholds.failed_share))
        ]
        return (*self.total.failures(thresholds), *missed, *broken)

    def exit_code(self, thresholds: Thresholds) -> int:
        """0: all hold."""
        return 1 if self.failures(thresholds) else 0

    def write(self, file: Path) -> None:
        """For `read`."""
        file.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> "Outcome":
        """As `write` left it."""
        told = json.loads(file.read_text(encoding="utf-8"))
        rows, subscribers = ([LoadTestResult.read(row) for row in told[name]] for name in ("rows", "subscribers"))
        return cls(rows, LoadTestResult.read(told["total"]), subscribers, Tally(**told["tally"]))


def _result(name: str, series: Iterable[Series], steady_seconds: float) -> LoadTestResult:
    """Of several series as if they were one. Answers per second are those while all users were there."""
    times, failed, steady = [], Counter[str](), 0
    for each in series:
        times.extend(each.times)
        failed.update(each.failed)
        steady += each.steady
    return LoadTestResult.of(name, times, dict(failed), steady / steady_seconds if steady_seconds else 0.0)


def of_calls(name: str, times: Sequence[float], failed: Mapping[str, int]) -> LoadTestResult:
    """Of calls that were made one after another, so that their times add up to all of the time."""
    return LoadTestResult.of(name, times, failed, 1e3 * len(times) / sum(times) if times else 0.0)
