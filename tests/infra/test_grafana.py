"""Grafana's dashboards ask for metrics that there are, by labels that these have, and lie where Grafana looks."""

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.dashboards import GRAFANA, Dashboard, dashboards, families, faults, labels_of
from tests.support.prometheus import INFRA, ROOT, tool
from tests.support.promql import Use, groups, uses

ALL = dashboards()
NAMES = ["explorations", "graphql", "pictures", "service", "stores"]
SOURCES = (GRAFANA / "provisioning" / "datasources" / "continuum.yml").read_text(encoding="utf-8")
UIDS = frozenset(re.findall(r"^    uid: (\S+)$", SOURCES, re.MULTILINE))
NOT_SHOWN: frozenset[str] = frozenset()
"""Families that no dashboard shows."""
ALERTS = {
    "AnswersUnusable": [("explorations", "Answers of no use")],
    "BudgetSpendHigh": [("explorations", "Cost of an hour")],
    "CacheMissRateHigh": [("stores", "Looks that find nothing")],
    "CpuHigh": [("service", "CPU")],
    "DatabaseConnectionsHigh": [("stores", "Connections in use"), ("stores", "Connections")],
    "EventLoopLag": [("service", "Event-loop lag")],
    "ExplorationsFailing": [("explorations", "Explorations that fail")],
    "GraphQLErrorsHigh": [("graphql", "Errors of ours")],
    "HighErrorRate": [("service", "Requests that fail")],
    "HighResponseTime": [("service", "P95 of requests"), ("service", "Duration of requests")],
    "LeasesLost": [("explorations", "Leases lost")],
    "ProviderErrors": [("pictures", "Calls that fail")],
    "ProviderFallbacks": [("pictures", "Drawn instead")],
    "QueueStalled": [("explorations", "Oldest waits for"), ("explorations", "Age")],
    "RedisMemoryHigh": [("stores", "Share of the memory of Redis")],
    "SlowQueries": [("stores", "Slow calls")],
    "UnexpectedErrors": [("service", "Unexpected errors")],
}
"""Panels whose colour changes, or which have a line, where an alert fires."""
ANY_IS_TOO_MANY = [("service", "Alerts that fire"), ("stores", "Dependencies that are down")]


def by_name(name: str) -> Dashboard:
    """A dashboard."""
    return next(dashboard for dashboard in ALL if dashboard.name == name)


def limits(panel: dict[str, Any]) -> list[float]:
    """Where it becomes red."""
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    return [step["value"] for step in steps[1:] if step["color"] == "red"]


def rule(alert: str) -> str:
    """The expression of an alert's rule."""
    rules = "\n".join(file.read_text(encoding="utf-8") for file in sorted((INFRA / "prometheus" / "rules").glob("*")))
    return rules.partition(f"- alert: {alert}\n")[2].partition("labels:")[0]


def test_there_are_five_dashboards() -> None:
    """Service, GraphQL, explorations, stores and pictures, each under a name of its own that never changes."""
    assert [dashboard.name for dashboard in ALL] == NAMES
    assert [dashboard.model["uid"] for dashboard in ALL] == [f"continuum-{name}" for name in NAMES]
    assert len({dashboard.model["title"] for dashboard in ALL}) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_wrong_with_a_dashboard(name: str) -> None:
    """All its metrics and labels exist, all panels are explained, have units and a place of their own."""
    assert faults(by_name(name), UIDS) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_dashboard_is_readable_as_a_file(name: str) -> None:
    """It is indented by two, so that a change shows as what it is."""
    text = (GRAFANA / "dashboards" / f"{name}.json").read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("name", NAMES)
def test_a_dashboard_leads_to_the_others(name: str) -> None:
    """By a link that keeps the processes and the time, which all of them choose in the same way."""
    model = by_name(name).model
    assert [(link["type"], link["tags"], link["includeVars"], link["keepTime"]) for link in model["links"]] == [
        ("dashboards", model["tags"], True, True)
    ]
    assert [variable["name"] for variable in model["templating"]["list"]] == ["job", "instance"]
    assert model["templating"] == ALL[0].model["templating"]


def test_every_metric_is_shown() -> None:
    """What is worth counting is worth a look: each family is in a panel, but for those that are named here."""
    asked = {use.metric for dashboard in ALL for query in dashboard.queries for use in uses(query.expression)}
    shown = {families()[metric]._name for metric in asked & families().keys()}
    assert {metric._name for metric in families().values()} - shown == NOT_SHOWN
    assert len(shown) >= 50


def test_prometheus_understands_every_expression(tmp_path: Path) -> None:
    """All expressions of panels and of annotations are PromQL, as promtool reads it."""
    queries = [query for dashboard in ALL for query in dashboard.queries + dashboard.annotations]
    rules = [{"record": f"panel:{place}", "expr": q.filled("1m", "1h")} for place, q in enumerate(queries)]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}), encoding="utf-8")
    answer = tool("promtool", "check", "rules", file)
    assert answer.returncode == 0, answer.stdout
    assert f"{len(rules)} rules found" in answer.stdout


@pytest.mark.parametrize("alert", ALERTS)
def test_a_line_is_where_its_alert_fires(alert: str) -> None:
    """The first figure that the rule compares with is where its panels become red; a line says which alert it is."""
    [figure, *_] = re.findall(r" [<>]=? ([\d.]+)", rule(alert))
    for name, title in ALERTS[alert]:
        for panel in (panel for panel in by_name(name).panels if panel["title"] == title and limits(panel)):
            assert limits(panel) == [float(figure)], rule(alert)
            assert panel["type"] == "stat" or f"{alert} fires." in panel["description"]


def test_every_red_belongs_to_an_alert() -> None:
    """No panel becomes red at a figure that nothing holds."""
    red = {(dashboard.name, panel["title"]) for dashboard in ALL for panel in dashboard.panels if limits(panel)}
    assert red == {place for places in ALERTS.values() for place in places}.union(ANY_IS_TOO_MANY)
    assert all(limits(by_name(name).panel(title)) == [1] for name, title in ANY_IS_TOO_MANY)


def test_grafana_is_told_where_all_this_lies() -> None:
    """The page on dashboards mounts the files where the provider looks for them, and the data sources' uids are two."""
    provider = (GRAFANA / "provisioning" / "dashboards" / "continuum.yml").read_text(encoding="utf-8")
    [path] = re.findall(r"^      path: (\S+)$", provider, re.MULTILINE)
    page = (ROOT / "docs" / "dashboards.md").read_text(encoding="utf-8")
    assert f"infra/grafana/dashboards:{path}:ro" in page
    assert "infra/grafana/provisioning:/etc/grafana/provisioning:ro" in page
    assert {"continuum-prometheus", "continuum-jaeger"} == UIDS
    [told] = yaml.safe_load(provider)["providers"]
    assert (told["type"], told["allowUiUpdates"], told["disableDeletion"]) == ("file", False, True)
    assert told["updateIntervalSeconds"] <= 60


def test_grafana_asks_in_their_own_way() -> None:
    """Each data source by the program that it is, through Grafana, and Prometheus at the interval of its scrapes."""
    sources = {source["uid"]: source for source in yaml.safe_load(SOURCES)["datasources"]}
    assert {uid: source["type"] for uid, source in sources.items()} == {uid: uid.partition("-")[2] for uid in UIDS}
    assert {(source["access"], source["editable"]) for source in sources.values()} == {("proxy", False)}
    assert [uid for uid, source in sources.items() if source.get("isDefault")] == ["continuum-prometheus"]
    scraped = {
        yaml.safe_load((INFRA / "prometheus" / name).read_text(encoding="utf-8"))["global"]["scrape_interval"]
        for name in ("prometheus.yml", "compose.yml")
    }
    assert scraped == {sources["continuum-prometheus"]["jsonData"]["timeInterval"]}


@pytest.mark.parametrize("name", NAMES)
def test_the_page_names_panels_that_there_are(name: str) -> None:
    """Each question of the page on dashboards is answered by panels, or rows of them, of that dashboard."""
    page = (ROOT / "docs" / "dashboards.md").read_text(encoding="utf-8")
    table = page.partition(f"(`/d/continuum-{name}`)")[2].partition("\n**")[0].partition("\n## ")[0]
    cells = re.findall(r"^\| [^|]+\? \| ([^|:]+)", table, re.MULTILINE)
    named = {title.strip() for cell in cells for title in cell.split(", ")}
    assert len(named) >= 5
    assert named <= {panel["title"] for panel in by_name(name).model["panels"]}


Change = Callable[[dict[str, Any]], None]


def _expression(old: str, new: str) -> Change:
    """A change of every expression that has this text."""

    def change(model: dict[str, Any]) -> None:
        for panel in model["panels"]:
            for target in panel.get("targets", []):
                target["expr"] = target["expr"].replace(old, new)

    return change


def _at_first_panel(**changes: Any) -> Change:
    """A change of the first panel below the first heading."""
    return lambda model: model["panels"][1].update(changes)


WRONG: dict[str, tuple[Change, str]] = {
    "a misspelt metric": (
        _expression("http_requests_total", "http_request_total"),
        "unknown metric http_request_total",
    ),
    "a counter without its ending": (_expression("errors_total", "errors"), "unknown metric errors"),
    "a label to group by": (_expression("by (endpoint)", "by (route)"), r"http_requests_total without \['route'\]"),
    "a label to choose by": (_expression("status=~", "code=~"), r"http_requests_total without \['code'\]"),
    "a lost bound of buckets": (_expression("by (le", "by (bucket"), r"_bucket without \['bucket'\]"),
    "a rate of a gauge": (
        _expression("rate(process_cpu_seconds_total", "rate(event_loop_lag_seconds"),
        "rate of the gauge",
    ),
    "a rate that nobody chose": (_expression("$__rate_interval", "1m"), "a rate over 1m"),
    "an annotation of nothing": (
        lambda model: model["annotations"]["list"][0].update(expr='ALERT{alertstate="firing"}'),
        "unknown metric ALERT ",
    ),
    "no choice of processes": (_expression(', instance=~"$instance"', ""), "whatever the job and the instance"),
    "a legend of nothing": (_expression("by (endpoint) ", ""), r"the legend's \['endpoint'\]"),
    "another data source": (_at_first_panel(datasource={"uid": "elsewhere"}), "data source elsewhere"),
    "an overlap": (_at_first_panel(gridPos={"x": 0, "y": 6, "w": 24, "h": 2}), "Processes that answer overlaps"),
    "a panel too wide": (_at_first_panel(gridPos={"x": 23, "y": 90, "w": 4, "h": 4}), "outside of the grid"),
    "an id twice": (_at_first_panel(id=3), "two panels have one id"),
    "no description": (_at_first_panel(description=""), "not described in one sentence"),
    "no unit": (_at_first_panel(fieldConfig={"defaults": {}}), "has no unit"),
}


@pytest.mark.parametrize(("change", "fault"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_found(change: Change, fault: str) -> None:
    """A fault that is made in a dashboard is named."""
    model = copy.deepcopy(dict(by_name("service").model))
    change(model)
    found = faults(Dashboard("service", model), UIDS)
    assert any(re.search(fault, line) for line in found), found


def test_how_expressions_are_read() -> None:
    """Metrics with the labels that choose and group them, whatever stands around."""
    expression = (
        'topk(3, sum by (a, b) (rate(x_total{c="}", d!~"e"}[5m]))) / on(f) group_left max(y) or z offset 5m '
        'and label_replace(0 * count(up{g="h"} == 1), "made", "none", "", "")'
    )
    assert uses(expression) == [
        Use("x_total", frozenset("cd"), frozenset("ab"), aggregated=True),
        Use("y", frozenset(), frozenset(), aggregated=True),
        Use("z", frozenset(), frozenset(), aggregated=False),
        Use("up", frozenset("g"), frozenset(), aggregated=True),
    ]
    assert groups(expression) == {"a", "b"}


@pytest.mark.parametrize(
    ("metric", "labels"),
    [
        ("http_requests_total", ["endpoint", "instance", "job", "method", "status"]),
        ("http_request_duration_seconds_bucket", ["endpoint", "instance", "job", "le", "method"]),
        ("http_request_duration_seconds_sum", ["endpoint", "instance", "job", "method"]),
        ("http_request_duration_seconds", None),
        ("process_open_fds", ["instance", "job"]),
    ],
)
def test_which_labels_metrics_have(metric: str, labels: list[str] | None) -> None:
    """Those that they are declared with, those of their kind, and the two that Prometheus adds."""
    found = labels_of(metric)
    assert (found if found is None else sorted(found)) == labels
