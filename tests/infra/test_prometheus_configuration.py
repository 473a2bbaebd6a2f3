"""What Prometheus scrapes: both configurations are sound, and of a cluster's pods the right ones are found."""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.prometheus import INFRA, tool

FOLDER = INFRA / "prometheus"
KUBERNETES, COMPOSE = ((FOLDER / name).read_text() for name in ("prometheus.yml", "compose.yml"))
ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
API = {
    "pod_name": "api-1",
    "namespace": "continuum",
    "pod_node_name": "node-1",
    "pod_phase": "Running",
    "pod_container_port_name": "http",
    "pod_label_app_kubernetes_io_name": "continuum",
}
OTHER = {
    "pod_name": "redis-exporter-1",
    "namespace": "continuum",
    "pod_phase": "Running",
    "pod_label_app_kubernetes_io_name": "redis-exporter",
    "pod_annotation_prometheus_io_scrape": "true",
}
METRICS = "kube-state-metrics"
PROBER = "blackbox-exporter"
Target = Mapping[str, str]


def jobs(text: str) -> list[str]:
    """The names of its jobs."""
    return re.findall(r"^  - job_name: (\S+)$", text, re.MULTILINE)


def without_a_cluster(folder: Path, found: list[Target] | None = None) -> Path:
    """The configuration for Kubernetes where these targets are what each search of the cluster finds.

    Debian's Prometheus is built without that search, so its own few settings are not looked at here.
    """
    file = folder / "found.json"
    given = [{"targets": ["10.1.2.3:1234"], "labels": _meta(labels)} for labels in found or []]
    file.write_text(json.dumps(given))
    for name in ("ca.crt", "token"):
        (folder / name).write_text("")
    text, searches = re.subn(
        r"^    kubernetes_sd_configs:\n(?:      .*\n)+",
        f"    file_sd_configs: [{{files: [{file}]}}]\n",
        KUBERNETES,
        flags=re.MULTILINE,
    )
    assert searches == len(jobs(KUBERNETES)) - 2
    configuration = folder / "prometheus.yml"
    configuration.write_text(text.replace(ACCOUNT, str(folder)).replace("rules/*.yml", f"{FOLDER}/rules/*.yml"))
    return configuration


def _meta(labels: Target) -> Target:
    return {f"__meta_kubernetes_{name}": value for name, value in labels.items()}


def labels_of(folder: Path, job: str, found: Target) -> Mapping[str, str]:
    """The labels with which a job scrapes what was found; none: it does not."""
    configuration = without_a_cluster(folder, [found])
    said = tool("promtool", "check", "service-discovery", "--timeout=1s", configuration, job)
    return _found(said)


def _found(said: "subprocess.CompletedProcess[str]") -> Mapping[str, str]:
    answer = said.stdout[said.stdout.index("[\n") : said.stdout.rindex("]") + 1]
    (target,) = json.JSONDecoder().raw_decode(answer)[0]
    labels: dict[str, Any] = target["labels"]
    return {name: value for name, value in labels.items() if not name.startswith("__scrape_")}


def test_that_for_docker_compose_is_sound() -> None:
    """Promtool takes it, with all rules."""
    checked = tool("promtool", "check", "config", FOLDER / "compose.yml")
    assert checked.returncode == 0, checked.stdout
    assert checked.stdout.count("rules found") == len(list((FOLDER / "rules").iterdir()))


def test_that_for_kubernetes_is_sound(tmp_path: Path) -> None:
    """Promtool takes all of it but the searches of a cluster, of which each names a role that there is."""
    checked = tool("promtool", "check", "config", without_a_cluster(tmp_path))
    assert checked.returncode == 0, checked.stdout
    assert set(re.findall(r"- role: (\w+)", KUBERNETES)) <= {"pod", "endpoints", "node"}


@pytest.mark.parametrize("text", [KUBERNETES, COMPOSE])
def test_it_looks_every_quarter_of_a_minute(text: str) -> None:
    """Scrapes and rules: times of alerts are told in these steps."""
    assert "  scrape_interval: 15s\n" in text
    assert "  evaluation_interval: 15s\n" in text


def test_all_is_scraped_that_was_promised() -> None:
    """Prometheus, our processes, the API server, nodes, pods, Alertmanager; without a cluster, what there is."""
    ours = {"prometheus", "alertmanager", "continuum-api", "continuum-worker"}
    cluster = {"kubernetes-apiservers", "kubernetes-nodes", "kubernetes-cadvisor", "kubernetes-pods", METRICS}
    assert set(jobs(KUBERNETES)) == ours | cluster
    assert set(jobs(COMPOSE)) == ours | {"node-exporter", "blackbox-exporter"}


def test_the_blackbox_exporter_is_asked_about_whom_it_is_told(tmp_path: Path) -> None:
    """In Compose: it is scraped itself, and its answers are known by the address that they are about."""
    (tmp_path / "probes").mkdir()
    (tmp_path / "probes" / "ours.json").write_text('[{"targets": ["https://continuum.example.com"]}]')
    (tmp_path / "compose.yml").write_text(COMPOSE.replace("rules/*.yml", f"{FOLDER}/rules/*.yml"))
    labels = _found(tool("promtool", "check", "service-discovery", "--timeout=1s", tmp_path / "compose.yml", PROBER))
    about = "https://continuum.example.com"
    assert (labels["__address__"], labels["__metrics_path__"]) == (f"{PROBER}:9115", "/probe")
    assert (labels["instance"], labels["__param_target"], labels["__param_module"]) == (about, about, "http_2xx")


@pytest.mark.parametrize("job", ["continuum-api", "continuum-worker"])
def test_a_process_is_known_by_its_pod(job: str, tmp_path: Path) -> None:
    """It is scraped at the port that was found, under the job's name."""
    labels = labels_of(tmp_path, job, API)
    assert labels == {
        "__address__": "10.1.2.3:1234",
        "__metrics_path__": "/metrics",
        "__scheme__": "http",
        "instance": "10.1.2.3:1234",
        "job": job,
        "namespace": "continuum",
        "node": "node-1",
        "pod": "api-1",
    }


@pytest.mark.parametrize("other", [{"pod_phase": "Failed"}, {"pod_container_port_name": "admin"}])
def test_a_pod_that_ended_and_other_ports_are_left_alone(other: Target, tmp_path: Path) -> None:
    """They would look like a process that is down."""
    assert labels_of(tmp_path, "continuum-api", {**API, **other}) == {}


def test_another_pod_is_scraped_as_it_asks_for(tmp_path: Path) -> None:
    """Its annotations say where."""
    asked = {"port": "9121", "path": "/scrape", "scheme": "https"}
    labels = labels_of(
        tmp_path, "kubernetes-pods", {**OTHER, **{f"pod_annotation_prometheus_io_{k}": v for k, v in asked.items()}}
    )
    address, path, scheme = (labels[f"__{name}__"] for name in ("address", "metrics_path", "scheme"))
    assert (scheme, address, path) == ("https", "10.1.2.3:9121", "/scrape")
    assert (labels["pod"], labels["app"]) == ("redis-exporter-1", "redis-exporter")


def test_another_pod_that_says_nothing_more_is_scraped_as_usual(tmp_path: Path) -> None:
    """At the port that was found, and /metrics."""
    labels = labels_of(tmp_path, "kubernetes-pods", OTHER)
    assert (labels["__address__"], labels["__metrics_path__"]) == ("10.1.2.3:1234", "/metrics")


@pytest.mark.parametrize(
    "other",
    [
        {"pod_annotation_prometheus_io_scrape": "false"},
        {"pod_label_app_kubernetes_io_name": "continuum"},
        {"pod_label_app_kubernetes_io_name": METRICS},
        {"pod_phase": "Succeeded"},
    ],
)
def test_no_pod_is_scraped_twice_or_unasked(other: Target, tmp_path: Path) -> None:
    """Those that have a job of their own, those that do not want it, and those that have ended are left out."""
    assert labels_of(tmp_path, "kubernetes-pods", {**OTHER, **other}) == {}


@pytest.mark.parametrize(
    ("job", "path"), [("kubernetes-nodes", "metrics"), ("kubernetes-cadvisor", "metrics/cadvisor")]
)
def test_nodes_are_asked_through_the_api_server(job: str, path: str, tmp_path: Path) -> None:
    """So that a certificate is checked that somebody has signed."""
    labels = labels_of(tmp_path, job, {"node_name": "node-1"})
    assert labels["__address__"] == "kubernetes.default.svc:443"
    assert labels["__metrics_path__"] == f"/api/v1/nodes/node-1/proxy/{path}"


def test_the_api_server_is_found_by_its_service(tmp_path: Path) -> None:
    """And no other service beside it."""
    own = {"service_name": "kubernetes", "endpoint_port_name": "https"}
    assert labels_of(tmp_path, "kubernetes-apiservers", own)
    assert labels_of(tmp_path, "kubernetes-apiservers", {**own, "service_name": "other"}) == {}


def test_kube_state_metrics_is_found_by_its_service(tmp_path: Path) -> None:
    """At the port that tells of the cluster, not at that which tells of itself."""
    own = {"service_label_app_kubernetes_io_name": METRICS, "endpoint_port_name": "http"}
    assert labels_of(tmp_path, METRICS, own)
    assert labels_of(tmp_path, METRICS, {**own, "endpoint_port_name": "telemetry"}) == {}
    assert labels_of(tmp_path, METRICS, {**own, "service_label_app_kubernetes_io_name": "other"}) == {}


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_missing_program_is_told(ci: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    """By name and package: a developer's tests are skipped, those of continuous integration fail."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="no amtool: install Debian's package prometheus-alertmanager"):
        tool("amtool", "--version")
