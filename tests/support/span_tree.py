"""A trace as a text that a person can read: who called whom, when that began, and how long it took."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from tests.support.fake_collector import SeenSpan

SHOWN = ("continuum.keys", "http.response.status_code", "http.status_code", "continuum.step.depth")
"""What is told of a span beside its name."""


def tree(spans: Iterable[SeenSpan]) -> str:
    """One line for each span, below its parent, in the order in which they began. Where children of one name and
    process have each nothing below, the first stands for all of them."""
    below: defaultdict[str, list[SeenSpan]] = defaultdict(list)
    every = sorted(spans, key=lambda span: (span.began, span.ended))
    known = {span.id for span in every}
    for span in every:
        below[span.parent if span.parent in known else ""].append(span)
    lines = [(f"{'began':>9} {'took':>9}", "process", "span"), *_lines(below, "", "", every[0].began)]
    wide = max(len(process) for _, process, _ in lines)
    return "\n".join(f"{times}  {process:<{wide}}  {name}" for times, process, name in lines)


def _lines(
    below: defaultdict[str, list[SeenSpan]], parent: str, indent: str, zero: int
) -> Iterator[tuple[str, str, str]]:
    seen: set[tuple[str, str]] = set()
    for span in below[parent]:
        alike = [other for other in below[parent] if (other.name, other.process) == (span.name, span.process)]
        many = len(alike) > 1 and not any(below[other.id] for other in alike)
        if many and (span.name, span.process) in seen:
            continue
        seen.add((span.name, span.process))
        times = f"{(span.began - zero) / 1e6:>9.1f} {span.milliseconds:>9.1f}"
        yield (
            times,
            f"{span.service} {span.role}",
            f"{indent}{_described(span)}{f'  (1 of {len(alike)})' if many else ''}",
        )
        yield from _lines(below, span.id, f"{indent}  ", zero)


def _described(span: SeenSpan) -> str:
    told = [f"{name.rpartition('.')[2]}={span.attributes[name]}" for name in SHOWN if name in span.attributes]
    failed = [span.message] if span.status == "error" else []
    return "  ".join([span.name, *told, *failed])
