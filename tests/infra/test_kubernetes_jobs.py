"""What runs and ends: the migration of a release, and the nightly backup."""

import pytest

from tests.support.manifest_capacity import quantity
from tests.support.manifests import Document, Manifests, rendered
from tests.support.workflow_checks import DEPLOYMENTS

WAITED = 60 * max(DEPLOYMENTS.values())
"""Seconds for which a deployment waits for the migration."""
HOUR = 3_600


@pytest.fixture(params=["staging", "production"])
def manifests(request: pytest.FixtureRequest) -> Manifests:
    """Of the overlays that other people use."""
    return rendered(request.param, every=True)


def container(m: Manifests, name: str) -> Document:
    """The one of a workload."""
    [found] = m.workload(name).containers
    return found


def test_a_migration_has_the_time_that_is_waited_for_it(manifests: Manifests) -> None:
    """It is tried again until Neo4j is there, and is still there when its end and its log are asked for."""
    job = manifests.workload("migrate").document["spec"]
    assert container(manifests, "migrate")["args"] == ["migrate"]
    assert not job.get("suspend")
    assert job["activeDeadlineSeconds"] >= WAITED
    assert job["ttlSecondsAfterFinished"] >= WAITED
    assert 10 * (2 ** job["backoffLimit"] - 1) >= WAITED  # the waits between two tries: 10 s, 20 s, 40 s...


def test_a_copy_is_made_every_night(manifests: Manifests) -> None:
    """Of one at a time, two weeks are kept, in a place that is not that of the pictures."""
    cron = manifests.one("CronJob", "backup")["spec"]
    minute, hour, *days = cron["schedule"].split()
    assert (minute.isdigit(), hour.isdigit(), days) == (True, True, ["*", "*", "*"])
    assert (cron["concurrencyPolicy"], cron.get("suspend", False)) == ("Forbid", False)
    assert container(manifests, "backup")["args"] == ["backup", "--keep", "14"]
    data = manifests.one("ConfigMap", "continuum")["data"]
    assert data["BACKUP_URL"] != data["IMAGE_STORE_URL"]


def test_a_night_is_made_up_for(manifests: Manifests) -> None:
    """One that was missed or that failed is tried again before the next; and a copy of hours is no failure."""
    cron = manifests.one("CronJob", "backup")["spec"]
    job = cron["jobTemplate"]["spec"]
    assert HOUR <= cron["startingDeadlineSeconds"] <= 12 * HOUR
    assert HOUR <= job["activeDeadlineSeconds"] <= 12 * HOUR
    assert job["backoffLimit"] >= 1


def test_what_a_job_said_can_be_read_afterwards(manifests: Manifests) -> None:
    """A pod that failed stays, and so does its Job for some nights."""
    assert {manifests.workload(name).pod["restartPolicy"] for name in ("migrate", "backup")} == {"Never"}
    cron = manifests.one("CronJob", "backup")["spec"]
    assert min(cron["successfulJobsHistoryLimit"], cron["failedJobsHistoryLimit"]) >= 1


def test_a_restore_has_room(manifests: Manifests) -> None:
    """It runs as a backup does, and fetches what it restores first."""
    sizes = {v["name"]: v["emptyDir"]["sizeLimit"] for v in manifests.workload("backup").pod["volumes"]}
    assert quantity(sizes["tmp"]) >= quantity("10Gi")
