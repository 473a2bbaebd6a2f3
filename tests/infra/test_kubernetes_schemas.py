"""Each object is one that Kubernetes, or the operator that it is for, takes as it is written."""

import jsonschema
import kubernetes_validate  # type: ignore[import-untyped]  # it has annotations, and does not say so
import pytest

from tests.support.json_schema import NAME, TEXT, WHOLE, record, several
from tests.support.manifests import OVERLAYS, Change, Document, Manifests, rendered

VERSIONS = ("1.30", "1.37")
"""The oldest that the manifests are for, and the newest known."""

_TRIGGER = record(
    ("type", "metadata"),
    type={"const": "prometheus"},
    name=TEXT,
    metricType={"enum": ["AverageValue", "Value"]},
    metadata=record(
        ("serverAddress", "query", "threshold"),
        serverAddress={"type": "string", "pattern": "^https?://"},
        query=TEXT,
        threshold={"type": "string", "pattern": r"^\d+(\.\d+)?$"},
        ignoreNullValues={"enum": ["true", "false"]},
    ),
)
_REMOTE = record(("key",), key=TEXT, property=TEXT)
_ENDPOINT = record(
    ("port",),
    port=NAME,
    path={"type": "string", "pattern": "^/"},
    interval={"type": "string", "pattern": r"^\d+(s|m)$"},
    scrapeTimeout={"type": "string", "pattern": r"^\d+(s|m)$"},
    relabelings=several(record(("targetLabel", "replacement"), targetLabel=TEXT, replacement=TEXT)),
)
CUSTOM = {
    "keda.sh/v1alpha1 ScaledObject": record(
        ("scaleTargetRef", "triggers"),
        scaleTargetRef=record(("name",), name=NAME),
        minReplicaCount=WHOLE,
        maxReplicaCount=WHOLE,
        pollingInterval=WHOLE,
        fallback=record(("failureThreshold", "replicas"), failureThreshold=WHOLE, replicas=WHOLE),
        advanced=record((), horizontalPodAutoscalerConfig=record((), behavior={"type": "object"})),
        triggers=several(_TRIGGER),
    ),
    "monitoring.coreos.com/v1 ServiceMonitor": record(
        ("selector", "endpoints"),
        selector=record(("matchLabels",), matchLabels={"type": "object", "additionalProperties": TEXT}),
        endpoints=several(_ENDPOINT),
    ),
    "snapshot.storage.k8s.io/v1 VolumeSnapshot": record(
        ("source",),
        volumeSnapshotClassName=NAME,
        source=record(("persistentVolumeClaimName",), persistentVolumeClaimName=NAME),
    ),
    "external-secrets.io/v1 ExternalSecret": record(
        ("secretStoreRef", "target"),
        refreshInterval={"type": "string", "pattern": r"^\d+(s|m|h)$"},
        secretStoreRef=record(("name",), kind={"enum": ["SecretStore", "ClusterSecretStore"]}, name=NAME),
        target=record(("name",), name=NAME, creationPolicy={"enum": ["Owner", "Merge", "Orphan"]}),
        data=several(record(("secretKey", "remoteRef"), secretKey=TEXT, remoteRef=_REMOTE)),
        dataFrom=several(record(("extract",), extract=_REMOTE)),
    ),
}
"""What of each custom kind is used here: schemas of its `spec`, stricter than its own."""


def refused(document: Document, version: str) -> str | None:
    """Why an API server of this version would not take it."""
    kind = f"{document['apiVersion']} {document['kind']}"
    try:
        if kind in CUSTOM:
            jsonschema.validate(document["spec"], CUSTOM[kind])
        else:
            kubernetes_validate.validate(document, version, strict=True)
    except jsonschema.ValidationError as error:
        return f"{kind} {document['metadata']['name']}: {error.json_path}: {error.message}"
    except kubernetes_validate.SchemaNotFoundError as error:
        return str(error.message)
    return None


def refusals(manifests: Manifests, version: str) -> list[str]:
    """All of them."""
    return [reason for document in manifests.documents if (reason := refused(document, version))]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_object_is_one_that_the_cluster_knows(overlay: str, version: str) -> None:
    """Kubernetes' own schemas, without unknown fields, take all that is applied."""
    assert refusals(rendered(overlay), version) == []


@pytest.mark.parametrize("overlay", ["staging", "production"])
def test_what_an_operator_may_choose_is_taken_as_well(overlay: str) -> None:
    """Taken out of its comment, each component is found, and gives objects that its operator knows."""
    manifests = rendered(overlay, every=True)
    assert {f"{d['apiVersion']} {d['kind']}" for d in manifests.documents} >= set(CUSTOM)
    assert refusals(manifests, VERSIONS[-1]) == []


SPOILT = (
    Change("Deployment api", ("spec", "replicass"), 3),
    Change("HorizontalPodAutoscaler api", ("spec", "maxReplicas"), "10"),
    Change("CronJob backup", ("apiVersion",), "batch/v1beta1"),
    Change("Deployment worker", ("spec", "selector")),
    Change("ScaledObject worker", ("spec", "triggers", 0, "metadata", "threshold"), 4),
    Change("ServiceMonitor continuum-api", ("spec", "endpoints", 0, "intervall"), "15s"),
    Change("ExternalSecret continuum", ("spec", "target")),
)


@pytest.mark.parametrize("change", SPOILT, ids=str)
def test_a_field_that_is_wrong_is_found(change: Change) -> None:
    """Nothing of that would pass."""
    right, wrong = rendered("production", every=True), rendered("production", every=True)
    change.spoil(wrong)
    [document] = [d for d, before in zip(wrong.documents, right.documents, strict=True) if d != before]
    assert refused(document, VERSIONS[-1])
