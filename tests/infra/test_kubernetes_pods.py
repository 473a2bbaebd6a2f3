"""Pods are told what they need, and write what must last where it lasts."""

from collections.abc import Callable
from typing import TypeAlias

import pytest

from tests.support import manifest_environment as environment
from tests.support import manifest_stores as stores
from tests.support.manifests import MAIN, OVERLAYS, POD, Change, Manifests, rendered

Check: TypeAlias = Callable[[Manifests], list[str]]

CHECKS: tuple[Check, ...] = (
    environment.expansions,
    environment.secret_keys,
    environment.one_store,
    environment.alike,
    environment.reachable,
    environment.buckets,
    stores.single,
    stores.handed_over,
    stores.kept,
    stores.writable,
    stores.password_of_neo4j,
    stores.memory_of_neo4j,
    stores.asked,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: f"{check.__module__.rpartition('.')[2]}.{check.__name__}")
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_nothing_is_amiss(overlay: str, check: Check) -> None:
    """In what an overlay renders."""
    assert check(rendered(overlay)) == []


_ENV = (*MAIN, "env")
_RETAIN = ("spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted")
_BACKUP_ENV = ("spec", "jobTemplate", *_ENV)
_CLAIM = ("spec", "volumeClaimTemplates", 0, "metadata", "name")
SPOILT: tuple[tuple[Check, str, Change], ...] = (
    (environment.expansions, "$(REDIS_PASSWORD) is not", Change("Deployment api", (*_ENV, 1, "name"), "REDIS_PASS")),
    (environment.expansions, "$(REDISCLI_AUTH) is not", Change("StatefulSet redis", (*_ENV, 0, "name"), "AUTH")),
    (
        environment.secret_keys,
        "OPENAI_API_KEY is the key STABLE_DIFFUSION_API_KEY",
        Change("Deployment worker", (*_ENV, 5, "valueFrom", "secretKeyRef", "key"), "STABLE_DIFFUSION_API_KEY"),
    ),
    (
        environment.secret_keys,
        "NEO4J_PASSWORD is the key NEO4J_PASSWORD, optional: True",
        Change("Job migrate", (*_ENV, 0, "valueFrom", "secretKeyRef", "optional"), value=True),
    ),
    (
        environment.secret_keys,
        "AWS_ACCESS_KEY_ID is the key AWS_ACCESS_KEY_ID, optional: False",
        Change("CronJob backup", (*_BACKUP_ENV, 1, "valueFrom", "secretKeyRef", "optional")),
    ),
    (environment.one_store, "Job migrate: migrate works on", Change("Job migrate", (*MAIN, "envFrom"))),
    (environment.one_store, "CronJob backup: backup works on", Change("CronJob backup", (*_BACKUP_ENV, 0))),
    (environment.one_store, "schema works on", Change("ConfigMap continuum", ("data", "NEO4J_URI"))),
    (environment.alike, "REDIS_CACHE_URL", Change("Deployment api", (*_ENV, 3))),
    (environment.alike, "REDIS_URL", Change("Deployment worker", (*_ENV, 3, "value"), "redis://redis-cache:6379/0")),
    (environment.reachable, "api: it is told", Change("ConfigMap continuum", ("data", "HOST"), "127.0.0.1")),
    (environment.reachable, "Jaeger is", Change("ConfigMap continuum", ("data", "TRACING_ENABLED"), "false")),
    (environment.buckets, "api: AWS_REGION is missing", Change("ConfigMap continuum", ("data", "AWS_REGION"))),
    (environment.buckets, "AWS_REGIO is no", Change("ConfigMap continuum", ("data", "AWS_REGIO"), "a")),
    (environment.buckets, "CronJob backup: AWS_SECRET", Change("CronJob backup", (*_BACKUP_ENV, 2))),
    (stores.single, "there are 2 of neo4j", Change("StatefulSet neo4j", ("spec", "replicas"), 2)),
    (stores.handed_over, "two of jaeger", Change("Deployment jaeger", ("spec", "strategy", "type"), "RollingUpdate")),
    (
        stores.kept,
        "/data lies on no disk",
        Change("StatefulSet neo4j", (*MAIN, "volumeMounts", 0, "mountPath"), "/dta"),
    ),
    (stores.kept, "/data lies on no disk", Change("StatefulSet redis", _CLAIM, "disk")),
    (
        stores.kept,
        "/badger lies on no disk",
        Change("Deployment jaeger", (*POD, "volumes", 1), {"name": "data", "emptyDir": {"sizeLimit": "1Gi"}}),
    ),
    (stores.kept, "disk is not its own", Change("StatefulSet redis", (*POD, "securityContext", "fsGroup"))),
    (
        stores.kept,
        "for others than one node",
        Change("PersistentVolumeClaim jaeger", ("spec", "accessModes", 0), "ReadWriteOne"),
    ),
    (stores.kept, "a disk goes with", Change("StatefulSet neo4j", _RETAIN, "Delete")),
    (stores.writable, "cannot write to /tmp", Change("Deployment api", (*MAIN, "volumeMounts", 0, "mountPath"), "/t")),
    (
        stores.writable,
        "cannot write to /data",
        Change("Deployment worker", (*MAIN, "volumeMounts", 1, "readOnly"), value=True),
    ),
    (stores.writable, "data has no bound", Change("Deployment api", (*POD, "volumes", 1, "emptyDir", "sizeLimit"))),
    (stores.password_of_neo4j, "another", Change("StatefulSet neo4j", (*_ENV, 1, "value"), "none")),
    (stores.password_of_neo4j, "stands in", Change("StatefulSet neo4j", (*_ENV, 1, "value"), "neo4j/example")),
    (stores.memory_of_neo4j, "Neo4j takes", Change("StatefulSet neo4j", (*_ENV, 4, "value"), "1g")),
    (
        stores.memory_of_neo4j,
        "Neo4j takes",
        Change("StatefulSet neo4j", (*_ENV, 3, "name"), "NEO4J_server_memory_heap"),
    ),
    (stores.asked, "before it is left alone", Change("StatefulSet neo4j", (*MAIN, "readinessProbe"))),
    (
        stores.asked,
        "Deployment api: it is ended before",
        Change("Deployment api", (*MAIN, "readinessProbe", "failureThreshold"), 9),
    ),
    (stores.asked, "it has 5 s to start", Change("StatefulSet neo4j", (*MAIN, "startupProbe", "failureThreshold"), 1)),
    (stores.asked, "while it writes", Change("StatefulSet redis", (*POD, "terminationGracePeriodSeconds"), 1)),
)


@pytest.mark.parametrize(("check", "told", "change"), SPOILT, ids=[str(change) for _, _, change in SPOILT])
def test_a_mistake_is_found(check: Check, told: str, change: Change) -> None:
    """Each is told by the check that is for it."""
    manifests = rendered("production", every=True)
    change.spoil(manifests)
    assert any(told in sentence for sentence in check(manifests))
