"""There is room for what the manifests may start, and time for what they may stop."""

from collections.abc import Callable
from typing import TypeAlias

import pytest

from tests.support import manifest_capacity as capacity
from tests.support.manifest_capacity import quantity
from tests.support.manifests import MAIN, OVERLAYS, POD, Change, Manifests, rendered

Check: TypeAlias = Callable[[Manifests], list[str]]

CHECKS: tuple[Check, ...] = (
    capacity.quota,
    capacity.limits,
    capacity.endings,
    capacity.patience,
    capacity.budgets,
    capacity.memory_of_redis,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
@pytest.mark.parametrize("every", [False, True], ids=["as it is", "with all that may be chosen"])
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_there_is_room_and_time(overlay: str, check: Check, *, every: bool) -> None:
    """Also at the largest that the autoscalers may make of it, in the midst of a rollout."""
    assert check(rendered(overlay, every=every)) == []


@pytest.mark.parametrize(
    ("text", "number"), [("250m", 0.25), ("2", 2), (3, 3), ("512Mi", 512 * 2**20), ("1Gi", 2**30), ("5k", 5_000)]
)
def test_quantities_are_read_as_kubernetes_reads_them(text: str | float, number: float) -> None:
    """Thousandths, and powers of ten and of two."""
    assert quantity(text) == number


def test_the_largest_counts_what_a_rollout_adds() -> None:
    """Ten API pods, one more that is started, and one of the old that still ends."""
    manifests = rendered("production")
    assert capacity.pods_at_most(manifests, manifests.workload("api")) == 12
    assert capacity.needed_by(manifests.workload("api")) == {
        "requests.cpu": 0.25,
        "requests.memory": 512 * 2**20,
        "limits.cpu": 0.25,
        "limits.memory": 512 * 2**20,
    }


_QUOTA = ("spec", "hard", "requests.cpu")
_DISK = ("spec", "volumeClaimTemplates", 0, "spec", "resources", "requests", "storage")
_BEFORE = (*POD, "initContainers", 0, "resources", "requests", "memory")
_BACKUP = ("spec", "jobTemplate", *MAIN, "resources", "limits", "memory")
SPOILT: tuple[tuple[Check, str, Change], ...] = (
    (capacity.quota, "requests.cpu", Change("HorizontalPodAutoscaler api", ("spec", "maxReplicas"), 30)),
    (capacity.quota, "limits.cpu", Change("ScaledObject worker", ("spec", "maxReplicaCount"), 20)),
    (capacity.quota, "the quota has 7 requests.cpu", Change("ResourceQuota continuum", _QUOTA, "7")),
    (capacity.quota, "requests.storage", Change("StatefulSet neo4j", _DISK, "100Gi")),
    (capacity.quota, "requests.memory", Change("Deployment worker", _BEFORE, "2Gi")),
    (capacity.limits, "backup names no memory", Change("CronJob backup", _BACKUP)),
    (
        capacity.limits,
        "neo4j may not have that cpu",
        Change("StatefulSet neo4j", (*MAIN, "resources", "limits", "cpu"), "8"),
    ),
    (
        capacity.endings,
        "Deployment api is given 20 s to end, and may take 21 s",
        Change("Deployment api", (*POD, "terminationGracePeriodSeconds"), 20),
    ),
    (
        capacity.endings,
        "Deployment api is given 30 s to end, and may take 36 s",
        Change("ConfigMap continuum", ("data", "SHUTDOWN_SECONDS"), "25"),
    ),
    (
        capacity.endings,
        "Deployment worker cuts off a model",
        Change("Deployment worker", (*MAIN, "env", 1, "value"), "6"),
    ),
    (
        capacity.patience,
        "waits for 1 s",
        Change("Deployment worker", (*MAIN, "readinessProbe", "timeoutSeconds"), 1),
    ),
    (
        capacity.budgets,
        "the budget of Deployment api lets nobody go of 3",
        Change("PodDisruptionBudget api", ("spec", "minAvailable"), 3),
    ),
    (
        capacity.memory_of_redis,
        "Deployment redis-cache may hold 256mb",
        Change("Deployment redis-cache", (*MAIN, "resources", "limits", "memory"), "256Mi"),
    ),
)


@pytest.mark.parametrize(("check", "told", "change"), SPOILT, ids=[str(change) for _, _, change in SPOILT])
def test_too_little_room_or_time_is_found(check: Check, told: str, change: Change) -> None:
    """Each mistake is told by the check that is for it."""
    manifests = rendered("production", every=True)
    change.spoil(manifests)
    assert any(told in sentence for sentence in check(manifests))
