"""Grafana's dashboards as they lie in infra/: what they ask Prometheus, and what is wrong with them."""

import importlib
import itertools
import json
import pkgutil
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

import telemetry.metrics
from tests.support.promql import Use, groups, rated, uses

GRAFANA = Path(__file__).parents[2] / "infra" / "grafana"
_FIXED = 10
"""Minutes that an alert looks back; a shorter time is Grafana's to choose."""
WIDTH = 24
"""Columns of Grafana's grid."""
TARGET = frozenset({"job", "instance"})
"""Labels that Prometheus adds to all it scrapes."""
INFO = {"application_info": {"name", "version"}, "knowledge_source_info": {"source", "model"}}
"""Labels of metrics that are all labels: no declaration names them."""
OF_PROMETHEUS = {"up": TARGET, "ALERTS": TARGET | {"alertname", "alertstate", "severity"}}
SAMPLES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",), "info": ("_info",)}


@dataclass(frozen=True, slots=True)
class Query:
    """One question of a panel."""

    dashboard: str
    panel: str
    expression: str
    instant: bool
    legend: str

    def __str__(self) -> str:
        return f"{self.dashboard}: {self.panel}: {self.expression}"

    def filled(self, interval: str, span: str) -> str:
        """The expression as Grafana sends it: for all processes, with rates over so long, of so long a time."""
        text = self.expression.replace("$__rate_interval", interval).replace("$__range", span)
        filled = text.replace("$job", "continuum-(api|worker)").replace("$instance", ".+")
        assert "$" not in filled, f"{self} has a variable that nobody knows"
        return filled


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A file of infra/grafana/dashboards."""

    name: str
    model: Mapping[str, Any]

    @property
    def panels(self) -> list[dict[str, Any]]:
        """All that show something: rows are headings."""
        return [panel for panel in self.model["panels"] if panel["type"] != "row"]

    @property
    def queries(self) -> list[Query]:
        """All that it asks for its panels."""
        return [
            Query(self.name, panel["title"], target["expr"], target["instant"], target["legendFormat"])
            for panel in self.panels
            for target in panel["targets"]
        ]

    @property
    def annotations(self) -> list[Query]:
        """What it asks for marks on the axis of time."""
        marks = self.model["annotations"]["list"]
        return [
            Query(self.name, mark["name"], mark["expr"], instant=False, legend=mark["titleFormat"]) for mark in marks
        ]

    def panel(self, title: str) -> dict[str, Any]:
        """The last one of this title: lines, where a figure at the top has the same title."""
        return [panel for panel in self.panels if panel["title"] == title][-1]


def dashboards() -> list[Dashboard]:
    """All of them."""
    files = sorted((GRAFANA / "dashboards").glob("*.json"))
    return [Dashboard(file.stem, json.loads(file.read_text(encoding="utf-8"))) for file in files]


@cache
def families() -> Mapping[str, MetricWrapperBase]:
    """The metrics of `telemetry.metrics`, by the names of their samples."""
    found: dict[str, MetricWrapperBase] = {}
    for module in pkgutil.iter_modules(telemetry.metrics.__path__):
        members = vars(importlib.import_module(f"telemetry.metrics.{module.name}"))
        for metric in members.values():
            if isinstance(metric, MetricWrapperBase):
                found |= {metric._name + ending: metric for ending in SAMPLES[str(metric._type)]}
    return found


@cache
def _of_the_library() -> frozenset[str]:
    named = {sample.name for family in REGISTRY.collect() for sample in family.samples}
    return frozenset(name for name in named if name.startswith(("process_", "python_")))


def labels_of(metric: str) -> frozenset[str] | None:
    """The labels that samples of a metric have in Prometheus; nothing for a metric that there is not."""
    if metric in OF_PROMETHEUS:
        return frozenset(OF_PROMETHEUS[metric])
    if metric in _of_the_library():
        return TARGET | ({"generation"} if metric.startswith("python_gc") else frozenset())
    if metric not in families():
        return None
    le = {"le"} if metric.endswith("_bucket") else set()
    return TARGET.union(families()[metric]._labelnames, le, INFO.get(metric, ()))


def faults(dashboard: Dashboard, sources: frozenset[str]) -> list[str]:
    """What is wrong with a dashboard, given the uids of the data sources that there are."""
    found = [*_misplaced(dashboard), *_unexplained(dashboard)]
    found += [f"data source {uid}" for uid in sorted(_sources(dashboard.model) - sources)]
    for query in dashboard.queries + dashboard.annotations:
        found += [f"{fault} in {query}" for fault in _misused(query)]
    return found


def _misplaced(dashboard: Dashboard) -> Iterator[str]:
    ids = [panel["id"] for panel in dashboard.model["panels"]]
    if len(set(ids)) < len(ids):
        yield "two panels have one id"
    places = [(panel["title"], panel["gridPos"]) for panel in dashboard.model["panels"]]
    for title, place in places:
        if place["x"] < 0 or place["x"] + place["w"] > WIDTH:
            yield f"{title} lies outside of the grid"
    for (one, a), (other, b) in itertools.combinations(places, 2):
        if _meet(a, b, "x", "w") and _meet(a, b, "y", "h"):
            yield f"{one} overlaps {other}"


def _meet(a: Mapping[str, int], b: Mapping[str, int], start: str, length: str) -> bool:
    return a[start] < b[start] + b[length] and b[start] < a[start] + a[length]


def _unexplained(dashboard: Dashboard) -> Iterator[str]:
    for panel in dashboard.panels:
        if not re.fullmatch(r"[A-Z](?:[^.]|\.\d)*\.", panel.get("description", "")):
            yield f"{panel['title']} is not described in one sentence"
        if not panel["fieldConfig"]["defaults"].get("unit"):
            yield f"{panel['title']} has no unit"


def _sources(model: Any) -> set[str]:
    """The uids of all data sources that are named anywhere in a dashboard."""
    if isinstance(model, dict):
        here = {model["datasource"]["uid"]} if "datasource" in model else set()
        return here.union(*map(_sources, model.values()))
    return set().union(*map(_sources, model)) if isinstance(model, list) else set()


def _misused(query: Query) -> Iterator[str]:
    for use in uses(query.expression):
        yield from _misnamed(use)
    for metric in rated(query.expression):
        if metric in families() and families()[metric]._type == "gauge":
            yield f"the rate of the gauge {metric}"
    for minutes in re.findall(r"\[(\d+)m\]", query.expression):
        if int(minutes) < _FIXED:
            yield f"a rate over {minutes}m, whatever time is looked at"
    shown = set(re.findall(r"{{(\w+)}}", query.legend))
    if missing := shown - _kept(query.expression):
        yield f"the legend's {sorted(missing)}"


def _misnamed(use: Use) -> Iterator[str]:
    labels = labels_of(use.metric)
    if labels is None:
        yield f"unknown metric {use.metric}"
        return
    if wrong := use.labels - labels:
        yield f"{use.metric} without {sorted(wrong)}"
    if use.metric != "ALERTS" and not use.matched >= TARGET:
        yield f"{use.metric} whatever the job and the instance"


def _kept(expression: str) -> set[str]:
    """Labels that a result can have."""
    bare = [use.metric for use in uses(expression) if not use.aggregated]
    made = re.findall(r'label_replace\(.*?, "(\w+)", "[^"]*", "", ""\)', expression)
    return set(made).union(groups(expression), *(labels_of(metric) or () for metric in bare))
