"""Export and import of the full form: a workspace moves without loss."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from graphstore.formats import FormatError, VersionError, export_to
from graphstore.formats.records import KINDS
from graphstore.model import ExplorationStatus, ImageStatus, Merge, PageRequest
from graphstore.port import Store
from tests.support.claims import added, begun, claim, image_in, known, next_step, outcome, request_key, says
from tests.support.files import COMPRESS, imported, lines, opened_store, reasons


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An empty workspace."""
    async with opened_store(tmp_path, "main", "from.sqlite3") as opened:
        yield opened


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[Store]:
    """An empty workspace of another file, with another name."""
    async with opened_store(tmp_path, "copy", "to.sqlite3") as opened:
        yield opened


async def fill(store: Store) -> None:
    """At least one record of every kind, made by what makes them in life."""
    ids = await added(store, "a", claim("b", external_ids={"test": "b"}), "c", "d", relations=(says("a", "IS_A", "b"),))
    await store.curation.add(known("e"), request_key())
    exploration = await begun(store, "a")
    found = known("a", "b", "c", relations=(says("a", "HAS_PART", "c"),))
    await store.work.commit(outcome(exploration.id, await next_step(store, exploration.id), found))
    await image_in(store, ids["b"], ImageStatus.READY)
    await image_in(store, ids["c"], ImageStatus.QUEUED)
    await store.curation.merge(ids["a"], [ids["b"]])
    await store.curation.delete_concept(ids["d"])
    await store.control.cancel(exploration.id, "enough")


async def exported(store: Store) -> bytes:
    """The workspace as a file."""
    raw = BytesIO()
    await export_to(raw, store)
    return raw.getvalue()


def records(data: bytes) -> list[dict[str, Any]]:
    """The lines between the first and the last, in an order that does not depend on the export's."""
    return sorted((json.loads(line) for line in data.splitlines()[1:-1]), key=json.dumps)


@pytest.mark.parametrize("suffix", COMPRESS)
async def test_a_workspace_moves_without_loss(store: Store, other: Store, suffix: str) -> None:
    """What was exported and imported elsewhere is exported from there as the same records."""
    await fill(store)
    data = await exported(store)
    report = await imported(other, COMPRESS[suffix](data), "any name")
    assert (report.form, report.failed) == ("full", 0)
    assert set(report.stored) == set(KINDS)
    assert records(await exported(other)) == records(data)


async def test_importing_an_export_again_changes_nothing(store: Store, other: Store) -> None:
    """A file that was imported already is stored once more as it is, without a refusal."""
    await fill(store)
    data = await exported(store)
    for target in (other, other, store):
        assert (await imported(target, data)).problems == []
    assert records(await exported(other)) == records(await exported(store)) == records(data)


async def test_a_moved_workspace_is_alive(store: Store, other: Store) -> None:
    """The copy can be worked with: it is searched, a merge is undone, and an exploration goes on."""
    await fill(store)
    waiting = await begun(store, "c")
    await imported(other, await exported(store))
    [merge] = [record async for record in store.archive.export() if isinstance(record, Merge)]
    assert (await other.curation.unmerge(merge.concept.id)).name == "b"
    moved = (await other.explorations.get([waiting.id]))[waiting.id]
    assert (moved.status, moved.lease) == (ExplorationStatus.QUEUED, None)
    assert await other.work.claim(waiting.id, "somebody", 10) is not None


async def test_images_move_with_their_concepts(store: Store, other: Store) -> None:
    """They are shown by the concept that theirs was merged into, and go back with it; one that was to be made can
    be made there; of a concept that is refused, they are refused too."""
    ids = await added(store, "a", "b")
    ready, waiting = [await image_in(store, ids["b"], s) for s in (ImageStatus.READY, ImageStatus.QUEUED)]
    await store.curation.merge(ids["a"], [ids["b"]])
    await imported(other, await exported(store))
    assert await other.images.get([ready.id]) == await store.images.get([ready.id])
    await other.curation.unmerge(ids["b"])
    page = (await other.images.of([ids["b"]], PageRequest(9)))[ids["b"]]
    assert {item.value.id for item in page.items} == {ready.id, waiting.id}
    assert await other.image_jobs.claim(waiting.job, "maker", 60)
    images = [line for line in (await exported(store)).splitlines(True) if line.startswith(b'{"image"')]
    await store.curation.delete_concept(ids["a"])
    report = await imported(store, b"".join([lines({"continuum": 1}), *images]))
    assert (report.failed, report.stored.total()) == (2, 0)
    gone = f"the concept {ids['a']} is neither stored nor in the lines before this one"
    assert set(reasons(report).values()) == {gone}
    assert await store.images.count([ids["a"]]) == {ids["a"]: 0}


async def test_the_first_line_tells_the_version_and_the_last_one_the_number(store: Store) -> None:
    """An exported file begins with its version, and ends with how many records it has."""
    await fill(store)
    first, *between, last = map(json.loads, (await exported(store)).splitlines())
    assert first["continuum"] == 1
    assert first["workspace"] == "main"
    assert datetime.fromisoformat(first["exported"]) <= datetime.now(UTC)
    assert last == {"end": {"records": len(between)}}


async def test_an_empty_workspace_can_be_moved(store: Store, other: Store) -> None:
    """A file without records is whole."""
    report = await imported(other, await exported(store))
    assert (report.failed, report.stored.total()) == (0, 0)


async def test_a_file_that_lost_lines_is_noticed(store: Store, other: Store) -> None:
    """The end that is missing, and lines that are missing before it, are reported; the rest is stored."""
    await fill(store)
    whole = (await exported(store)).splitlines(keepends=True)
    cut = await imported(other, b"".join(whole[:-1]))
    assert reasons(cut) == {len(whole): "the file's last line is missing; it was cut off"}
    holed = await imported(other, b"".join(whole[:-3] + whole[-1:]))
    wanted = f"the file should hold {len(whole) - 2} records, and {len(whole) - 4} came before this line"
    assert reasons(holed) == {len(whole) - 2: wanted}


async def test_a_file_written_by_hand_needs_no_end(store: Store, other: Store) -> None:
    """A version line that tells of no export promises no last line either."""
    await added(store, "a")
    line = next(line for line in (await exported(store)).splitlines() if line.startswith(b'{"concept"'))
    report = await imported(other, lines({"continuum": 1}) + line)
    assert (report.failed, dict(report.stored)) == (0, {"concept": 1})


@pytest.mark.parametrize("version", [2, 99])
async def test_a_newer_version_is_refused(other: Store, version: int) -> None:
    """Nothing of a file of a later format is read, and the message says what to do."""
    with pytest.raises(VersionError, match=rf"version {version} of the format.* up to version 1; a newer release"):
        await imported(other, lines({"continuum": version}))


@pytest.mark.parametrize("version", [0, -1, "1", True, None, 1.0])
async def test_a_version_that_is_none_is_refused(other: Store, version: object) -> None:
    """The version is a whole number from 1 on."""
    with pytest.raises(FormatError, match="the version line must say which version"):
        await imported(other, lines({"continuum": version}))


async def test_bad_lines_are_reported_and_the_rest_goes_on(store: Store, other: Store) -> None:
    """A line that cannot be read has its number and its reason, and all the others are stored."""
    await fill(store)
    whole = (await exported(store)).splitlines(keepends=True)
    data = b"".join([whole[0], b'{"concept": {"id": 1}}\n', b"???\n", *whole[1:-1]])
    report = await imported(other, data.replace(b'"exported"', b'"made"', 1))
    assert reasons(report)[2] == "concept.id must be a UUID in lower case with hyphens"
    assert reasons(report)[3].startswith("not JSON: ")
    assert report.failed == 2
    assert report.stored.total() == len(whole) - 2


async def test_what_another_concept_holds_is_refused_with_all_that_hangs_on_it(store: Store, other: Store) -> None:
    """A concept or source that is stored under another id is refused, and so are records that speak of it: none is
    left pointing at nothing."""
    await added(store, "a", "z", relations=(says("a", "IS_A", "z"),))
    await added(other, "a")
    before = await exported(other)
    report = await imported(other, await exported(store))
    assert report.failed == 6
    found = sorted(reason.split(" ", 2)[:2] for reason in reasons(report).values())
    assert found == [["another", "concept"], ["another", "source"], *[["the", "concept"]] * 3, ["the", "source"]]
    assert dict(report.stored) == {"concept": 1}
    assert await other.relations.types() == {}
    assert len(records(await exported(other))) == len(records(before)) + 1
