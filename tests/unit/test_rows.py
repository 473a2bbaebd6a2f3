"""What is read of a node while a commit changes it."""

from datetime import UTC, datetime

import pytest

from graphstore.model import (
    Budget,
    Exploration,
    ExplorationStatus,
    Image,
    ImageOptions,
    ImageStatus,
    Lease,
    Options,
    Progress,
    Spend,
)
from graphstore.rows import explorations, images
from graphstore.rows.graph import Row

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LEASE = Lease("token", NOW)
EXPLORATION = Exploration(
    id="01",
    topic="light",
    status=ExplorationStatus.RUNNING,
    reason=None,
    options=Options(1, 5, ("atlas",)),
    budget=Budget(),
    spent=Spend(),
    progress=Progress(),
    root=None,
    lease=LEASE,
    next_seq=2,
    created=NOW,
    started=NOW,
    finished=None,
)
IMAGE = Image(
    id="02",
    job="03",
    position=0,
    concept="04",
    made_for="04",
    exploration=None,
    options=ImageOptions("mock", "64x64"),
    status=ImageStatus.GENERATING,
    attempts=1,
    version=2,
    prompt=None,
    concept_version=None,
    picture=None,
    error=None,
    lease=LEASE,
    created=NOW,
    started=NOW,
    finished=None,
)


def without(row: Row, columns: tuple[str, ...], column: str) -> Row:
    """A row in which one column is null."""
    return tuple(None if name == column else value for name, value in zip(columns, row, strict=False))


@pytest.mark.parametrize(("column", "lease"), [("finished", LEASE), ("lease_token", None), ("lease_until", None)])
def test_half_a_lease_is_nobodys(column: str, lease: Lease | None) -> None:
    """Neo4j reads the properties of a node one after another, and a commit may come in between."""
    row = without(explorations.exploration_row(EXPLORATION), explorations.EXPLORATION, column)
    assert explorations.exploration(row).lease == lease
    row = without(images.image_row(IMAGE), images.IMAGE, column)
    assert images.image(row).lease == lease
