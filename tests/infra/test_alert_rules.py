"""The alerts: each has cases, stands on metrics that there are, is explained, and no number of it is beyond a case."""

import re
from pathlib import Path

import prometheus_client
import pytest

import telemetry.metrics.cache
import telemetry.metrics.graph
import telemetry.metrics.graphql
import telemetry.metrics.http
import telemetry.metrics.store
import telemetry.metrics.system
import telemetry.metrics.work  # noqa: F401 - these imports are what registers the metrics
from tests.support.alert_rules import CASES, RULES, Alert, alerts
from tests.support.prometheus import ROOT, tool
from tests.support.promql import uses

SEVERITIES = {"critical", "warning", "info"}
FOREIGN = {
    "up": "Prometheus",
    "process_cpu_seconds_total": "prometheus_client",
    "process_start_time_seconds": "prometheus_client",
    "alertmanager_notifications_failed_total": "Alertmanager",
    "kube_pod_container_status_restarts_total": "kube-state-metrics",
    "kube_cronjob_status_last_successful_time": "kube-state-metrics",
    "kube_cronjob_created": "kube-state-metrics",
    "container_memory_working_set_bytes": "cAdvisor, in every kubelet",
    "container_spec_memory_limit_bytes": "cAdvisor, in every kubelet",
    "kubelet_volume_stats_available_bytes": "kubelet",
    "kubelet_volume_stats_capacity_bytes": "kubelet",
    "node_memory_MemAvailable_bytes": "node-exporter",
    "node_memory_MemTotal_bytes": "node-exporter",
    "node_filesystem_avail_bytes": "node-exporter",
    "node_filesystem_size_bytes": "node-exporter",
    "probe_ssl_earliest_cert_expiry": "blackbox-exporter",
    "certmanager_certificate_expiration_timestamp_seconds": "cert-manager",
    "nginx_ingress_controller_ssl_expire_time_seconds": "ingress-nginx",
}
"""Metrics of others that alerts stand on, and who has them."""
NEEDED = {
    *("ContinuumDown", "Neo4jDown", "RedisDown", "PodCrashLooping", "HighErrorRate", "HighResponseTime"),
    *("DatabaseConnectionsHigh", "SlowQueries", "RedisMemoryHigh", "CacheMissRateHigh", "CpuHigh", "MemoryHigh"),
    *("QueueStalled", "ExplorationsFailing", "LeasesLost", "ProviderErrors", "ProviderFallbacks", "BudgetSpendHigh"),
    *("DiskFilling", "CertificateExpiring", "EventLoopLag"),
}
every_alert = pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert.name)


ADDED = {"job", "instance", "le"}
"""Labels that Prometheus adds, and that of the bounds of a histogram."""


def ours() -> dict[str, set[str]]:
    """The names of all series that our metrics have, and their labels."""
    found = prometheus_client.REGISTRY._names_to_collectors.items()
    known = {name: set(getattr(collector, "_labelnames", ())) for name, collector in found}
    return known | {"application_info": {"name", "version"}}


def test_all_that_were_promised_are_there() -> None:
    """There are at least 18 alerts, these among them, no two of one name."""
    names = [alert.name for alert in alerts()]
    assert set(names) >= NEEDED
    assert len(names) == len(set(names)) >= 18
    assert len(names) == sum(file.read_text().count("- alert:") for file in RULES.iterdir())


def test_the_rules_are_sound() -> None:
    """Promtool takes every file, and finds no rule twice."""
    checked = tool("promtool", "check", "rules", "--lint=all", "--lint-fatal", *sorted(RULES.iterdir()))
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("cases", sorted(CASES.iterdir()), ids=lambda path: path.name)
def test_cases_hold(cases: Path) -> None:
    """What fires and what stays silent does so over the rules as they are shipped, all of a file together."""
    tested = tool("promtool", "test", "rules", cases.name, cwd=CASES)
    assert tested.returncode == 0, tested.stdout


@every_alert
def test_each_fires_in_one_case_and_is_silent_in_another(alert: Alert) -> None:
    """Cases are called after their alert, and none of another alert is among them."""
    fires = [case for case in alert.cases if "exp_alerts:" in case]
    silent = [case for case in alert.cases if "exp_alerts:" not in case]
    assert fires
    assert silent
    assert all(set(re.findall(r"alertname: (\w+)", case)) == {alert.name} for case in alert.cases)


@pytest.mark.system
@every_alert
def test_no_number_is_beyond_the_cases(alert: Alert, tmp_path: Path) -> None:
    """A threshold, a time or a factor that is changed a little breaks a case."""
    unchanged = tool("promtool", "test", "rules", alert.write(tmp_path, alert.text))
    assert unchanged.returncode == 0, unchanged.stdout
    unnoticed = [
        told
        for told, text in alert.changed()
        if tool("promtool", "test", "rules", alert.write(tmp_path, text)).returncode == 0
    ]
    assert not unnoticed


@every_alert
def test_each_stands_on_metrics_that_there_are(alert: Alert) -> None:
    """A metric of an alert is one of ours, with labels that it has, or of a program that is named."""
    used, known = uses(alert.expression), ours()
    assert used
    assert not {use.metric for use in used} - known.keys() - FOREIGN.keys()
    labels = [(use.metric, use.labels - known[use.metric] - ADDED) for use in used if use.metric in known]
    assert not [(metric, strange) for metric, strange in labels if strange and metric not in FOREIGN]


@every_alert
def test_each_says_who_is_told_and_what(alert: Alert) -> None:
    """Severity, summary, description, and a page that explains it under its name."""
    assert alert.severity in SEVERITIES
    assert "summary: " in alert.text
    assert "description: " in alert.text
    assert alert.runbook == f"docs/operations/alerts.md#{alert.name.lower()}"


def test_the_page_explains_each_alert_and_no_other() -> None:
    """What the links of alerts name is there, and says what to look at and what to do; the page has no stale one."""
    page = (ROOT / "docs" / "operations" / "alerts.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL))
    assert sections.keys() == {alert.name for alert in alerts()}
    lacking = {
        (name, part)
        for name, text in sections.items()
        for part in ("**Means.**", "**Users.**", "**Look.**", "**Do.**", "**Worry.**")
        if part not in text
    }
    assert not lacking


def test_links_of_the_page_lead_somewhere() -> None:
    """Each file that it links to is there, with a heading for the anchor."""
    page = ROOT / "docs" / "operations" / "alerts.md"
    links = re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", page.read_text(encoding="utf-8"))
    assert links
    lost = [
        (file, anchor)
        for file, anchor in links
        if anchor and anchor not in _anchors((page.parent / file) if file else page)
    ]
    assert not lost
    assert not [file for file, _ in links if file and not (page.parent / file).is_file()]


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_alert
def test_the_page_tells_the_severity(alert: Alert) -> None:
    """It stands in the page's first table, beside the alert's link."""
    page = (ROOT / "docs" / "operations" / "alerts.md").read_text(encoding="utf-8")
    assert f"| [{alert.name}](#{alert.name.lower()}) | {alert.severity} |" in page
