"""What the pods of the program are told: each check gives a sentence for each mistake."""

import re
from collections.abc import Iterable, Iterator

from tests.support.manifest_references import environment, settings_of
from tests.support.manifests import Document, Manifests, Workload, is_ours

_EXPANDED = re.compile(r"\$\((\w+)\)")
_OF_THE_BUCKETS = {"AWS_REGION", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
"""Variables of obstore that the pages tell of (docs/pictures.md)."""
_NEEDED = {"NEO4J_PASSWORD", "REDIS_PASSWORD"}
"""Keys without which nothing works; every other one may be left out."""
_READERS = {"api", "worker", "backup"}
"""Containers that read buckets."""
_OWN = {"SHUTDOWN_SECONDS"}
"""What a worker is told otherwise than a server."""


def expansions(m: Manifests) -> list[str]:
    """Kubernetes puts in only what is defined before; anything else stays as it is written, without a word."""
    found = []
    for workload in m.workloads():
        for container in workload.every_container:
            known: set[str] = set()
            for variable in container.get("env", ()):
                found += _unknown(workload, known, [variable.get("value", "")])
                known.add(variable["name"])
            found += _unknown(workload, known, (*container.get("command", ()), *container.get("args", ())))
    return found


def _unknown(workload: Workload, known: set[str], texts: Iterable[str]) -> Iterator[str]:
    for name in (name for text in texts for name in _EXPANDED.findall(text) if name not in known):
        yield f"{workload}: $({name}) is not known there"


def secret_keys(m: Manifests) -> list[str]:
    """The program is given each key of the Secret under its own name; what nothing works without must be there."""
    return [
        f"{workload}: {variable['name']} is the key {ref['key']}, optional: {ref.get('optional', False)}"
        for workload, container in ours(m)
        for variable in container.get("env", ())
        if (ref := variable.get("valueFrom", {}).get("secretKeyRef"))
        if variable["name"] != ref["key"] or ref.get("optional", False) is (ref["key"] in _NEEDED)
    ]


def one_store(m: Manifests) -> list[str]:
    """Whoever runs the program works on the same Neo4j, and logs in: without an address it would use a file."""
    found = []
    for workload, container in ours(m):
        settings = settings_of(m, container)
        if settings.neo4j_uri != "bolt://neo4j:7687" or not settings.neo4j_password:
            found.append(f"{workload}: {container['name']} works on {settings.store_location}, or cannot log in")
    return found


def alike(m: Manifests) -> list[str]:
    """Servers and workers are told the same: one queue, one cache, the same providers, buckets and traces."""
    told = [environment(m, m.workload(name).containers[0]) for name in ("api", "worker")]
    differ = {name for name in told[0] | told[1] if told[0].get(name) != told[1].get(name)}
    return [f"API and worker are told otherwise: {name}" for name in sorted(differ - _OWN)]


def reachable(m: Manifests) -> list[str]:
    """A pod listens to others, as the image has it, and its traces go somewhere."""
    found = []
    for name in ("api", "worker"):
        [container] = m.workload(name).containers
        if {"HOST", "DATA_DIR", "PAGES_DIR"} & set(environment(m, container)):
            found.append(f"{name}: it is told what the image knows")
        if not settings_of(m, container).tracing_enabled and "jaeger" in m.names("Service"):
            found.append(f"{name}: Jaeger is told nothing")
    return found


def buckets(m: Manifests) -> list[str]:
    """A bucket is in a region, and both halves of a key are there, for whoever reads it."""
    found = []
    for workload, container in ours(m):
        told = environment(m, container)
        known = {name for name in told if name.startswith("AWS_")}
        found += [f"{workload}: {name} is no variable of buckets" for name in sorted(known - _OF_THE_BUCKETS)]
        if "://" in told.get("IMAGE_STORE_URL", "") and container["name"] in _READERS:
            missing = _OF_THE_BUCKETS - known - {"AWS_ENDPOINT_URL"}
            found += [f"{workload}: {name} is missing" for name in sorted(missing)]
    return found


def ours(m: Manifests) -> Iterator[tuple[Workload, Document]]:
    """All containers with the program."""
    yield from ((w, c) for w in m.workloads() for c in w.every_container if is_ours(c))
