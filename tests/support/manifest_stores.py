"""What is written, and by whom: each check gives a sentence for each mistake."""

from collections.abc import Iterator

from tests.support.manifest_capacity import quantity
from tests.support.manifest_references import environment
from tests.support.manifests import Document, Manifests, Workload, is_ours, values_of

_STORES = {"neo4j": "/data", "redis": "/data", "redis-cache": "/data", "jaeger": "/badger"}
"""What keeps something, and where its image or its configuration writes it."""
_ON_DISK = {"neo4j", "redis", "jaeger"}
_A_MINUTE = 60


def single(m: Manifests) -> list[str]:
    """There is one of each: two would be two stores with halves of everything."""
    return [
        f"there are {count} of {name}"
        for name in _STORES
        if (count := m.workload(name).document["spec"].get("replicas", 1)) != 1
    ]


def handed_over(m: Manifests) -> list[str]:
    """A Deployment with a disk ends before its successor opens that; so does what keeps all in memory."""
    return [
        f"two of {name} run beside each other while it is replaced"
        for name in _STORES
        if m.workload(name).kind == "Deployment"
        if m.workload(name).document["spec"]["strategy"]["type"] != "Recreate"
    ]


def kept(m: Manifests) -> list[str]:
    """A disk is mounted where its data is written, belongs to who writes it, and outlives its StatefulSet."""
    found = []
    for name, place in _STORES.items():
        workload = m.workload(name)
        [at] = [mount["name"] for mount in _mounts(workload) if mount["mountPath"] == place] or [None]
        if at is None or (name in _ON_DISK and at not in set(_claims(workload))):
            found.append(f"{workload}: {place} lies on no disk")
        context = workload.pod["securityContext"]
        if name in _ON_DISK and context.get("fsGroup") != context["runAsGroup"]:
            found.append(f"{workload}: its disk is not its own")
    modes = {mode for claim in values_of(m.documents, "accessModes") for mode in claim}
    if modes - {"ReadWriteOnce"}:
        found.append(f"a disk is for others than one node: {sorted(modes)}")
    policies = [s["spec"]["persistentVolumeClaimRetentionPolicy"] for s in m.of("StatefulSet")]
    if any(set(policy.values()) != {"Retain"} for policy in policies):
        found.append("a disk goes with its StatefulSet")
    return found


def _mounts(workload: Workload) -> list[Document]:
    return list(workload.containers[0].get("volumeMounts", ()))


def _claims(workload: Workload) -> Iterator[str]:
    yield from (v["name"] for v in workload.pod.get("volumes", ()) if "persistentVolumeClaim" in v)
    yield from (c["metadata"]["name"] for c in workload.document["spec"].get("volumeClaimTemplates", ()))


def writable(m: Manifests) -> list[str]:
    """On a root that cannot be written the program has its two places, and none of them can fill a node's disk."""
    found = []
    for workload in m.workloads():
        for container in (c for c in workload.every_container if is_ours(c) and c["name"] != "source"):
            places = {v["mountPath"] for v in container.get("volumeMounts", ()) if not v.get("readOnly")}
            found += [f"{workload}: {container['name']} cannot write to {p}" for p in {"/tmp", "/data"} - places]
        empty = [v for v in workload.pod.get("volumes", ()) if "emptyDir" in v]
        found += [f"{workload}: {v['name']} has no bound" for v in empty if "sizeLimit" not in v["emptyDir"]]
    return found


def password_of_neo4j(m: Manifests) -> list[str]:
    """It is new with the password that the program logs in with."""
    [container] = m.workload("neo4j").containers
    variables = {v["name"]: v for v in container["env"]}
    given = variables["PASSWORD"]["valueFrom"]["secretKeyRef"]
    if environment(m, container).get("NEO4J_AUTH") != "neo4j/example" or given["key"] != "NEO4J_PASSWORD":
        return ["Neo4j has another password than the program"]
    if variables["NEO4J_AUTH"]["value"] == "neo4j/example":
        return ["Neo4j's password stands in the manifest"]
    return []


def memory_of_neo4j(m: Manifests) -> list[str]:
    """Heap and page cache fit in its container with a fifth to spare; the heap does not grow while it works."""
    [container] = m.workload("neo4j").containers
    told = {name.removeprefix("NEO4J_server_memory_"): value for name, value in environment(m, container).items()}
    first, most, pages = (
        quantity(f"{told.get(name, '0m')[:-1]}{told.get(name, '0m')[-1].upper()}i")
        for name in ("heap_initial__size", "heap_max__size", "pagecache_size")
    )
    room = quantity(container["resources"]["limits"]["memory"])
    if 0 in (first, most, pages) or first != most or (most + pages) * 1.25 > room:
        return [f"Neo4j takes {most + pages:g} bytes of {room:g}"]
    return []


def asked(m: Manifests) -> list[str]:
    """Whoever goes on running is asked for life and readiness, has a minute to start, and is not ended in haste: who is
    busy gets fewer requests first, and is ended last."""
    found = []
    for workload in (w for w in m.workloads() if w.kind in {"Deployment", "StatefulSet"}):
        for container in workload.containers:
            life, ready, start = (container.get(f"{kind}Probe") for kind in ("liveness", "readiness", "startup"))
            if not life or not ready or _patience(life) <= _patience(ready):
                found.append(f"{workload}: it is ended before it is left alone")
            if start and _patience(start) < _A_MINUTE:
                found.append(f"{workload}: it has {_patience(start)} s to start")
        if workload.name in _ON_DISK and workload.pod["terminationGracePeriodSeconds"] < _A_MINUTE / 2:
            found.append(f"{workload}: it is ended while it writes")
    return found


def _patience(probe: Document) -> int:
    return int(probe["periodSeconds"] * probe.get("failureThreshold", 3))
