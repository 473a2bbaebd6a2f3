"""A name in one manifest that must exist in another, or in the program, exists there."""

from collections.abc import Callable
from typing import TypeAlias

import pytest

from tests.support import manifest_references as references
from tests.support.manifests import COMPONENT, MAIN, OVERLAYS, POD, Change, Manifests, rendered

Check: TypeAlias = Callable[[Manifests], list[str]]

CHECKS: tuple[Check, ...] = (
    references.selectors,
    references.ports,
    references.probes,
    references.programs,
    references.addresses,
    references.secrets,
    references.objects,
    references.namespaces,
    references.volumes,
    references.parts,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_is_named_is_there(overlay: str, check: Check) -> None:
    """In what an overlay renders, no name leads nowhere."""
    assert check(rendered(overlay)) == []


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
@pytest.mark.parametrize("overlay", ["staging", "production"])
def test_so_it_is_with_what_an_operator_may_choose(overlay: str, check: Check) -> None:
    """With every component that is offered in a comment, no name leads nowhere either."""
    assert check(rendered(overlay, every=True)) == []


_TRIGGER = ("spec", "triggers", 0, "metadata")
_NGINX = "nginx.ingress.kubernetes.io"
SPOILT: tuple[tuple[Check, str, Change], ...] = (
    (
        references.selectors,
        "Service api selects the pods of 0 workloads",
        Change("Service api", ("spec", "selector", COMPONENT), "apy"),
    ),
    (
        references.selectors,
        "Deployment worker does not select its own pods",
        Change("Deployment worker", ("spec", "selector", "matchLabels", COMPONENT), "workers"),
    ),
    (
        references.selectors,
        "PodDisruptionBudget api selects the pods of 0 workloads",
        Change("PodDisruptionBudget api", ("spec", "selector", "matchLabels", COMPONENT), "server"),
    ),
    (
        references.selectors,
        "Service redis selects the pods of 8 workloads",
        Change("Service redis", ("spec", "selector", COMPONENT)),
    ),
    (
        references.selectors,
        "Deployment api spreads other pods than its own",
        Change(
            "Deployment api", (*POD, "topologySpreadConstraints", 0, "labelSelector", "matchLabels", COMPONENT), "a"
        ),
    ),
    (
        references.selectors,
        "Service redis selects the pods of redis-cache",
        Change("Service redis", ("spec", "selector", COMPONENT), "redis-cache"),
    ),
    (
        references.selectors,
        "ServiceMonitor continuum-worker selects other services",
        Change("ServiceMonitor continuum-worker", ("spec", "selector", "matchLabels", COMPONENT), "api"),
    ),
    (
        references.selectors,
        "alerts know its job by another name",
        Change("ServiceMonitor continuum-api", ("spec", "endpoints", 0, "relabelings", 0, "replacement"), "api"),
    ),
    (
        references.selectors,
        "it is not scraped as alerts reckon with",
        Change("ServiceMonitor continuum-api", ("spec", "endpoints", 0, "scrapeTimeout"), "30s"),
    ),
    (
        references.selectors,
        "no service that it selects has a port metrics",
        Change("ServiceMonitor continuum-worker", ("spec", "endpoints", 0, "port"), "metrics"),
    ),
    (
        references.selectors,
        "does not answer at /metric",
        Change("ServiceMonitor continuum-worker", ("spec", "endpoints", 0, "path"), "/metric"),
    ),
    (
        references.ports,
        "has no port bold",
        Change("Service neo4j", ("spec", "ports", 0, "targetPort"), "bold"),
    ),
    (
        references.ports,
        "no service jaeger with a port http",
        Change(
            "Ingress jaeger", ("spec", "rules", 0, "http", "paths", 0, "backend", "service", "port", "name"), "http"
        ),
    ),
    (
        references.ports,
        "names the port 7688",
        Change("NetworkPolicy program", ("spec", "egress", 0, "ports", 0, "port"), 7688),
    ),
    (
        references.ports,
        "NetworkPolicy migrate leads to pods that there are not",
        Change("NetworkPolicy migrate", ("spec", "egress", 0, "to", 0, "podSelector", "matchLabels", COMPONENT), "neo"),
    ),
    (
        references.probes,
        "asks for /healthz",
        Change("Deployment api", (*MAIN, "livenessProbe", "httpGet", "path"), "/healthz"),
    ),
    (
        references.probes,
        "asks the port ready",
        Change("Deployment jaeger", (*MAIN, "readinessProbe", "httpGet", "port"), "ready"),
    ),
    (
        references.programs,
        "there is no command migrat",
        Change("Job migrate", (*MAIN, "args", 0), "migrat"),
    ),
    (
        references.programs,
        "--chek",
        Change(
            "Deployment api", (*POD, "initContainers", 0, "args", 0), "until python -m continuum migrate --chek; do"
        ),
    ),
    (
        references.programs,
        "LOG_LEVL is no setting",
        Change("ConfigMap continuum", ("data", "LOG_LEVL"), "INFO"),
    ),
    (
        references.programs,
        "LOG_LEVEL='LOUD'",
        Change("ConfigMap continuum", ("data", "LOG_LEVEL"), "LOUD"),
    ),
    (
        references.programs,
        "the program listens at 8001",
        Change("Deployment worker", (*MAIN, "ports", 0, "containerPort"), 8000),
    ),
    (
        references.addresses,
        "leads to jaeger:6831",
        Change("ConfigMap continuum", ("data", "OTEL_EXPORTER_OTLP_ENDPOINT"), "http://jaeger:6831"),
    ),
    (
        references.secrets,
        "no key NEO4J_PASWORD",
        Change("StatefulSet neo4j", (*MAIN, "env", 0, "valueFrom", "secretKeyRef", "key"), "NEO4J_PASWORD"),
    ),
    (
        references.secrets,
        "no Secret continuum-cert",
        Change("Ingress api", ("spec", "tls", 0, "secretName"), "continuum-cert"),
    ),
    (
        references.secrets,
        "no Secret jaeger-auth",
        Change("Ingress jaeger", ("metadata", "annotations", f"{_NGINX}/auth-secret"), "jaeger-auth"),
    ),
    (
        references.secrets,
        "no Secret secrets",
        Change("ExternalSecret continuum", ("spec", "target", "name"), "secrets"),
    ),
    (
        references.secrets,
        "a Secret jaeger-basic-auth needs other keys",
        Change("ExternalSecret jaeger-basic-auth", ("spec", "data", 0, "secretKey"), "password"),
    ),
    (
        references.objects,
        "no ConfigMap continuum",
        Change("Deployment api", (*MAIN, "envFrom", 0, "configMapRef", "name"), "continuum"),
    ),
    (references.objects, "no ServiceAccount backup", Change("ServiceAccount backup")),
    (references.objects, "no PersistentVolumeClaim jaeger", Change("PersistentVolumeClaim jaeger")),
    (
        references.objects,
        "no PersistentVolumeClaim neo4j-data-0",
        Change("VolumeSnapshot neo4j", ("spec", "source", "persistentVolumeClaimName"), "neo4j-data-0"),
    ),
    (
        references.objects,
        "no Deployment server",
        Change("HorizontalPodAutoscaler api", ("spec", "scaleTargetRef", "name"), "server"),
    ),
    (
        references.namespaces,
        "Service redis lies elsewhere",
        Change("Service redis", ("metadata", "namespace"), "default"),
    ),
    (
        references.namespaces,
        "is about another namespace",
        Change("ScaledObject worker", (*_TRIGGER, "query"), 'max(queue_depth{namespace="other"})'),
    ),
    (
        references.secrets,
        "several places",
        Change("ExternalSecret continuum", ("spec", "secretStoreRef", "kind"), "SecretStore"),
    ),
    (
        references.parts,
        "a pod of CronJob backup is no part",
        Change(
            "CronJob backup",
            ("spec", "jobTemplate", *POD[:2], "metadata", "labels", "app.kubernetes.io/part-of"),
        ),
    ),
    (
        references.volumes,
        "StatefulSet redis",
        Change("StatefulSet redis", (*MAIN, "volumeMounts", 0, "name"), "disk"),
    ),
)


@pytest.mark.parametrize(("check", "told", "change"), SPOILT, ids=[str(change) for _, _, change in SPOILT])
def test_a_name_that_leads_nowhere_is_found(check: Check, told: str, change: Change) -> None:
    """Each mistake is told by the check that is for it."""
    manifests = rendered("production", every=True)
    change.spoil(manifests)
    assert any(told in sentence for sentence in check(manifests))
