"""Where pictures are kept: in a folder, in memory, and on a server that speaks S3."""

import asyncio
import hashlib
import os
import resource
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from graphstore.bytes import PictureBytes, open_bytes
from graphstore.errors import InvalidError, ReadOnlyError, UnavailableError
from tests.support.fake_s3 import BUCKET, ENVIRONMENT, SECRET, FakeS3, fake_s3

CONTENT = b"not quite a picture"
SOON = timedelta(minutes=1)
NOBODY = 65_534
ROOT = Path(__file__).parents[2]


def digest_of(content: bytes) -> str:
    """As pictures are named."""
    return hashlib.sha256(content).hexdigest()


DIGEST = digest_of(CONTENT)


def now() -> datetime:
    """By the clock that all places here share."""
    return datetime.now(UTC)


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeS3]:
    """A server that speaks S3, and that the environment names."""
    async with fake_s3() as fake:
        for name, value in {**ENVIRONMENT, "AWS_ENDPOINT_URL": fake.address}.items():
            monkeypatch.setenv(name, value)
        yield fake


@pytest.fixture
def shelf(server: FakeS3) -> PictureBytes:
    """A place on that server."""
    assert server.address
    return open_bytes(f"s3://{BUCKET}/some/where", time_limit=5)


@pytest.fixture(params=["folder", "memory", "s3"])
def pictures(request: pytest.FixtureRequest, tmp_path: Path) -> PictureBytes:
    """An empty place."""
    if request.param == "s3":
        place: PictureBytes = request.getfixturevalue("shelf")
        return place
    return open_bytes(str(tmp_path / "pictures") if request.param == "folder" else "memory://")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to keep pictures in."""
    return tmp_path / "pictures"


@pytest.fixture
def local(folder: Path) -> PictureBytes:
    """The place in that folder."""
    return open_bytes(str(folder))


async def kept(pictures: PictureBytes) -> dict[tuple[str, str], datetime]:
    """All that is there, each once, and when it was put."""
    found = [one async for one in pictures.digests()]
    times = {(one.workspace, one.digest): one.modified for one in found}
    assert len(times) == len(found)
    return times


def files(folder: Path) -> set[str]:
    """Every file and folder in a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


async def test_what_is_put_can_be_read(pictures: PictureBytes) -> None:
    """Whole and in parts; its size is known without reading it."""
    assert await pictures.read("main", DIGEST) is None
    assert await pictures.size("main", DIGEST) is None
    await pictures.put("main", DIGEST, CONTENT)
    assert await pictures.read("main", DIGEST) == CONTENT
    assert await pictures.read("main", DIGEST, 4) == CONTENT[4:]
    assert await pictures.read("main", DIGEST, 0, 3) == CONTENT[:3]
    assert await pictures.read("main", DIGEST, 4, 9) == CONTENT[4:9]
    assert await pictures.size("main", DIGEST) == len(CONTENT)


async def test_a_large_picture_comes_back_as_it_was(pictures: PictureBytes) -> None:
    """Also where others would send it in several pieces."""
    content = os.urandom(12_000_000)
    await pictures.put("main", digest_of(content), content)
    assert await pictures.size("main", digest_of(content)) == len(content)
    assert await pictures.read("main", digest_of(content)) == content
    assert await pictures.read("main", digest_of(content), 11_999_990, 12_000_000) == content[-10:]


async def test_a_workspace_has_its_own(pictures: PictureBytes) -> None:
    """What one has put is not there for another, and is removed from neither by the other."""
    await pictures.put("main", DIGEST, CONTENT)
    assert await pictures.read("other", DIGEST) is None
    await pictures.put("other", DIGEST, CONTENT)
    assert await pictures.delete("main", DIGEST)
    assert await pictures.size("main", DIGEST) is None
    assert await pictures.read("other", DIGEST) == CONTENT


@pytest.mark.parametrize(
    "workspace",
    [".", "..", "../other", "/etc", "a/b", "a\\b", "%2E%2E", "a b", "Ünïcode 🦊", "x#1", "a?b&c=d", "~", "*", "a\nb"],
)
async def test_a_workspace_of_any_name_stays_where_it_belongs(pictures: PictureBytes, workspace: str) -> None:
    """Its name comes back as it was, and leads nowhere else."""
    await pictures.put(workspace, DIGEST, CONTENT)
    await pictures.put_variant(workspace, DIGEST, "w64", b"small")
    assert list(await kept(pictures)) == [(workspace, DIGEST)]
    assert await pictures.read(workspace, DIGEST) == CONTENT
    assert await pictures.delete(workspace, DIGEST)
    assert await kept(pictures) == {}


async def test_what_is_left_of_a_picture_has_no_size(local: PictureBytes, folder: Path) -> None:
    """The mark of one who was killed while it removed the bytes, a thumbnail, a file that a crash has emptied; what is
    whole has its own size, whatever lies beside it. A workspace is listed by itself, too."""
    for workspace, name, content in (
        *(("mark", "removing-0123", b""), ("small", "w64", b"small"), ("empty", "original", b"")),
        *(("whole", "original", CONTENT), ("whole", "w64", b"small"), ("whole-2", "original", CONTENT)),
    ):
        file = folder / workspace / DIGEST / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    sizes = {one.workspace: one.size async for one in local.digests()}
    assert sizes == {"mark": 0, "small": 0, "empty": 0, "whole": len(CONTENT), "whole-2": len(CONTENT)}
    assert [one.workspace async for one in local.digests("whole")] == ["whole"]


async def test_names_of_workspaces_make_no_other_files(local: PictureBytes, folder: Path) -> None:
    """A folder holds one folder for each workspace and nothing else, however they are called."""
    names = [".", "..", "../up", "a/b", "%2E", "%"]
    for name in names:
        await local.put(name, DIGEST, CONTENT)
    parts = [path.split("/") for path in files(folder.parent)]
    assert len([path for path in parts if len(path) == 2]) == len(names)
    assert {(path[0], *path[2:]) for path in parts if len(path) > 3} == {("pictures", DIGEST, "original")}
    assert len({path[0] for path in parts}) == 1


@pytest.mark.parametrize("digest", ["", "..", DIGEST.upper(), DIGEST[:-1], f"{DIGEST}0", f"../{DIGEST}", f"{DIGEST}\n"])
async def test_what_is_no_digest_names_nothing(pictures: PictureBytes, digest: str) -> None:
    """Neither to write nor to read."""
    calls: list[Awaitable[object]] = [
        pictures.put("main", digest, CONTENT),
        pictures.read("main", digest),
        pictures.delete("main", digest),
    ]
    for call in calls:
        with pytest.raises(InvalidError, match="digest"):
            await call


async def test_bytes_that_have_another_digest_are_refused(pictures: PictureBytes) -> None:
    """Nothing is kept under a wrong name."""
    with pytest.raises(InvalidError, match=DIGEST):
        await pictures.put("main", DIGEST, CONTENT + b"!")
    assert await kept(pictures) == {}


async def test_what_is_put_again_is_young_again(pictures: PictureBytes) -> None:
    """So that those who remove what is old leave it alone."""
    await pictures.put("main", DIGEST, CONTENT)
    [first] = (await kept(pictures)).values()
    async with asyncio.timeout(5):
        while True:
            await pictures.put("main", DIGEST, CONTENT)
            [again] = (await kept(pictures)).values()
            if again > first:  # clocks of file systems take their time
                break
    assert abs(again - now()) < SOON
    assert await pictures.read("main", DIGEST) == CONTENT


async def test_many_may_put_the_same_at_once(pictures: PictureBytes) -> None:
    """It is there once, and whole."""
    await asyncio.gather(*(pictures.put("main", DIGEST, CONTENT) for _ in range(20)))
    assert list(await kept(pictures)) == [("main", DIGEST)]
    assert await pictures.read("main", DIGEST) == CONTENT


async def test_variants_are_kept_beside_the_picture_and_go_with_it(pictures: PictureBytes) -> None:
    """They are no pictures of their own."""
    await pictures.put("main", DIGEST, CONTENT)
    assert await pictures.variant("main", DIGEST, "w64") is None
    await pictures.put_variant("main", DIGEST, "w64", b"small")
    await pictures.put_variant("main", DIGEST, "w256", b"larger")
    assert await pictures.variant("main", DIGEST, "w64") == b"small"
    assert list(await kept(pictures)) == [("main", DIGEST)]
    assert await pictures.delete("main", DIGEST)
    assert await pictures.variant("main", DIGEST, "w64") is None
    assert await pictures.variant("main", DIGEST, "w256") is None
    with pytest.raises(InvalidError):
        await pictures.variant("main", DIGEST, "../original")


async def test_everything_that_is_kept_is_listed(pictures: PictureBytes) -> None:
    """Each digest of each workspace once, however many there are; and what was left of it when only that is left."""
    contents = [f"picture {number}".encode() for number in range(7)]
    for content in contents:
        for workspace in ("main", "other"):
            await pictures.put(workspace, digest_of(content), content)
            await pictures.put_variant(workspace, digest_of(content), "w64", b"small")
    await pictures.put_variant("third", DIGEST, "w64", b"small")
    await pictures.ping()
    expected = {(workspace, digest_of(content)) for content in contents for workspace in ("main", "other")}
    assert (await kept(pictures)).keys() == {*expected, ("third", DIGEST)}


async def test_only_what_is_old_enough_is_removed(pictures: PictureBytes) -> None:
    """What is not there is not removed, and nothing is left by looking for it."""
    await pictures.put("main", DIGEST, CONTENT)
    assert not await pictures.delete("main", DIGEST, before=now() - SOON)
    assert await pictures.read("main", DIGEST) == CONTENT
    assert await pictures.delete("main", DIGEST, before=now() + SOON)
    assert await kept(pictures) == {}
    assert not await pictures.delete("main", DIGEST, before=now() + SOON)
    assert not await pictures.delete("main", DIGEST)
    assert await kept(pictures) == {}


async def test_a_young_thumbnail_spares_an_old_picture(local: PictureBytes, folder: Path) -> None:
    """Somebody has looked at it just now."""
    await local.put("main", DIGEST, CONTENT)
    os.utime(folder / "main" / DIGEST / "original", (0, 0))
    await local.put_variant("main", DIGEST, "w64", b"small")
    assert not await local.delete("main", DIGEST, before=now() - SOON)
    os.utime(folder / "main" / DIGEST / "w64", (0, 0))
    assert await local.delete("main", DIGEST, before=now() - SOON)
    assert files(folder) == set()


async def test_what_is_put_while_it_is_removed_is_there_afterwards(shelf: PictureBytes, server: FakeS3) -> None:
    """Whoever puts it waits until it is removed, and puts it once more."""
    original = f"some/where/main/{DIGEST}/original"
    await shelf.put("main", DIGEST, CONTENT)
    server.held = "POST"
    removing = asyncio.create_task(shelf.delete("main", DIGEST))
    await server.seen("POST", "")
    putting = asyncio.create_task(shelf.put("main", DIGEST, CONTENT))
    await server.seen("PUT", original, times=2)
    server.free.set()
    assert await removing
    await putting
    assert server.asked.count(("PUT", original)) == 3
    assert await shelf.read("main", DIGEST) == CONTENT


async def test_putting_and_removing_at_any_moment_loses_nothing(pictures: PictureBytes) -> None:
    """What was put after the time before which things are removed is there, however the two fall together."""
    for delay in range(12):
        await pictures.put("main", DIGEST, CONTENT)
        [put] = (await kept(pictures)).values()
        before = put + timedelta(milliseconds=20)
        await asyncio.sleep((before - now()).total_seconds() + 0.02)  # until what is put is younger by any clock

        async def put_again(wait: float = delay / 2_500) -> None:
            await asyncio.sleep(wait)
            await pictures.put("main", DIGEST, CONTENT)

        await asyncio.gather(
            pictures.delete("main", DIGEST, before), put_again(), pictures.delete("main", DIGEST, before)
        )
        assert await pictures.read("main", DIGEST) == CONTENT


async def test_one_who_dies_while_removing_holds_up_nobody_for_long(tmp_path: Path) -> None:
    """What it left is waited for once, and then taken away."""
    pictures = open_bytes(str(tmp_path), time_limit=0.2)
    mark = tmp_path / "main" / DIGEST / "removing-0123"
    mark.parent.mkdir(parents=True)
    mark.touch()
    await pictures.put("main", DIGEST, CONTENT)
    assert files(tmp_path) == {"main", f"main/{DIGEST}", f"main/{DIGEST}/original"}


async def test_marks_of_the_dead_go_with_what_they_marked(local: PictureBytes, folder: Path) -> None:
    """And nothing is left of either."""
    await local.put("main", DIGEST, CONTENT)
    (folder / "main" / DIGEST / "removing-0123").touch()
    assert await local.delete("main", DIGEST, before=now() + SOON)
    assert files(folder) == set()


async def test_a_folder_is_made_when_it_is_missing(tmp_path: Path) -> None:
    """Whether it is named by its path or by an address, with what is special in addresses."""
    for location, path in (
        (str(tmp_path / "a" / "b"), tmp_path / "a" / "b"),
        (f"file://{tmp_path}/with%20space", tmp_path / "with space"),
        (str(tmp_path / "odd %41#1"), tmp_path / "odd %41#1"),
    ):
        await open_bytes(location).put("main", DIGEST, CONTENT)
        assert (path / "main" / DIGEST / "original").read_bytes() == CONTENT


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """By its name."""
    (tmp_path / "file").write_text("in the way")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UnavailableError, match=str(path)):
            open_bytes(str(path))


@pytest.mark.parametrize("location", ["ftp://host/x", "http://host/x", "https://host/x", "s3://", "nonsense://"])
def test_an_address_that_leads_nowhere_is_told(location: str) -> None:
    """At once, and not at the first picture."""
    with pytest.raises(InvalidError, match=location):
        open_bytes(location)


async def test_what_else_lies_in_the_folder_is_left_alone(local: PictureBytes, folder: Path) -> None:
    """It is neither listed nor removed."""
    await local.put("main", DIGEST, CONTENT)
    strange = [folder / "notes.txt", folder / "main" / "readme", folder / "main" / DIGEST[:-1] / "original"]
    for path in strange:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    assert list(await kept(local)) == [("main", DIGEST)]
    assert await local.delete("main", DIGEST)
    assert await local.clear_partial(now() + SOON) == 0
    assert all(path.read_text() == "mine" for path in strange)


async def test_half_written_files_are_no_pictures(local: PictureBytes, folder: Path) -> None:
    """They are not listed, hinder nobody, and are cleared when they are old."""
    half = folder / "main" / DIGEST / "original#1"
    half.parent.mkdir(parents=True)
    half.write_bytes(CONTENT[:5])
    assert await kept(local) == {}
    assert await local.size("main", DIGEST) is None
    await local.put("main", DIGEST, CONTENT)
    assert await local.read("main", DIGEST) == CONTENT
    assert await local.clear_partial(now() - SOON) == 0
    assert await local.clear_partial(now() + SOON) == 1
    assert files(folder) == {"main", f"main/{DIGEST}", f"main/{DIGEST}/original"}


WRITER = """
import asyncio, hashlib, os, sys
from graphstore.bytes import open_bytes

async def write():
    pictures = open_bytes(sys.argv[1])
    while True:
        content = os.urandom(8_000_000)
        await pictures.put("main", hashlib.sha256(content).hexdigest(), content)
        print("kept", flush=True)

asyncio.run(write())
"""


@pytest.mark.system
async def test_a_killed_process_leaves_whole_pictures_only(local: PictureBytes, folder: Path) -> None:
    """Whatever is listed has the digest that it is listed under."""
    for pictures in (1, 2, 3):
        writer = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITER, str(folder), cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        assert writer.stdout is not None
        for _ in range(pictures):
            assert await writer.stdout.readline() == b"kept\n"
        writer.kill()
        await writer.communicate()
    found = await kept(local)
    assert len(found) >= 6
    for workspace, digest in found:
        assert digest_of(await local.read(workspace, digest) or b"") == digest


async def test_a_full_disk_refuses_what_is_new_and_keeps_what_is_there(local: PictureBytes, folder: Path) -> None:
    """And says that it is full."""
    await local.put("main", DIGEST, CONTENT)
    large = bytes(1_000_000)
    with filled_up(500):
        for call in (local.put("main", digest_of(large), large), local.ping()):
            with pytest.raises(ReadOnlyError, match="full"):
                await call
        assert list(await kept(local)) == [("main", DIGEST)]
        assert await local.read("main", DIGEST) == CONTENT
    await local.put("main", digest_of(large), large)
    await local.ping()
    assert str(folder) in local.location


async def test_a_folder_that_may_only_be_read_is_read() -> None:
    """What is new is refused, and said to be."""
    folder = Path(tempfile.mkdtemp())
    try:
        local = open_bytes(str(folder))
        await local.put("main", DIGEST, CONTENT)
        for path in (".", *files(folder)):
            (folder / path).chmod(0o555)
        with unprivileged():
            assert await local.read("main", DIGEST) == CONTENT
            assert list(await kept(local)) == [("main", DIGEST)]
            calls: list[Awaitable[object]] = [
                local.put("main", DIGEST, CONTENT),
                local.ping(),
                local.delete("main", DIGEST),
            ]
            for call in calls:
                with pytest.raises(ReadOnlyError, match=folder.name):
                    await call
            assert await local.read("main", DIGEST) == CONTENT
    finally:
        shutil.rmtree(folder)


async def test_a_place_that_is_there_answers(pictures: PictureBytes) -> None:
    """And being asked leaves no picture behind."""
    await pictures.ping()
    await pictures.ping()
    assert await kept(pictures) == {}


@pytest.mark.parametrize("status", [403, 500, 503])
async def test_a_server_that_refuses_is_told_without_its_words(
    shelf: PictureBytes, server: FakeS3, status: int
) -> None:
    """Every call says that the place cannot be used, soon, and gives no key away."""
    server.status = status
    for call in every_call(shelf):
        with pytest.raises(UnavailableError, match=BUCKET) as raised:
            await call
        assert not any(word in str(raised.value) for word in (SECRET, "AKIDEXAMPLE", "Signature"))


async def test_a_server_that_is_away_is_told_soon(server: FakeS3, unused_tcp_port: int) -> None:
    """And the next call finds it when it is back."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{unused_tcp_port}")
        nowhere = open_bytes(f"s3://{BUCKET}/some/where", time_limit=5)
    async with asyncio.timeout(20):
        with pytest.raises(UnavailableError, match="s3://"):
            await nowhere.ping()
        with pytest.raises(UnavailableError, match="s3://"):
            await nowhere.read("main", DIGEST)
    server.status = 503
    place = open_bytes(f"s3://{BUCKET}/some/where")
    with pytest.raises(UnavailableError):
        await place.ping()
    server.status = None
    await place.ping()


async def test_a_server_that_hangs_is_given_up(server: FakeS3) -> None:
    """Within the time limit."""
    place = open_bytes(f"s3://{BUCKET}", time_limit=0.2)
    server.held = "GET"
    async with asyncio.timeout(3):
        with pytest.raises(UnavailableError, match=r"0\.2 s"):
            await place.read("main", DIGEST)
        with pytest.raises(UnavailableError, match=r"0\.2 s"):
            await kept(place)


async def test_a_bucket_that_is_missing_is_told(server: FakeS3) -> None:
    """Whoever writes or lists hears of it."""
    place = open_bytes("s3://missing/some/where")
    calls: list[Awaitable[object]] = [place.put("main", DIGEST, CONTENT), place.ping(), kept(place)]
    for call in calls:
        with pytest.raises(UnavailableError, match=r"s3://missing/some/where .*(is not there|404 Not Found)"):
            await call
    assert server.objects == {}


def every_call(place: PictureBytes) -> list[Awaitable[object]]:
    """One call of each kind."""
    return [
        place.put("main", DIGEST, CONTENT),
        place.size("main", DIGEST),
        place.read("main", DIGEST),
        place.variant("main", DIGEST, "w64"),
        place.put_variant("main", DIGEST, "w64", b"small"),
        place.delete("main", DIGEST),
        place.ping(),
        kept(place),
    ]


@contextmanager
def filled_up(size: int) -> Iterator[None]:
    """A disk on which no file can grow beyond so many bytes."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limit[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)


@contextmanager
def unprivileged() -> Iterator[None]:
    """As a user whom rights bind; root is bound by none."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
