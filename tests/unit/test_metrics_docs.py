"""docs/metrics.md names what there is: every metric of ours, its kind and its labels."""

import importlib
import pkgutil
import re
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from telemetry import metrics

DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"
ROW = re.compile(r"^\| `(\w+)` \| (counter|gauge|histogram|info) \| ([\w` ]*?) ?\| (.+) \|$", re.MULTILINE)
SUFFIXES = {"counter": "_total", "info": "_info"}
LEAST = 50
"""So many are promised."""


def defined() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Kind and labels of each metric, by the name under which it is told."""
    modules = [importlib.import_module(f"{metrics.__name__}.{m.name}") for m in pkgutil.iter_modules(metrics.__path__)]
    found = [each for module in modules for each in vars(module).values() if isinstance(each, MetricWrapperBase)]
    kinds = {each: str(each._type) for each in found}
    return {f"{each._name}{SUFFIXES.get(kind, '')}": (kind, tuple(each._labelnames)) for each, kind in kinds.items()}


def test_every_metric_is_documented_as_it_is() -> None:
    """And none that is not there."""
    rows = ROW.findall(DOCS.read_text(encoding="utf-8"))
    documented = {name: (kind, tuple(re.findall(r"`(\w+)`", labels))) for name, kind, labels, _ in rows}
    assert len(documented) == len(rows), "each once"
    assert documented == defined()
    assert len(documented) >= LEAST
