"""Who may speak with whom: NetworkPolicies read as a network plugin reads them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

from tests.support.manifests import Document, Manifests, Workload, matches

_NAMESPACE = "kubernetes.io/metadata.name"


@dataclass(frozen=True, slots=True)
class Pod:
    """One end of a connection: a pod of ours, one of another namespace, or an address outside of the cluster."""

    labels: Mapping[str, str] = field(default_factory=dict)
    namespace: str | None = None
    """None: that of the policies."""
    ports: Mapping[str, int] = field(default_factory=dict)
    address: str | None = None

    @classmethod
    def of(cls, workload: Workload) -> "Pod":
        return cls(workload.labels, None, workload.ports)

    @property
    def ours(self) -> bool:
        return self.namespace is None and self.address is None


DNS = Pod({"k8s-app": "kube-dns"}, "kube-system")
INGRESS = Pod({"app.kubernetes.io/name": "ingress-nginx"}, "ingress-nginx")
PROMETHEUS = Pod({"app.kubernetes.io/name": "prometheus"}, "monitoring")
STRANGER = Pod({"app.kubernetes.io/component": "api"}, "elsewhere")
"""Of another namespace, whatever it calls itself."""
INTERNET = Pod(address="93.184.215.14")
METADATA = Pod(address="169.254.169.254")
"""Where clouds hand out a machine's own credentials."""
NEIGHBOUR = Pod(address="10.0.0.7")


@dataclass(frozen=True, slots=True)
class Connection:
    """Who wants to speak with whom, and where."""

    source: Pod
    target: Pod
    port: int
    protocol: str = "TCP"

    def passes(self, m: Manifests) -> bool:
        """Whether the source may leave to there, and the target takes it."""
        return self._allowed(m, "Egress") and self._allowed(m, "Ingress")

    def _allowed(self, m: Manifests, way: str) -> bool:
        subject, peer = (self.source, self.target) if way == "Egress" else (self.target, self.source)
        if not subject.ours:
            return True
        policies = [p["spec"] for p in m.of("NetworkPolicy") if way in p["spec"]["policyTypes"]]
        about = [p for p in policies if matches(p["podSelector"], subject.labels)]
        rules = [rule for policy in about for rule in policy.get(way.lower(), ())]
        return not about or any(self._fits(rule) and _names(rule, way, peer) for rule in rules)

    def _fits(self, rule: Document) -> bool:
        ports = rule.get("ports")
        return not ports or any(self._is_port(port) for port in ports)

    def _is_port(self, wanted: Mapping[str, Any]) -> bool:
        number = self.target.ports.get(wanted["port"]) if isinstance(wanted["port"], str) else wanted["port"]
        return number == self.port and wanted.get("protocol", "TCP") == self.protocol


def _names(rule: Document, way: str, peer: Pod) -> bool:
    peers = rule.get("from" if way == "Ingress" else "to")
    return not peers or any(_is(selector, peer) for selector in peers)


def _is(selector: Mapping[str, Any], pod: Pod) -> bool:
    if "ipBlock" in selector:
        return pod.address is not None and _within(selector["ipBlock"], pod.address)
    if pod.address is not None:
        return False
    if "namespaceSelector" in selector:
        there = {_NAMESPACE: pod.namespace} if pod.namespace else {}
        here = matches(selector["namespaceSelector"], there)
    else:
        here = pod.namespace is None
    return here and matches(selector.get("podSelector", {}), pod.labels)


def _within(block: Mapping[str, Any], address: str) -> bool:
    at = ip_address(address)
    return at in ip_network(block["cidr"]) and not any(at in ip_network(one) for one in block.get("except", ()))


def connections(m: Manifests) -> Iterator[str]:
    """All that may be spoken within the namespace: `api > neo4j:bolt`."""
    workloads = m.workloads()
    for source in workloads:
        for target in workloads:
            for name, port in target.ports.items():
                if Connection(Pod.of(source), Pod.of(target), port).passes(m):
                    yield f"{source.component} > {target.component}:{name}"
