"""Pods that may do no more than they have to, and nothing that is not meant for everybody."""

import base64
import re
from collections.abc import Iterator
from itertools import chain

import pytest
import yaml

from tests.support.manifest_network import PROMETHEUS
from tests.support.manifests import (
    KUBERNETES,
    MAIN,
    OURS,
    OVERLAYS,
    POD,
    ROOT,
    Change,
    Manifests,
    Workload,
    is_ours,
    rendered,
    values_of,
)

ON_DISK = {"configMap", "emptyDir", "persistentVolumeClaim", "projected", "secret"}
"""Kinds of volumes that the standard `restricted` allows."""
LOOKED_FOR = {"services", "endpoints", "pods", "endpointslices"}
"""What the discovery of Prometheus reads."""
OF_CONTAINERS = {"allowPrivilegeEscalation", "readOnlyRootFilesystem", "capabilities"}
"""What of a securityContext a container has for itself; the rest would take the place of the pod's."""
WRITES_ITS_ROOT = {"neo4j"}
"""The official image writes its configuration where its programs lie."""
_PINNED = re.compile(r"[\w./-]+:(?!latest$)[\w.-]*\d[\w.-]*")
_EXAMPLE = re.compile(r"([a-z0-9-]+\.)*example\.com")


def open_doors(m: Manifests) -> list[str]:
    """What the standard `restricted` and this project's own rules would not have."""
    found = chain.from_iterable((*_pod(w), *_containers(w)) for w in m.workloads())
    return [*found, *_namespace(m), *_accounts(m), *_services(m)]


def _pod(workload: Workload) -> Iterator[str]:
    pod, context = workload.pod, workload.pod.get("securityContext", {})
    expected = {
        "runs as nobody in particular": context.get("runAsNonRoot") is True and context.get("runAsUser", 0) > 0,
        "has the runtime's seccomp profile": context.get("seccompProfile") == {"type": "RuntimeDefault"},
        "has no token": pod.get("automountServiceAccountToken") is False,
        "has no names of services in its environment": pod.get("enableServiceLinks") is False,
        "keeps to itself": not {"hostNetwork", "hostPID", "hostIPC"} & set(pod),
        "mounts nothing of its node": all(set(v) <= ON_DISK | {"name"} for v in pod.get("volumes", ())),
    }
    yield from (f"{workload}: {rule}: no" for rule, holds in expected.items() if not holds)
    ours = any(is_ours(c) for c in workload.containers)
    if ours and context.get("runAsUser") != 1000:
        yield f"{workload}: runs as user 1000: no"
    if pod["serviceAccountName"] != (workload.name if ours else "stores"):
        yield f"{workload}: has an account of its own: no"


def _containers(workload: Workload) -> Iterator[str]:
    for container in workload.every_container:
        context = container.get("securityContext", {})
        expected = {
            "is bound as its pod is": set(context) <= OF_CONTAINERS,
            "takes no port of its node": not any("hostPort" in port for port in container.get("ports", ())),
            "gains nothing": context.get("allowPrivilegeEscalation") is False,
            "has no capability": context.get("capabilities") == {"drop": ["ALL"]},
            "writes to no root": context.get("readOnlyRootFilesystem") is True or workload.name in WRITES_ITS_ROOT,
            "is of a version": is_ours(container) or _PINNED.fullmatch(container["image"]) is not None,
        }
        yield from (f"{workload}: {container['name']} {rule}: no" for rule, holds in expected.items() if not holds)


def _namespace(m: Manifests) -> Iterator[str]:
    for namespace in m.of("Namespace"):
        for mode in ("enforce", "audit", "warn"):
            if namespace["metadata"]["labels"].get(f"pod-security.kubernetes.io/{mode}") != "restricted":
                yield f"the namespace does not {mode} restricted"


def _accounts(m: Manifests) -> Iterator[str]:
    for account in m.of("ServiceAccount"):
        if account.get("automountServiceAccountToken") is not False:
            yield f"ServiceAccount {account['metadata']['name']} hands out its token"
    for kind in ("ClusterRole", "ClusterRoleBinding"):
        yield from (f"there is a {kind}" for _ in m.of(kind))
    for role in m.of("Role"):
        if any(set(rule["verbs"]) != {"get", "list", "watch"} for rule in role["rules"]):
            yield f"Role {role['metadata']['name']} may do something else than look"
        if {resource for rule in role["rules"] for resource in rule["resources"]} != LOOKED_FOR:
            yield f"Role {role['metadata']['name']} may not look for just what Prometheus looks for"
    if bool(m.of("ServiceMonitor")) is not bool(m.of("RoleBinding")):
        yield "Prometheus is asked to look for pods, or may do so, not both"
    for binding in m.of("RoleBinding"):
        if {(s["kind"], s["namespace"]) for s in binding["subjects"]} != {("ServiceAccount", PROMETHEUS.namespace)}:
            yield f"RoleBinding {binding['metadata']['name']} is for somebody else"


def _services(m: Manifests) -> Iterator[str]:
    for service in m.of("Service"):
        if service["spec"].get("type", "ClusterIP") != "ClusterIP":
            yield f"Service {service['metadata']['name']} can be reached from outside"


@pytest.mark.parametrize("every", [False, True], ids=["as it is", "with all that may be chosen"])
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_pod_may_do_more_than_it_has_to(overlay: str, *, every: bool) -> None:
    """Pod Security's `restricted` and more: read-only roots, no tokens, no names of services, pinned images."""
    assert open_doors(rendered(overlay, every=every)) == []


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_secrets_are_made_by_the_operator_but_for_development(overlay: str) -> None:
    """Nothing that is applied to staging or production holds one, and no variable holds one as text."""
    manifests = rendered(overlay, every=True)
    assert bool(manifests.of("Secret")) is (overlay == "dev")
    data = manifests.one("ConfigMap", "continuum")["data"]
    assert not [name for name in data if re.search("PASSWORD|KEY|SECRET|HEADERS|REDIS_URL", name)]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_hosts_and_buckets_are_examples(overlay: str) -> None:
    """What an operator has to set belongs to nobody until then (RFC 2606)."""
    manifests = rendered(overlay, every=True)
    hosts = [host for i in manifests.of("Ingress") for key in ("host", "hosts") for host in values_of(i, key)]
    urls = [u for k, u in manifests.one("ConfigMap", "continuum")["data"].items() if u.startswith("s3://")]
    named = [
        *chain.from_iterable([h] if isinstance(h, str) else h for h in hosts),
        *(u.removeprefix("s3://") for u in urls),
    ]
    assert bool(named) is (overlay != "dev")
    assert [name for name in named if not _EXAMPLE.fullmatch(name)] == []
    if overlay != "dev":
        assert {u.partition(".")[2] for u in urls} == {manifests.one("Ingress", "api")["spec"]["rules"][0]["host"]}


def test_hosts_of_the_overlays_differ() -> None:
    """Staging answers for nothing that is production's."""
    hosts = [set(values_of(rendered(overlay).of("Ingress"), "host")) for overlay in ("staging", "production")]
    assert len(hosts[0] | hosts[1]) == 4


def test_images_are_those_of_compose() -> None:
    """What both ways of running it start beside the program has one version."""
    compose = yaml.safe_load((ROOT / "infra" / "compose.yaml").read_text(encoding="utf-8"))
    there = {s["image"] for s in compose["services"].values() if "image" in s}
    here = {c["image"] for w in rendered("production", every=True).workloads() for c in w.every_container}
    assert here - {OURS} <= there


def test_no_tls_no_password_no_way_in() -> None:
    """Each way in has a certificate and nothing else, and asks for a password."""
    for ingress in rendered("production").of("Ingress"):
        assert [tls["hosts"] for tls in ingress["spec"]["tls"]] == [[r["host"]] for r in ingress["spec"]["rules"]]
        assert ingress["spec"]["ingressClassName"] == "nginx"  # which the annotations are for
        annotations = ingress["metadata"]["annotations"]
        assert annotations["nginx.ingress.kubernetes.io/ssl-redirect"] == "true"
        assert annotations["nginx.ingress.kubernetes.io/auth-type"] == "basic"
        assert annotations["nginx.ingress.kubernetes.io/auth-secret"] == f"{ingress['metadata']['name']}-basic-auth"


def test_examples_are_what_is_asked_for() -> None:
    """Whoever follows the file makes these Secrets, with the keys that are looked for; none of them is a real one."""
    file = KUBERNETES / "secrets.example.yaml"
    documents = {d["metadata"]["name"]: d for d in yaml.safe_load_all(file.read_text(encoding="utf-8"))}
    assert set(re.findall(r"create secret \w+ (\S+)", file.read_text(encoding="utf-8"))) == set(documents)
    for ingress in rendered("production").of("Ingress"):
        password = documents[ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/auth-secret"]]
        assert set(password["stringData"]) == {"auth"}
        for certificate in (documents[tls["secretName"]] for tls in ingress["spec"]["tls"]):
            assert certificate["type"] == "kubernetes.io/tls"
            assert set(certificate["stringData"]) == {"tls.crt", "tls.key"}
    values = [value for d in documents.values() for value in d["stringData"].values()]
    assert [value for value in values if not value.endswith("example")] == []


def test_development_has_passwords_that_work() -> None:
    """They become part of an address, and Neo4j refuses fewer than eight characters."""
    [secret] = rendered("dev").of("Secret")
    passwords = {name: base64.b64decode(value).decode() for name, value in secret["data"].items()}
    assert set(passwords) == {"NEO4J_PASSWORD", "REDIS_PASSWORD"}
    assert [name for name, value in passwords.items() if not re.fullmatch("[A-Za-z0-9]{8,}", value)] == []


def test_examples_are_no_part_of_what_is_applied() -> None:
    """No kustomization names the file of example secrets."""
    texts = [file.read_text(encoding="utf-8") for file in KUBERNETES.rglob("kustomization.yaml")]
    assert len(texts) > 9
    named = [line for text in texts for line in text.splitlines() if not line.lstrip().startswith("#")]
    assert not [line for line in named if "secrets.example" in line]


_CONTEXT = (*POD, "securityContext")
_LABELS = ("metadata", "labels")
SPOILT = {
    Change("StatefulSet redis", (*_CONTEXT, "runAsNonRoot"), value=False): (
        "StatefulSet redis: runs as nobody in particular: no"
    ),
    Change("Deployment worker", (*_CONTEXT, "runAsUser"), 1001): "Deployment worker: runs as user 1000: no",
    Change("Deployment api", (*MAIN, "securityContext", "capabilities", "drop", 0)): (
        "Deployment api: api has no capability: no"
    ),
    Change(
        "Deployment api", (*POD, "initContainers", 0, "securityContext")
    ): "Deployment api: schema gains nothing: no",
    Change("Deployment jaeger", (*MAIN, "securityContext", "readOnlyRootFilesystem")): (
        "Deployment jaeger: jaeger writes to no root: no"
    ),
    Change("Job migrate", (*POD, "automountServiceAccountToken")): "Job migrate: has no token: no",
    Change("StatefulSet neo4j", (*POD, "enableServiceLinks")): (
        "StatefulSet neo4j: has no names of services in its environment: no"
    ),
    Change("Deployment api", (*POD, "volumes", 0, "hostPath"), "/"): "Deployment api: mounts nothing of its node: no",
    Change("Deployment redis-cache", (*MAIN, "image"), "redis:latest"): (
        "Deployment redis-cache: redis-cache is of a version: no"
    ),
    Change("StatefulSet redis", (*MAIN, "image"), "redis"): "StatefulSet redis: redis is of a version: no",
    Change("Namespace continuum", (*_LABELS, "pod-security.kubernetes.io/enforce"), "baseline"): (
        "the namespace does not enforce restricted"
    ),
    Change("ServiceAccount api", ("automountServiceAccountToken",)): "ServiceAccount api hands out its token",
    Change("Role prometheus", ("rules", 0, "verbs", "-"), "delete"): (
        "Role prometheus may do something else than look"
    ),
    Change("Role prometheus", ("rules", 0, "resources", "-"), "secrets"): (
        "Role prometheus may not look for just what Prometheus looks for"
    ),
    Change("RoleBinding prometheus", ("subjects", 0, "namespace"), "default"): (
        "RoleBinding prometheus is for somebody else"
    ),
    Change("RoleBinding prometheus"): "Prometheus is asked to look for pods, or may do so, not both",
    Change("Deployment api", (*MAIN, "securityContext", "runAsUser"), 0): (
        "Deployment api: api is bound as its pod is: no"
    ),
    Change("Deployment worker", (*MAIN, "securityContext", "privileged"), value=True): (
        "Deployment worker: worker is bound as its pod is: no"
    ),
    Change("Deployment api", (*MAIN, "ports", 0, "hostPort"), 8000): (
        "Deployment api: api takes no port of its node: no"
    ),
    Change(
        "Deployment worker", (*POD, "serviceAccountName"), "api"
    ): "Deployment worker: has an account of its own: no",
    Change("Service jaeger", ("spec", "type"), "NodePort"): "Service jaeger can be reached from outside",
}


@pytest.mark.parametrize(("change", "told"), SPOILT.items(), ids=map(str, SPOILT))
def test_an_open_door_is_found(change: Change, told: str) -> None:
    """Each of these would be told."""
    manifests = rendered("production", every=True)
    change.spoil(manifests)
    assert told in open_doors(manifests)
