"""Tables in Markdown, aligned so that a terminal shows them well: what docs/load.md has is what was printed."""

from collections.abc import Mapping, Sequence

from tests.load.result import Check, LoadTestResult

_HEADINGS = ("requests", "a second", "min", "mean", "p50", "p95", "p99", "max", "failed")


def results(title: str, rows: Sequence[LoadTestResult]) -> str:
    """A row for each; times in milliseconds."""
    return table((f"{title}, ms", *_HEADINGS), [_row(row) for row in rows])


def thresholds(checks: Sequence[Check]) -> str:
    """What was demanded beside what was reached."""
    rows = [(each.figure, each.demanded, each.reached, "missed" if each.failure else "held") for each in checks]
    return table(("threshold", "demanded", "reached", "verdict"), rows)


def processor(used: Mapping[str, float], seconds: float) -> str:
    """Which process has used how much of the machine."""
    rows = [(name, f"{cpu:.1f}", f"{cpu / seconds:.0%}") for name, cpu in used.items()]
    total = sum(used.values())
    return table(
        ("process", "CPU seconds", "of one core"), [*rows, ("together", f"{total:.1f}", f"{total / seconds:.0%}")]
    )


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The first column is words, the others are figures."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    rule = [f"{'-' * (width - bool(i))}{':' * bool(i)}" for i, width in enumerate(widths)]
    return "\n".join(_line(row, widths) for row in (headings, rule, *rows))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (
        cell.rjust(width) if i else cell.ljust(width) for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return f"| {' | '.join(padded)} |"


def _row(row: LoadTestResult) -> tuple[str, ...]:
    times = (row.min, row.mean, row.p50, row.p95, row.p99, row.max)
    failed = f"{row.failures_count:,}" + (f" ({row.failed_share:.1%})" if row.failed else "")
    return (row.name, f"{row.requests:,}", f"{row.throughput:,.1f}", *(f"{time:,.1f}" for time in times), failed)
