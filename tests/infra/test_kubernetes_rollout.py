"""What was promised of the deployment: how many there are, how they are replaced, who is asked what and when."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from telemetry.metrics import work
from tests.support.manifest_capacity import quantity, replicas
from tests.support.manifest_network import PROMETHEUS
from tests.support.manifest_references import routes, settings_of
from tests.support.manifests import (
    KUBERNETES,
    OVERLAYS,
    ROOT,
    Document,
    Manifests,
    build,
    copied_to,
    matches,
    rendered,
    values_of,
)
from tests.support.workflow_checks import DEPLOYMENTS

CLIENTS = {"/", "/assets/{name}", "/graphiql", "/graphql", "/images/{id}"}
"""What is meant for clients; /metrics, /health and /ready are not."""
_NGINX = "nginx.ingress.kubernetes.io"


@pytest.fixture(params=["staging", "production"])
def manifests(request: pytest.FixtureRequest) -> Manifests:
    """Of the overlays that other people use."""
    return rendered(request.param, every=True)


def container(m: Manifests, name: str) -> Document:
    """The one of a workload."""
    [found] = m.workload(name).containers
    return found


def test_there_are_three_to_ten(manifests: Manifests) -> None:
    """By load of processor and memory; and nobody else has a word on their number, or it would jump at each rollout."""
    api = manifests.workload("api")
    assert replicas(manifests, api) == (3, 10)
    assert "replicas" not in api.document["spec"]
    metrics = manifests.one("HorizontalPodAutoscaler", "api")["spec"]["metrics"]
    targets = {m["resource"]["name"]: m["resource"]["target"]["averageUtilization"] for m in metrics}
    assert targets == {"cpu": 70, "memory": 80}
    assert manifests.one("PodDisruptionBudget", "api")["spec"]["minAvailable"] == 2


def test_on_a_developers_machine_there_is_one_of_each() -> None:
    """No autoscaler makes three of it and no budget holds it; an image without a tag would be looked for outside."""
    m = rendered("dev")
    assert {replicas(m, workload) for workload in m.workloads()} == {(1, 1)}
    assert m.of("HorizontalPodAutoscaler", "PodDisruptionBudget", "Ingress") == []
    assert container(m, "api")["image"] == "continuum:local"


def test_an_api_pod_has_what_was_agreed(manifests: Manifests) -> None:
    """A quarter of a core and half a gibibyte, asked for and no more."""
    figures = {"cpu": "250m", "memory": "512Mi"}
    assert container(manifests, "api")["resources"] == {"requests": figures, "limits": figures}


@pytest.mark.parametrize(("overlay", "rolling"), [("staging", (1, 1)), ("production", (1, 0))])
def test_pods_are_replaced_one_by_one(overlay: str, rolling: tuple[int, int]) -> None:
    """In production none goes before its successor is ready; a rollout is given as long as the pipeline waits."""
    spec = rendered(overlay).workload("api").document["spec"]
    update = spec["strategy"]["rollingUpdate"]
    assert (update["maxSurge"], update["maxUnavailable"]) == rolling
    waited = 60 * DEPLOYMENTS[overlay]
    for name in ("api", "worker"):
        spec = rendered(overlay).workload(name).document["spec"]
        assert spec["progressDeadlineSeconds"] == waited
        assert spec["revisionHistoryLimit"] > 0  # or there would be nothing to go back to
        assert spec["minReadySeconds"] > 0  # or one that ends at once would count as serving
    assert rendered(overlay).workload("worker").document["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


@pytest.mark.parametrize("name", ["api", "worker"])
def test_life_is_asked_for_every_30_s_and_readiness_every_10(manifests: Manifests, name: str) -> None:
    """Liveness depends on nothing outside the process; the start may take longer than a store is waited for."""
    asked = container(manifests, name)
    path = {kind: asked[kind]["httpGet"]["path"] for kind in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert path == {"startupProbe": "/health", "livenessProbe": "/health", "readinessProbe": "/ready"}
    assert (asked["livenessProbe"]["periodSeconds"], asked["readinessProbe"]["periodSeconds"]) == (30, 10)
    start = asked["startupProbe"]["periodSeconds"] * asked["startupProbe"]["failureThreshold"]
    assert start > settings_of(manifests, asked).startup_wait_seconds


def test_a_pod_that_goes_waits_until_everybody_knows(manifests: Manifests) -> None:
    """Five seconds before SIGTERM."""
    assert container(manifests, "api")["lifecycle"]["preStop"]["sleep"]["seconds"] == 5


def test_pods_of_one_kind_are_spread(manifests: Manifests) -> None:
    """Over nodes and over zones."""
    for name in ("api", "worker"):
        spread = manifests.workload(name).pod["topologySpreadConstraints"]
        keys = {constraint["topologyKey"] for constraint in spread}
        assert keys == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}
        # As evenly as can be; but none waits for another node, and those of the release before do not count.
        assert {(c["maxSkew"], c["whenUnsatisfiable"]) for c in spread} == {(1, "ScheduleAnyway")}
        assert all(constraint["matchLabelKeys"] == ["pod-template-hash"] for constraint in spread)


def test_workers_follow_the_queue(manifests: Manifests) -> None:
    """By its depth and by the age of its oldest job, as the program measures them; a share for each worker is what one
    takes at once."""
    worker = manifests.workload("worker")
    assert replicas(manifests, worker) == (2, 10)
    chosen = rendered("production")
    assert replicas(chosen, chosen.workload("worker")) == (2, 2)  # where nobody looks at it
    assert "replicas" not in worker.document["spec"]
    depth, age = manifests.one("ScaledObject", "worker")["spec"]["triggers"]
    assert work.QUEUE_DEPTH._name in depth["metadata"]["query"]
    assert work.QUEUE_AGE._name in age["metadata"]["query"]
    at_once = settings_of(manifests, container(manifests, "worker")).explorations_at_once
    assert (int(depth["metadata"]["threshold"]), depth["metricType"]) == (at_once, "AverageValue")
    assert age["metricType"] == "Value"  # not a share of it for each worker
    for trigger in (depth["metadata"], age["metadata"]):
        host = str(urlsplit(trigger["serverAddress"]).hostname)
        assert (host, trigger["ignoreNullValues"]) == (f"prometheus.{PROMETHEUS.namespace}.svc", "false")
    spare = manifests.one("ScaledObject", "worker")["spec"]["fallback"]
    assert 2 <= spare["replicas"] <= 10


def test_prometheus_finds_the_processes() -> None:
    """By the labels and the name of the port that prometheus.yml asks for, in the namespace that it looks in."""
    m = rendered("production")
    text = (ROOT / "infra" / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    jobs = {job["job_name"]: job for job in yaml.safe_load(text)["scrape_configs"]}
    for name in ("api", "worker"):
        job = jobs[f"continuum-{name}"]
        [discovery] = job["kubernetes_sd_configs"]
        assert set(discovery["namespaces"]["names"]) == m.names("Namespace")
        wanted = dict(pair.split("=") for pair in discovery["selectors"][0]["label"].split(","))
        assert [w.name for w in m.workloads() if matches({"matchLabels": wanted}, w.labels)] == [name]
        kept = {r["regex"] for r in job["relabel_configs"] if r.get("action") == "keep"}
        assert kept == set(m.workload(name).ports)


def option(m: Manifests, name: str, wanted: str) -> str:
    """The value of an option of a server."""
    args: list[str] = container(m, name)["args"]
    return args[args.index(wanted) + 1]


def test_the_queue_is_kept_and_the_cache_is_not() -> None:
    """One Redis logs every write and evicts nothing; the other keeps 256 MB and writes nothing."""
    m = rendered("production")
    assert (option(m, "redis", "--appendonly"), option(m, "redis", "--maxmemory-policy")) == ("yes", "noeviction")
    cache = ("--save", "--appendonly", "--maxmemory", "--maxmemory-policy")
    assert [option(m, "redis-cache", o) for o in cache] == ["", "no", "256mb", "allkeys-lru"]
    settings = settings_of(m, container(m, "worker"))
    urls = [url.get_secret_value() for url in (settings.redis_url, settings.redis_cache_url) if url]
    assert [url.partition("@")[2] for url in urls] == ["redis:6379/0", "redis-cache:6379/0"]


def test_what_must_last_lies_on_disks(manifests: Manifests) -> None:
    """10 GiB for the graph, 5 GiB for the queue, and some for traces."""
    sizes: dict[str, Any] = {
        s["metadata"]["name"]: s["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"]["storage"]
        for s in manifests.of("StatefulSet")
    }
    assert sizes == {"neo4j": "10Gi", "redis": "5Gi"}
    traces = manifests.one("PersistentVolumeClaim", "jaeger")["spec"]["resources"]["requests"]["storage"]
    assert quantity(traces) >= 2**30


def test_jaeger_listens_where_its_configuration_says() -> None:
    """What Compose mounts is what Kubernetes mounts; the pages have Jaeger's own port, health its extension's path."""
    m = rendered("production")
    jaeger = container(m, "jaeger")
    text = (ROOT / "infra" / "jaeger" / "config.yaml").read_text(encoding="utf-8")
    assert m.one("ConfigMap", "jaeger")["data"] == {"config.yaml": text}
    [mounted] = [v["mountPath"] for v in jaeger["volumeMounts"] if v["name"] == "config"]
    assert jaeger["args"] == ["--config", f"{mounted}/config.yaml"]
    said = {int(where.rpartition(":")[2]) for where in values_of(yaml.safe_load(text), "endpoint")}
    assert set(m.workload("jaeger").ports.values()) == said | {16686}
    assert jaeger["readinessProbe"]["httpGet"] == {"path": "/status", "port": "health"}
    [disk] = [v["mountPath"] for v in jaeger["volumeMounts"] if v["name"] == "data"]
    assert all(where.startswith(f"{disk}/") for where in re.findall(r"(?:keys|values): (\S+)", text))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_pictures_have_a_place_that_all_pods_share(overlay: str) -> None:
    """A worker writes a picture, and any API pod shows it: a bucket, or a claim that both have mounted there."""
    m = rendered(overlay)
    places = {settings_of(m, container(m, name)).image_location for name in ("api", "worker")}
    [place] = places
    if not place.startswith("s3://"):
        for name in ("api", "worker"):
            [mount] = [v for v in container(m, name)["volumeMounts"] if v["mountPath"] == place]
            [volume] = [v for v in m.workload(name).pod["volumes"] if v["name"] == mount["name"]]
            assert volume["persistentVolumeClaim"]["claimName"] == "pictures"


def leads_in(m: Manifests, path: str) -> bool:
    """Whether a request for this path reaches the program."""
    rules = m.one("Ingress", "api")["spec"]["rules"]
    return any(
        path == found["path"] or (found["pathType"] == "Prefix" and path.startswith(found["path"] + "/"))
        for rule in rules
        for found in rule["http"]["paths"]
    )


def test_clients_reach_what_is_meant_for_them(manifests: Manifests) -> None:
    """Every path of the program but health and metrics, which are for those inside."""
    reached = {path for path in routes("serve") if leads_in(manifests, path)}
    assert reached == {path for path in routes("serve") if path in CLIENTS}
    assert reached == CLIENTS


def test_the_way_in_lets_sockets_live_and_crowds_wait(manifests: Manifests) -> None:
    """An hour of silence, bodies as large as the program takes, and so many requests from one address."""
    annotations = manifests.one("Ingress", "api")["metadata"]["annotations"]
    assert int(annotations[f"{_NGINX}/proxy-read-timeout"]) == int(annotations[f"{_NGINX}/proxy-send-timeout"]) == 3600
    body = annotations[f"{_NGINX}/proxy-body-size"]
    assert quantity(body.replace("m", "Mi")) == settings_of(manifests, container(manifests, "api")).max_body_bytes
    assert annotations[f"{_NGINX}/proxy-buffering"] == "off"  # or event streams would come in heaps
    assert int(annotations[f"{_NGINX}/limit-rps"]) > 0
    assert int(annotations[f"{_NGINX}/limit-connections"]) > 0


def test_a_page_has_the_scripts_that_came_with_it(manifests: Manifests) -> None:
    """Their names change with each release, so for a minute a browser stays with the pod that gave it the page."""
    annotations = manifests.one("Ingress", "api")["metadata"]["annotations"]
    assert annotations[f"{_NGINX}/affinity"] == "cookie"
    assert 30 <= int(annotations[f"{_NGINX}/session-cookie-max-age"]) <= 300


@pytest.mark.parametrize("name", ["api", "worker"])
def test_nodes_may_go_with_our_pods(manifests: Manifests, name: str) -> None:
    """No volume of theirs keeps the cluster's autoscaler from emptying a node."""
    workload = manifests.workload(name)
    volumes = {volume["name"] for volume in workload.pod["volumes"] if "emptyDir" in volume}
    promised = workload.template["metadata"]["annotations"]
    assert set(promised["cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"].split(",")) == volumes


@pytest.mark.parametrize("name", ["api", "worker"])
@pytest.mark.parametrize(("due", "wrong", "code"), [(0, 0, 0), (2, 0, 0), (0, 2, 2)])
def test_pods_of_a_release_wait_for_its_migration(tmp_path: Path, name: str, due: int, wrong: int, code: int) -> None:
    """As long as one is due they look again; what else is wrong ends them, and they change nothing themselves."""
    [before] = rendered("production").workload(name).pod["initContainers"]
    log, stand_in = tmp_path / "log", tmp_path / "python"
    stand_in.write_text(
        f'#!/bin/sh\necho "$*" >>{shlex.quote(str(log))}\n'
        f"if [ {wrong} -ne 0 ]; then exit {wrong}; fi\n"
        f'[ "$(wc -l <{shlex.quote(str(log))})" -gt {due} ] || exit 1\n'
    )
    stand_in.chmod(0o755)
    (tmp_path / "sleep").symlink_to("/bin/true")
    path = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    ran = subprocess.run([*before["command"], *before["args"]], env=path, timeout=30, check=False)
    assert ran.returncode == code
    assert log.read_text().splitlines() == ["-m continuum migrate --check"] * (due + 1)


def test_a_changed_setting_replaces_the_pods(tmp_path: Path) -> None:
    """The name of the map says what is in it, so its pods' specification changes along."""
    folder = copied_to(tmp_path) / "overlays" / "production"
    before = Manifests(build(folder))
    with (folder / "settings.env").open("a", encoding="utf-8") as file:
        file.write("LOG_LEVEL=DEBUG\n")
    after = Manifests(build(folder))
    names = [m.one("ConfigMap", "continuum")["metadata"]["name"] for m in (before, after)]
    assert names[0] != names[1]
    for m, name in zip((before, after), names, strict=True):
        assert {ref["name"] for ref in values_of(m.workload("api").pod, "configMapRef")} == {name}


def test_what_the_overlays_offer_is_all_there_is() -> None:
    """Each component is used by production, or offered there in a comment."""
    text = (KUBERNETES / "overlays" / "production" / "kustomization.yaml").read_text(encoding="utf-8")
    named = set(re.findall(r"\.\./\.\./components/([\w-]+)", text))
    assert named == {folder.name for folder in (KUBERNETES / "components").iterdir()}
