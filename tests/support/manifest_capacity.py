"""How much the manifests may take at their largest, and how long their pods may take to end."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain

from continuum.health import Health
from tests.support.manifest_references import settings_of
from tests.support.manifests import Document, Manifests, Workload, is_ours

_UNITS = {"": 1.0, "m": 0.001, "k": 1e3, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
_CLOSING = 5
"""Seconds that a process may take beyond its own times, as docs/processes.md asks."""
_READY = Health()._time_limit


def quantity(text: str | float) -> float:
    """The number that a quantity of Kubernetes stands for, in cores, bytes or pieces."""
    digits = str(text).rstrip("KMGTikm")
    return float(digits) * _UNITS[str(text)[len(digits) :]]


def quota(m: Manifests) -> list[str]:
    """The namespace's quota covers everything at its largest, at once."""
    allowed = m.one("ResourceQuota", "continuum")["spec"]["hard"]
    needed = at_most(m)
    return [
        f"the quota has {allowed.get(name, 0)} {name}, and {amount:g} may be needed"
        for name, amount in sorted(needed.items())
        if quantity(allowed.get(name, 0)) < amount
    ]


def at_most(m: Manifests) -> Counter[str]:
    """All pods that there can be at once, and all disks."""
    total: Counter[str] = Counter()
    for workload in m.workloads():
        pods = pods_at_most(m, workload)
        total["pods"] += pods
        for name, amount in needed_by(workload).items():
            total[name] += int(pods * amount) if "memory" in name else pods * amount  # type: ignore[assignment]  # cores
    for size in _disks(m):
        total["persistentvolumeclaims"] += 1
        total["requests.storage"] += int(quantity(size))
    return total


def pods_at_most(m: Manifests, workload: Workload) -> int:
    """The most replicas; in a rollout, those that are started before others end, and as many that are still ending."""
    if workload.kind != "Deployment":
        return int(workload.document["spec"].get("replicas", 1))
    most = replicas(m, workload)[1]
    rolling = workload.document["spec"].get("strategy", {}).get("rollingUpdate", {})
    return most + 2 * int(rolling.get("maxSurge", 0)) + int(rolling.get("maxUnavailable", 0))


def replicas(m: Manifests, workload: Workload) -> tuple[int, int]:
    """The fewest and the most: what scales it says so, else it says so itself."""
    for document in m.of("HorizontalPodAutoscaler", "ScaledObject"):
        spec = document["spec"]
        if spec["scaleTargetRef"]["name"] == workload.name:
            fewest = spec.get("minReplicas", spec.get("minReplicaCount"))
            return fewest, spec.get("maxReplicas", spec.get("maxReplicaCount"))
    count = int(workload.document["spec"].get("replicas", 1))
    return count, count


def needed_by(workload: Workload) -> Mapping[str, float]:
    """Of one pod: the sum of what runs, or the most of what runs before, if that is more."""
    found = {}
    for side in ("requests", "limits"):
        for name in ("cpu", "memory"):
            running = sum(_amount(c, side, name) for c in workload.containers)
            before = [_amount(c, side, name) for c in workload.pod.get("initContainers", ())]
            found[f"{side}.{name}"] = max([running, *before])
    return found


def _amount(container: Document, side: str, name: str) -> float:
    return quantity(container["resources"][side][name])


def _disks(m: Manifests) -> Iterator[str]:
    templates = [t for s in m.of("StatefulSet") for t in s["spec"]["volumeClaimTemplates"]]
    for claim in chain(m.of("PersistentVolumeClaim"), templates):
        yield claim["spec"]["resources"]["requests"]["storage"]


def limits(m: Manifests) -> list[str]:
    """Each container names its figures, asks for no more than it may have, and keeps to the namespace's range."""
    [of_containers] = [x for x in m.one("LimitRange", "continuum")["spec"]["limits"] if x["type"] == "Container"]
    found = []
    for workload in m.workloads():
        for container in workload.every_container:
            for name in ("cpu", "memory"):
                try:
                    asked, most = (_amount(container, side, name) for side in ("requests", "limits"))
                except KeyError:
                    found.append(f"{workload}: {container['name']} names no {name}")
                    continue
                if not asked <= most <= quantity(of_containers["max"][name]):
                    found.append(f"{workload}: {container['name']} may not have that {name}")
    return found


def endings(m: Manifests) -> list[str]:
    """A pod is given the time that its hook and the program take to end in good order."""
    found = []
    for workload in m.workloads():
        for container in workload.containers:
            if not is_ours(container) or container["args"][0] not in {"serve", "worker"}:
                continue
            settings = settings_of(m, container)
            hook = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
            takes = hook + settings.drain_seconds + settings.shutdown_seconds + _CLOSING
            if container["args"] == ["worker"] and settings.shutdown_seconds < settings.openai_timeout_seconds:
                found.append(f"{workload} cuts off a model that is paid for")
            given = workload.pod.get("terminationGracePeriodSeconds", 30)
            if given < takes:
                found.append(f"{workload} is given {given} s to end, and may take {takes:g} s")
    return found


def patience(m: Manifests) -> list[str]:
    """A readiness probe outlasts the program's own limit for asking its dependencies, and ends before the next."""
    found = []
    for workload in m.workloads():
        for container in workload.containers:
            probe = container.get("readinessProbe", {})
            given = probe.get("timeoutSeconds", 1)
            if is_ours(container) and probe and not _READY < given < probe["periodSeconds"]:
                found.append(
                    f"{workload}: its readiness probe waits for {given} s, and the answer may take {_READY:g} s"
                )
    return found


def budgets(m: Manifests) -> list[str]:
    """A disruption budget lets at least one pod go when all are there, and what scales goes up from its least."""
    found = []
    for budget in m.of("PodDisruptionBudget"):
        [workload] = [w for w in m.workloads() if w.name == budget["metadata"]["name"]]
        fewest, most = replicas(m, workload)
        if budget["spec"].get("minAvailable", 0) >= fewest or budget["spec"].get("maxUnavailable", 1) < 1:
            found.append(f"the budget of {workload} lets nobody go of {fewest}")
        if not fewest <= most:
            found.append(f"{workload} has at most {most} pods and at least {fewest}")
    return found


def memory_of_redis(m: Manifests) -> list[str]:
    """What Redis may hold fits in its container with a third to spare."""
    found = []
    for workload in m.workloads():
        for container in workload.containers:
            if "--maxmemory" in container.get("args", ()):
                held = container["args"][container["args"].index("--maxmemory") + 1]
                room = _amount(container, "limits", "memory")
                if quantity(held.replace("mb", "Mi")) * 4 / 3 > room:
                    found.append(f"{workload} may hold {held}, and is ended when it does")
    return found
