"""What one object of the manifests says of another, or of the program: each check gives a sentence for each mistake."""

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import chain
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import click

from continuum.app import Server
from continuum.cli.main import cli
from continuum.settings import Settings, SettingsError
from continuum.worker import Worker
from tests.support.manifests import Document, Manifests, Workload, example_secrets, is_ours, matches, values_of

_NGINX = "nginx.ingress.kubernetes.io"
_PART = "app.kubernetes.io/part-of"
_SCALED = ("HorizontalPodAutoscaler", "ScaledObject")


def selectors(m: Manifests) -> list[str]:
    """Whatever selects pods selects those of exactly one workload, and a workload its own."""
    return [*_of_workloads(m), *_of_services(m), *_of_monitors(m)]


def _of_workloads(m: Manifests) -> Iterator[str]:
    for workload in m.workloads():
        selector = workload.document["spec"].get("selector")
        if selector is not None and not matches(selector, workload.labels):
            yield f"{workload} does not select its own pods"
        for spread in workload.pod.get("topologySpreadConstraints", ()):
            if not matches(spread["labelSelector"], workload.labels):
                yield f"{workload} spreads other pods than its own"


def _of_services(m: Manifests) -> Iterator[str]:
    for document in m.of("Service", "PodDisruptionBudget"):
        chosen = document["spec"]["selector"]
        selector = {"matchLabels": chosen} if document["kind"] == "Service" else chosen
        names = [w.name for w in _selected(m, selector)]
        if len(names) != 1:
            yield f"{_said(document)} selects the pods of {len(names)} workloads"
        elif names != [document["metadata"]["name"]]:
            yield f"{_said(document)} selects the pods of {names[0]}"
    for policy in m.of("NetworkPolicy"):
        selector = policy["spec"]["podSelector"]
        if selector and not _selected(m, selector):
            yield f"{_said(policy)} is about no pod"


def _of_monitors(m: Manifests) -> Iterator[str]:
    for monitor in m.of("ServiceMonitor"):
        services = [s for s in m.of("Service") if matches(monitor["spec"]["selector"], s["metadata"]["labels"])]
        if [f"continuum-{s['metadata']['name']}" for s in services] != [monitor["metadata"]["name"]]:
            yield f"{_said(monitor)} selects other services"
        ports = {port["name"] for service in services for port in service["spec"]["ports"]}
        for endpoint in monitor["spec"]["endpoints"]:
            if endpoint["port"] not in ports:
                yield f"{_said(monitor)}: no service that it selects has a port {endpoint['port']}"
            if endpoint["path"] not in routes("serve") | routes("worker"):
                yield f"{_said(monitor)}: the program does not answer at {endpoint['path']}"
            if endpoint["relabelings"] != [{"targetLabel": "job", "replacement": monitor["metadata"]["name"]}]:
                yield f"{_said(monitor)}: alerts know its job by another name"
            if (interval := seconds(endpoint["interval"])) != 15 or seconds(endpoint["scrapeTimeout"]) > interval:
                yield f"{_said(monitor)}: it is not scraped as alerts reckon with"


def seconds(text: str) -> int:
    """Of a time in seconds or minutes."""
    return int(text[:-1]) * {"s": 1, "m": 60}[text[-1]]


def ports(m: Manifests) -> list[str]:
    """A port that is named by a service, an ingress or a policy is one of those who are meant."""
    return [*_ports_of_services(m), *_ports_of_ingresses(m), *_ports_of_policies(m)]


def _ports_of_services(m: Manifests) -> Iterator[str]:
    for service in m.of("Service"):
        for workload in _selected(m, {"matchLabels": service["spec"]["selector"]}):
            for port in service["spec"]["ports"]:
                if workload.ports.get(port["targetPort"]) != port["port"]:
                    yield f"{_said(service)}: {workload} has no port {port['targetPort']} that is {port['port']}"


def _ports_of_ingresses(m: Manifests) -> Iterator[str]:
    for ingress in m.of("Ingress"):
        for backend in values_of(ingress["spec"], "service"):
            offered = {
                port["name"]
                for service in m.of("Service")
                if service["metadata"]["name"] == backend["name"]
                for port in service["spec"]["ports"]
            }
            if backend["port"]["name"] not in offered:
                yield f"{_said(ingress)}: there is no service {backend['name']} with a port {backend['port']['name']}"


def _ports_of_policies(m: Manifests) -> Iterator[str]:
    for policy in m.of("NetworkPolicy"):
        here = _selected(m, policy["spec"]["podSelector"])
        for rule in policy["spec"].get("ingress", ()):
            yield from _unknown_ports(policy, rule, here)
        for rule in policy["spec"].get("egress", ()):
            inside = [peer["podSelector"] for peer in rule["to"] if set(peer) == {"podSelector"}]
            there = [w for selector in inside for w in _selected(m, selector)]
            if len(there) < len(inside):
                yield f"{_said(policy)} leads to pods that there are not"
            if inside:
                yield from _unknown_ports(policy, rule, there)


def _unknown_ports(policy: Document, rule: Document, workloads: Iterable[Workload]) -> Iterator[str]:
    known = set(chain.from_iterable((*w.ports, *w.ports.values()) for w in workloads))
    for port in rule["ports"]:
        if port["port"] not in known:
            yield f"{_said(policy)} names the port {port['port']}, which nobody has who is meant"


def probes(m: Manifests) -> list[str]:
    """A probe asks a port of its container, and the program for something that it answers."""
    return list(chain.from_iterable(_probes_of(w) for w in m.workloads()))


def _probes_of(workload: Workload) -> Iterator[str]:
    for container in workload.containers:
        named = {port["name"] for port in container.get("ports", ())}
        for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
            asked = container.get(kind, {})
            how = asked.get("httpGet") or asked.get("tcpSocket") or {}
            if how and how["port"] not in named:
                yield f"{workload}: {kind} asks the port {how['port']}, which is not there"
            if is_ours(container) and how and how["path"] not in routes(container["args"][0]):
                yield f"{workload}: {kind} asks for {how['path']}, which the program does not answer"


@cache
def routes(command: str) -> frozenset[str]:
    """The paths that the process answers which this command starts."""
    app = Worker(Settings()).app if command == "worker" else Server(Settings()).app
    return frozenset(resource.canonical for resource in app.router.resources())


def programs(m: Manifests) -> list[str]:
    """What our image is told to do is a command of the program, in an environment with which it starts."""
    ours = [(w, c) for w in m.workloads() for c in w.every_container if is_ours(c)]
    return list(chain.from_iterable((*_command(w, c), *_environment(m, w, c)) for w, c in ours))


def _command(workload: Workload, container: Document) -> Iterator[str]:
    words = list(container["args"])
    if "command" in container:  # sh -c, and the program in it
        words = words[0].partition("continuum ")[2].partition(";")[0].split()
    try:
        found = cli.get_command(click.Context(cli), words[0])
        if found is None:
            yield f"{workload}: there is no command {words[0]}"
            return
        found.make_context(words[0], words[1:])
    except click.UsageError as error:
        yield f"{workload}: {' '.join(words)}: {error.format_message()}"


def _environment(m: Manifests, workload: Workload, container: Document) -> Iterator[str]:
    known = {name.upper() for name in Settings.model_fields}
    texts = " ".join(str(variable.get("value", "")) for variable in container["env"])
    for name in environment(m, container):
        if name not in known and not name.startswith("AWS_") and f"$({name})" not in texts:
            yield f"{workload}: {name} is no setting"
    try:
        settings = settings_of(m, container)
    except SettingsError as error:
        yield f"{workload}: {error}"
        return
    expected = {"serve": settings.port, "worker": settings.worker_port}.get(container["args"][0])
    if expected and [port["containerPort"] for port in container["ports"]] != [expected]:
        yield f"{workload}: the program listens at {expected}"


def environment(m: Manifests, container: Document) -> dict[str, str]:
    """The variables of a container; of a secret, its name."""
    found: dict[str, str] = {}
    for source in container.get("envFrom", ()):
        for document in m.of("ConfigMap"):
            if document["metadata"]["name"] == source["configMapRef"]["name"]:
                found |= document["data"]
    for variable in container["env"]:
        value = variable.get("value", "example")
        for name, known in found.items():
            value = value.replace(f"$({name})", known)
        found[variable["name"]] = value
    return found


def settings_of(m: Manifests, container: Document) -> Settings:
    """As the program in the container reads them, with an example for each secret. Raises `SettingsError`."""
    values = environment(m, container)
    values |= {name: "a=b" for name in values if name == "OTEL_EXPORTER_OTLP_HEADERS"}
    with patch.dict(os.environ, values, clear=True):
        return Settings()


def addresses(m: Manifests) -> list[str]:
    """An address within the namespace is that of a service, with a port of it."""
    found = []
    services = {s["metadata"]["name"]: {p["port"] for p in s["spec"]["ports"]} for s in m.of("Service")}
    for workload in m.workloads():
        for container in workload.every_container:
            for name, value in environment(m, {"env": [], **container}).items():
                url = urlsplit(value)
                if url.port and url.hostname and url.port not in services.get(url.hostname, ()):
                    found.append(f"{workload}: {name} leads to {url.hostname}:{url.port}, which no service has")
    return found


def secrets(m: Manifests) -> list[str]:
    """A secret that is named is made here, or is among those that the operator is told to make; so is each key."""
    known = example_secrets()
    made = {d["metadata"]["name"]: set(d["data"]) for d in m.of("Secret")}
    found = [
        f"there is no key {ref['key']} in a Secret {ref['name']}"
        for ref in values_of(m.documents, "secretKeyRef")
        if ref["key"] not in made.get(ref["name"], known.get(ref["name"], ()))
        if not (ref["name"] in made and ref.get("optional"))
    ]
    for external in m.of("ExternalSecret"):
        name = external["spec"]["target"]["name"]
        given = {entry["secretKey"] for entry in external["spec"].get("data", ())}
        if given and given != known.get(name, given):
            found.append(f"a Secret {name} needs other keys than {sorted(given)}")
    kept_in = {tuple(sorted(e["spec"]["secretStoreRef"].items())) for e in m.of("ExternalSecret")}
    if len(kept_in) > 1:
        found.append(f"secrets are kept in several places: {sorted(kept_in)}")
    named = {e["spec"]["target"]["name"] for e in m.of("ExternalSecret")}
    for ingress in m.of("Ingress"):
        named |= {tls["secretName"] for tls in ingress["spec"]["tls"]}
        named |= {v for k, v in ingress["metadata"]["annotations"].items() if k == f"{_NGINX}/auth-secret"}
    return [*found, *(f"there is no Secret {name}" for name in sorted(named - {*known, *made}))]


def objects(m: Manifests) -> list[str]:
    """A map, an account, a claim, a role or a workload that is named is there."""
    named: list[tuple[str, Any]] = [
        *(("ConfigMap", ref["name"]) for ref in values_of(m.documents, "configMapRef")),
        *(("ConfigMap", ref["name"]) for w in m.workloads() for ref in values_of(w.pod.get("volumes"), "configMap")),
        *(("ServiceAccount", w.pod.get("serviceAccountName")) for w in m.workloads()),
        *(("PersistentVolumeClaim", name) for name in values_of(m.documents, "claimName")),
        *(("Role", binding["roleRef"]["name"]) for binding in m.of("RoleBinding")),
        *(("Service", s["spec"]["serviceName"]) for s in m.of("StatefulSet")),
        *(("Deployment", s["spec"]["scaleTargetRef"]["name"]) for s in m.of(*_SCALED)),
    ]
    claims = {
        f"{template['metadata']['name']}-{s['metadata']['name']}-0"
        for s in m.of("StatefulSet")
        for template in s["spec"]["volumeClaimTemplates"]
    }
    snapshots = {v["spec"]["source"]["persistentVolumeClaimName"] for v in m.of("VolumeSnapshot")}
    return [
        *(f"there is no {kind} {name}" for kind, name in named if name not in m.names(kind)),
        *(f"there is no PersistentVolumeClaim {name}" for name in sorted(snapshots - claims)),
    ]


def namespaces(m: Manifests) -> list[str]:
    """Everything lies in one namespace, and whoever asks for its metrics asks for those."""
    [namespace] = m.names("Namespace")
    cluster = ("Namespace",)
    found = [
        f"{_said(d)} lies elsewhere"
        for d in m.documents
        if d["kind"] not in cluster and d["metadata"].get("namespace") != namespace
    ]
    queries = [query for s in m.of("ScaledObject") for query in values_of(s, "query")]
    return [*found, *(f"{query} is about another namespace" for query in queries if f'"{namespace}"' not in query)]


def parts(m: Manifests) -> list[str]:
    """Whatever is applied, and each pod, says whose part it is: so it is found, and taken away, with the rest."""
    labels = [(_said(d), d["metadata"].get("labels", {})) for d in m.documents if d["kind"] != "Secret"]
    labels += [(f"a pod of {workload}", workload.labels) for workload in m.workloads()]
    return [f"{said} is no part of it" for said, found in labels if found.get(_PART) != "continuum"]


def volumes(m: Manifests) -> list[str]:
    """What is mounted is there, and what is there is mounted."""
    found = []
    for workload in m.workloads():
        claims = workload.document["spec"].get("volumeClaimTemplates", ())
        there = {v["name"] for v in workload.pod.get("volumes", ())} | {c["metadata"]["name"] for c in claims}
        mounted = {mount["name"] for c in workload.every_container for mount in c.get("volumeMounts", ())}
        if there != mounted:
            found.append(f"{workload}: mounted and there are not the same: {sorted(there ^ mounted)}")
    return found


def _selected(m: Manifests, selector: Mapping[str, Any]) -> list[Workload]:
    return [w for w in m.workloads() if matches(selector, w.labels)]


def _said(document: Document) -> str:
    return f"{document['kind']} {document['metadata']['name']}"
