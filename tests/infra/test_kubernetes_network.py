"""Nobody speaks with anybody but those who have to."""

import pytest

from tests.support.manifest_network import (
    DNS,
    INGRESS,
    INTERNET,
    METADATA,
    NEIGHBOUR,
    PROMETHEUS,
    STRANGER,
    Connection,
    Pod,
    connections,
)
from tests.support.manifests import COMPONENT, OVERLAYS, POD, Change, Manifests, rendered

PROGRAM = {
    f"{source} > {target}"
    for source in ("api", "worker")
    for target in ("neo4j:bolt", "redis:redis", "redis-cache:redis", "jaeger:otlp-http")
}
EVERYWHERE = PROGRAM | {"migrate > neo4j:bolt"}
WITH_BACKUP = EVERYWHERE | {"backup > neo4j:bolt"}
OUTSIDE = {"api", "worker", "backup"}
"""Those who need a provider, a bucket or both."""
ENTRANCES = {
    "ingress-nginx > api:http",
    "ingress-nginx > jaeger:ui",
    "monitoring > api:http",
    "monitoring > worker:http",
}


def wrong(m: Manifests) -> list[str]:
    """What may be spoken and should not, or should and may not."""
    return sorted({*_wrong_within(m), *_wrong_outwards(m), *_wrong_inwards(m)})


def _wrong_within(m: Manifests) -> set[str]:
    expected = WITH_BACKUP if "backup" in m.names("CronJob") else EVERYWHERE
    return expected ^ set(connections(m))


def _wrong_outwards(m: Manifests) -> set[str]:
    found = set()
    for workload in m.workloads():
        pod, name = Pod.of(workload), workload.component
        asked = {
            "DNS": (Connection(pod, DNS, 53, "UDP").passes(m) and Connection(pod, DNS, 53).passes(m), True),
            "internet": (Connection(pod, INTERNET, 443).passes(m), name in OUTSIDE),
            "internet without TLS": (Connection(pod, INTERNET, 80).passes(m), False),
            "metadata": (Connection(pod, METADATA, 80).passes(m) or Connection(pod, METADATA, 443).passes(m), False),
            "neighbour": (Connection(pod, NEIGHBOUR, 443).passes(m), False),
        }
        found |= {f"{name} > {where}" for where, (may, should) in asked.items() if may is not should}
    return found


def _wrong_inwards(m: Manifests) -> set[str]:
    return ENTRANCES ^ {
        f"{source.namespace} > {workload.component}:{name}"
        for source in (INGRESS, PROMETHEUS, STRANGER)
        for workload in m.workloads()
        for name, port in {**workload.ports, "unnamed": 9999}.items()
        if Connection(source, Pod.of(workload), port).passes(m)
    }


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_each_may_speak_with_those_it_needs_and_nobody_else(overlay: str) -> None:
    """Within the namespace, out of it and into it, what is let through is exactly what is needed."""
    assert wrong(rendered(overlay)) == []


def test_what_an_operator_may_choose_opens_nothing() -> None:
    """No component beyond those of the overlay changes who may speak with whom."""
    assert wrong(rendered("production", every=True)) == []


_EGRESS = ("spec", "egress", -1, "to", 0, "ipBlock", "except", 3)
_CHOSEN = ("spec", "podSelector", "matchExpressions", 0, "values", 0)
SPOILT = {
    Change("NetworkPolicy redis"): "api > redis:redis",
    Change("NetworkPolicy default-deny"): "elsewhere > migrate:unnamed",
    Change("NetworkPolicy program", _CHOSEN, "apii"): "api > neo4j:bolt",
    Change("NetworkPolicy neo4j", ("spec", "ingress", 0, "ports", 0, "port"), "http"): "migrate > neo4j:bolt",
    Change("NetworkPolicy worker", ("spec", "ingress", 0, "from")): "elsewhere > worker:http",
    Change("NetworkPolicy program", _EGRESS): "worker > metadata",
    Change("NetworkPolicy backup", ("spec", "egress", 1, "ports")): "backup > internet without TLS",
    Change("Deployment redis-cache", (*POD[:2], "metadata", "labels", COMPONENT), "x"): "api > redis-cache:redis",
    Change("NetworkPolicy dns", ("spec", "egress", 0, "ports", 0)): "neo4j > DNS",
}


@pytest.mark.parametrize(("change", "found"), SPOILT.items(), ids=map(str, SPOILT))
def test_a_hole_and_a_wall_too_many_are_found(change: Change, found: str) -> None:
    """Each mistake shows as a connection that is wrong."""
    manifests = rendered("production")
    change.spoil(manifests)
    assert found in wrong(manifests)
