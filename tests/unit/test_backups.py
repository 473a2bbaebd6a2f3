"""Backups: what is kept, what goes, and what is refused, in a folder and on a server that speaks S3."""

import hashlib
import io
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import orjson
import pytest
import zstandard

from continuum.backups import BackupError, BackupPlace, Manifest, Pruned, Restoring, Taken, Taking, backup_place, pruned
from continuum.backups.manifest import FORMAT, new_id
from continuum.backups.parts import PartsWriter, fetched
from continuum.backups.place import MANIFEST, PRUNING, RUNNING
from continuum.backups.restoring import chosen
from continuum.backups.taking import chosen as chosen_workspaces
from continuum.settings import Settings, SettingsError
from graphstore.bytes import Objects, PictureBytes, open_bytes, open_objects
from graphstore.errors import ReadOnlyError, StoreError, UnavailableError
from graphstore.formats import decompressed, import_from
from graphstore.model import Image, Record
from graphstore.port import Database, Store, StoreStatus
from graphstore.sqlite import open_database
from tests.support.claims import added, asked, begun, painted, says
from tests.support.fake_s3 import BUCKET, ENVIRONMENT, FakeS3, fake_s3
from tests.support.snapshots import records

MAIN = {"main": "main"}


@dataclass
class Ground:
    """A store with its pictures, and a place for its backups that can be opened anew."""

    database: Database
    pictures: PictureBytes
    open_place: Callable[[], Objects]

    @property
    def store(self) -> Store:
        """The workspace in which most happens."""
        return self.database.within("main")

    def place(self, **settings: Any) -> BackupPlace:
        """As a further process sees it."""
        objects = self.open_place()
        return BackupPlace(
            objects, PictureBytes(open_objects(f"{objects.location}/pictures", for_what="x")), **settings
        )

    def taking(self, operations: object | None = None) -> Taking:
        """A backup that is not begun yet; what it asks of the whole store may be answered by somebody else."""
        database = _With(self.database, operations or self.database.operations)
        return Taking(cast("Database", database), self.pictures, self.place())

    async def taken(self, scope: Sequence[str] | None = None) -> Taken:
        """A backup."""
        return await self.taking().run(await chosen_workspaces(self.database, scope), scope)

    async def manifest(self) -> Manifest:
        """The same, as it says of itself."""
        return (await self.taken()).manifest

    async def show(self, content: str, store: Store | None = None) -> Image:
        """An image that shows this."""
        store = store or self.store
        await self.pictures.put(store.workspace, digest_of(content), content.encode())
        [leaf] = (await added(store, "leaf")).values()
        [image] = await asked(store, leaf)
        await store.image_jobs.claim(image.job, "maker", 60)
        [done] = await store.image_jobs.complete(image.job, "maker", {image.id: painted(content)})
        return done


def digest_of(content: str) -> str:
    """As pictures are named."""
    return hashlib.sha256(content.encode()).hexdigest()


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeS3]:
    """A server that speaks S3, and that the environment names."""
    async with fake_s3() as fake:
        for name, value in {**ENVIRONMENT, "AWS_ENDPOINT_URL": fake.address}.items():
            monkeypatch.setenv(name, value)
        yield fake


@pytest.fixture
async def databases(tmp_path: Path) -> AsyncIterator[Callable[[str], Awaitable[Database]]]:
    """Opens databases by their names."""
    opened: list[Database] = []

    async def open_one(name: str) -> Database:
        opened.append(await open_database(tmp_path / f"{name}.db"))
        return opened[-1]

    yield open_one
    for database in opened:
        await database.close()


Open = Callable[[str], Awaitable[Database]]


async def ground_at(location: str, open_one: Open, tmp_path: Path) -> Ground:
    """An empty store, and an empty place."""
    pictures = open_bytes(str(tmp_path / "pictures"))
    return Ground(await open_one("here"), pictures, lambda: open_objects(location, for_what="backups", time_limit=5))


@pytest.fixture
async def local(tmp_path: Path, databases: Open) -> Ground:
    """With a place in a folder."""
    return await ground_at(str(tmp_path / "backups"), databases, tmp_path)


@pytest.fixture
async def bucket(tmp_path: Path, databases: Open, server: FakeS3) -> Ground:
    """With a place on a server."""
    assert server.address
    return await ground_at(f"s3://{BUCKET}/some/where", databases, tmp_path)


@pytest.fixture(params=["folder", "s3"])
async def ground(request: pytest.FixtureRequest, local: Ground, bucket: Ground) -> Ground:
    """Either of them."""
    return local if request.param == "folder" else bucket


@pytest.fixture
async def other(databases: Open) -> Database:
    """Another store, empty."""
    return await databases("there")


@pytest.fixture
def shown(tmp_path: Path) -> PictureBytes:
    """The pictures of the other store."""
    return open_bytes(str(tmp_path / "shown"))


async def ids(ground: Ground) -> list[str]:
    """Of the finished backups, the newest first."""
    return [one.id for one in (await ground.place().shelf()).finished]


async def digests(ground: Ground) -> set[str]:
    """Of the pictures that are kept beside the backups."""
    return {one.digest async for one in ground.place().pictures.digests()}


async def paths(ground: Ground) -> set[str]:
    """Of all that lies in the place."""
    return {one.path async for one in ground.open_place().listed()}


async def test_all_workspaces_go_there_and_back(ground: Ground, other: Database, shown: PictureBytes) -> None:
    """Every record and every picture, of each workspace by itself; a second time nothing changes."""
    side = ground.database.within("side-2")
    for store, content in ((ground.store, "one"), (side, "two")):
        await added(store, "a", "b", relations=(says("a", "IS_A", "b"),))
        await ground.show(content, store)
    manifest = await ground.manifest()
    assert [content.workspace for content in manifest.contents] == ["main", "side-2"]
    assert (manifest.pictures, manifest.scope) == (2, None)
    restoring = Restoring(other, shown, ground.place(), manifest)
    for _ in range(2):
        await restoring.run({"main": "main", "side-2": "side-2"}, onto_existing=True)
        for workspace in ("main", "side-2"):
            expected = await records(ground.database.within(workspace))
            assert await records(other.within(workspace)) == expected
            held = next(content for content in manifest.contents if content.workspace == workspace)
            assert sum(held.records.values()) == len(expected)
        assert await shown.read("main", digest_of("one")) == b"one"
        assert await shown.read("side-2", digest_of("two")) == b"two"
        assert await shown.read("main", digest_of("two")) is None
        assert await other.operations.verify() == ()


async def test_one_workspace_under_another_name(ground: Ground, other: Database, shown: PictureBytes) -> None:
    """Its pictures are found under the new name, too."""
    await ground.show("one")
    [restored] = await Restoring(other, shown, ground.place(), await ground.manifest()).run({"main": "copy"})
    assert (restored.workspace, restored.pictures, restored.missing) == ("copy", 1, 0)
    assert await other.operations.workspaces() == ["copy"]
    assert await shown.read("copy", digest_of("one")) == b"one"


async def test_pictures_are_copied_once(ground: Ground) -> None:
    """A second backup finds those of the first one."""
    await ground.show("one")
    assert (await ground.taken()).copied == 1
    await ground.show("two")
    assert (await ground.taken()).copied == 1
    assert await digests(ground) == {digest_of("one"), digest_of("two")}


async def test_the_newest_are_kept_with_all_that_they_show(ground: Ground) -> None:
    """What the removed ones alone have shown goes with them; the rest can be restored."""
    images = [await ground.show(f"picture {number}") for number in range(4)]
    taken = []
    for image in images:
        taken.append((await ground.taken()).manifest)
        await ground.store.image_jobs.delete(image.id)
    done = await pruned(ground.place(), taken[-1], 2)
    newest = sorted((one.id for one in taken), reverse=True)
    assert await ids(ground) == newest[:2]
    assert set(done.backups) == set(newest[2:])
    kept = [one for one in taken if one.id in newest[:2]]
    expected = {digest_of(f"picture {n}") for n in range(min(taken.index(one) for one in kept), 4)}
    assert await digests(ground) == expected
    assert done.pictures == 4 - len(expected)
    assert not [path for path in await paths(ground) if path.startswith((PRUNING, *done.backups))]


async def test_backups_of_some_workspaces_are_counted_apart(ground: Ground) -> None:
    """They push out none that holds everything, and `latest` is none of them unless it is asked for theirs."""
    await added(ground.store, "a")
    await added(ground.database.within("side"), "b")
    everything = await ground.manifest()
    some = [(await ground.taken(["side"])).manifest for _ in range(2)]
    await pruned(ground.place(), some[-1], 1)
    shelf = await ground.place().shelf()
    assert len(shelf.finished) == 2
    assert chosen(shelf, None, []).id == everything.id
    assert chosen(shelf, None, ["side"]).id == max(one.id for one in shelf.finished)
    with pytest.raises(BackupError, match="holds nothing in a workspace 'gone'; it has: main, side"):
        await ground.taken(["gone"])


async def test_what_is_unfinished_is_no_backup(ground: Ground, other: Database, shown: PictureBytes) -> None:
    """It is not restored, and goes when its owner has given no sign for long; not before."""
    await added(ground.store, "a")
    whole = await ground.manifest()
    broken = await ground.manifest()
    await ground.open_place().delete([f"{broken.id}/{MANIFEST}"])
    shelf = await ground.place().shelf()
    assert (shelf.unfinished, [one.id for one in shelf.finished]) == ((broken.id,), [whole.id])
    with pytest.raises(BackupError, match="never finished"):
        chosen(shelf, broken.id, [])
    assert (await pruned(ground.place(), whole, None)).unfinished == 0
    assert (await ground.place().shelf()).unfinished == (broken.id,)
    assert (await pruned(ground.place(dead_after=-timedelta(seconds=5)), whole, None)).unfinished == 1
    assert not [path for path in await paths(ground) if path.startswith(broken.id)]
    await Restoring(other, shown, ground.place(), whole).run(MAIN)


async def test_no_picture_goes_while_a_backup_is_taken(ground: Ground) -> None:
    """That one may rely on it, and is not known yet. Afterwards it goes."""
    image = await ground.show("one")
    await ground.taken()
    await ground.store.image_jobs.delete(image.id)
    newest = await ground.manifest()
    place = ground.place()
    async with place.at_work(f"20260101T000000.000000Z/{RUNNING}"):
        done = await pruned(ground.place(), newest, 1)
        assert (len(done.backups), done.pictures, done.waits) == (1, 0, True)
        assert await digests(ground) == {digest_of("one")}
    assert (await pruned(ground.place(), newest, 1)).pictures == 1
    assert await digests(ground) == set()


async def test_a_backup_beside_a_pruning_puts_its_pictures_anew(ground: Ground) -> None:
    """Who removes pictures may have looked already; what is put anew is too young for it."""
    await ground.show("one")
    await ground.taken()
    async with ground.place().at_work(f"{PRUNING}/20260101T000000.000000Z") as began:
        taken = await ground.taken()
        assert taken.copied == 1
        assert not await ground.place().pictures.delete("main", digest_of("one"), before=began)


async def test_a_picture_without_bytes_is_counted(ground: Ground, other: Database, shown: PictureBytes) -> None:
    """One that was lost, and one whose bytes are others: the backup is taken, and says so when it is restored."""
    images = [await ground.show(content) for content in ("one", "two", "three")]
    await ground.pictures.delete("main", digest_of("one"))
    location = Path(ground.pictures.location) / "main" / digest_of("two") / "original"
    location.write_bytes(b"something else")
    manifest = await ground.manifest()
    assert (manifest.contents[0].pictures, manifest.contents[0].missing) == (len(images), 2)
    [restored] = await Restoring(other, shown, ground.place(), manifest).run(MAIN)
    assert (restored.pictures, restored.missing) == (1, 2)


@pytest.mark.parametrize("left", ["w64", "original"])
async def test_what_is_left_of_a_picture_is_none(
    ground: Ground, other: Database, shown: PictureBytes, left: str
) -> None:
    """A thumbnail whose picture was removed by one who was killed then, or a file that a crash has emptied: the
    picture is copied, there and back."""
    await ground.show("one")
    rest = f"main/{digest_of('one')}/{left}"
    await ground.open_place().write(f"pictures/{rest}", b"")
    taken = await ground.taken()
    assert taken.copied == 1
    await open_objects(shown.location, for_what="x").write(rest, b"")
    [restored] = await Restoring(other, shown, ground.place(), taken.manifest).run(MAIN)
    assert (restored.pictures, restored.missing) == (1, 0)
    assert await shown.read("main", digest_of("one")) == b"one"


async def test_any_number_of_workspaces_takes_one_file(local: Ground, other: Database, shown: PictureBytes) -> None:
    """A process may have some hundreds of files open, and a store more workspaces than that."""
    names = [f"w{number}" for number in range(40)]
    for name in names:
        await added(local.database.within(name), name)
    manifest = await local.manifest()
    opened: list[int] = []

    def look(_: str) -> None:
        opened.append(len(list(Path("/proc/self/fd").iterdir())))

    await Restoring(other, shown, local.place(), manifest, look).run({name: name for name in names})
    assert max(opened) - opened[0] < len(names) / 2
    for name in names:
        assert await records(other.within(name)) == await records(local.database.within(name))


async def test_a_folder_that_takes_no_files_is_told(
    local: Ground, other: Database, shown: PictureBytes, tmp_path: Path
) -> None:
    """By its name, before anything is written."""
    await added(local.store, "a")
    restoring = Restoring(other, shown, local.place(), await local.manifest())
    with pytest.raises(BackupError, match=f"{tmp_path}/none cannot take the backup's files: No such file"):
        await restoring.run(MAIN, tmp_path / "none")
    assert not restoring.begun


async def test_a_store_that_holds_something_is_left_alone(local: Ground, other: Database, shown: PictureBytes) -> None:
    """Nothing is written there unless that is asked for; another workspace of it is in nobody's way."""
    await added(local.store, "a")
    manifest = await local.manifest()
    await added(other.within("side"), "z")
    await Restoring(other, shown, local.place(), manifest).run(MAIN)
    before = await records(other.within("main"))
    with pytest.raises(BackupError, match=r"holds something already in: main.*--onto-existing"):
        await Restoring(other, shown, local.place(), manifest).run(MAIN)
    assert await records(other.within("main")) == before


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def _turn(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("harm", [_cut, _turn, Path.unlink], ids=["cut", "turned", "gone"])
@pytest.mark.parametrize("suffix", [".jsonl.zst", ".digests.zst"])
async def test_a_damaged_backup_is_refused_whole(
    local: Ground, other: Database, shown: PictureBytes, harm: Callable[[Path], None], suffix: str
) -> None:
    """Whichever of its objects is not what was written: nothing of any workspace is restored."""
    await added(local.store, "a")
    await added(local.database.within("side"), "b")
    manifest = await local.manifest()
    harm(Path(local.open_place().location) / manifest.id / f"side.0000{suffix}")
    with pytest.raises(BackupError, match=f"the backup {manifest.id} is damaged: its side.0000{suffix}"):
        await Restoring(other, shown, local.place(), manifest).run({"main": "main", "side": "side"})
    assert await other.operations.workspaces() == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "its manifest cannot be read"),
        (b"[]", "its manifest cannot be read"),
        (b'{"format": 1}', "its manifest cannot be read"),
        (orjson.dumps({"format": FORMAT + 1}), "a newer release of Continuum can read it"),
    ],
)
async def test_a_manifest_that_is_none_is_told(local: Ground, content: bytes, told: str) -> None:
    """It hides no other backup, and as long as it lies there no picture is removed, which it might speak of."""
    image = await local.show("one")
    older, bad = await local.manifest(), await local.manifest()
    await local.store.image_jobs.delete(image.id)
    await local.open_place().write(f"{bad.id}/{MANIFEST}", content)
    shelf = await local.place().shelf()
    assert [one.id for one in shelf.finished] == [older.id]
    [damaged] = shelf.damaged
    assert told in str(damaged)
    assert bad.id in str(damaged)
    newest = await local.manifest()
    done = await pruned(local.place(), newest, 1)
    assert (done.backups, done.pictures, done.waits) == ((older.id,), 0, True)
    assert told in str(done.damaged[0])
    assert await digests(local) == {digest_of("one")}


async def test_a_backup_of_a_time_to_come_is_told(local: Ground) -> None:
    """It passes for the newest until then; one that is taken at the same time as ours bears no such time."""
    await added(local.store, "a")
    ours = await local.manifest()
    beside, ahead = (replace(ours, began=ours.ended + timedelta(seconds=shift)) for shift in (-0.001, 60))
    for one in (beside, ahead):
        moved = replace(one, id=new_id(one.began), contents=())
        await local.place().finish(moved)
    done = await pruned(local.place(), ours, None)
    assert done.later == (new_id(ahead.began),)
    done = await pruned(local.place(), ours, 1)
    assert (len(done.backups), done.later) == (2, ())


async def test_a_list_of_pictures_that_is_damaged_is_told(local: Ground) -> None:
    """The backup beside it was taken all the same; as long as the list is there no picture is removed, which it might
    speak of."""
    image = await local.show("one")
    older = await local.manifest()
    await local.store.image_jobs.delete(image.id)
    newest = await local.manifest()
    _turn(Path(local.open_place().location) / older.id / "main.0000.digests.zst")
    done = await pruned(local.place(), newest, 2)
    assert (done.backups, done.pictures, done.waits) == ((), 0, True)
    assert [str(error) for error in done.damaged] == [
        f"the backup {older.id} is damaged: its main.0000.digests.zst is not what was written once"
    ]
    assert await digests(local) == {digest_of("one")}


async def test_a_manifest_under_another_name_is_told(local: Ground) -> None:
    """A backup whose folder was renamed would look for its parts where they are not."""
    await added(local.store, "a")
    manifest = await local.manifest()
    folder = Path(local.open_place().location)
    (folder / manifest.id).rename(folder / "20200101T000000.000000Z")
    [damaged] = (await local.place().shelf()).damaged
    assert f"its manifest is that of '{manifest.id}'" in str(damaged)


async def test_a_backup_that_was_cleared_away_is_not_finished(local: Ground) -> None:
    """Who was taken for dead, and goes on, makes no backup of what is left."""
    await added(local.store, "a")

    class Clearing:
        """Operations that are asked when all is written."""

        async def status(self) -> StoreStatus:
            await local.place().remove(taking.id)
            return await local.database.operations.status()

    taking = local.taking(Clearing())
    with pytest.raises(BackupError, match="take it again"):
        await taking.run(["main"], None)
    assert await ids(local) == []


class _With:
    """A database with other operations."""

    def __init__(self, database: Database, operations: object) -> None:
        self._database = database
        self.operations = operations

    def within(self, workspace: str) -> Store:
        return self._database.within(workspace)


@pytest.mark.parametrize(("status", "denied", "error"), [(500, None, UnavailableError), (None, "PUT", ReadOnlyError)])
async def test_a_place_that_is_away_leaves_no_backup(
    bucket: Ground, server: FakeS3, status: int | None, denied: str | None, error: type[StoreError]
) -> None:
    """Neither when it cannot be reached, nor when nothing may be written there."""
    await added(bucket.store, "a")
    server.status, server.denied = status, denied
    with pytest.raises(error):
        await bucket.taken()
    server.status = server.denied = None
    assert await ids(bucket) == []
    assert await paths(bucket) == set()


async def test_who_may_not_delete_takes_backups(bucket: Ground, server: FakeS3) -> None:
    """As with a key that may only add to the bucket: its signs of life stay, and harm nobody."""
    await added(bucket.store, "a")
    server.denied = "POST"  # objects are deleted by lists of them
    first, second = [await bucket.manifest() for _ in range(2)]
    assert await pruned(bucket.place(), second, None) == Pruned()
    with pytest.raises(ReadOnlyError):
        await pruned(bucket.place(), second, 1)
    server.denied = None
    assert await ids(bucket) == [second.id, first.id]


async def test_what_fails_half_way_is_tidied_up(local: Ground) -> None:
    """A store that goes away while it is read: nothing of the backup stays."""
    await added(local.store, "a")

    class Operations:
        async def status(self) -> StoreStatus:
            raise UnavailableError("gone")

    with pytest.raises(UnavailableError):
        await local.taking(Operations()).run(["main"], None)
    assert await paths(local) == set()


async def test_an_interrupted_restore_is_completed(local: Ground, other: Database, shown: PictureBytes) -> None:
    """Run again onto what it has left, it comes to the same store."""
    await added(local.store, *(f"concept {i}" for i in range(150)), relations=(says("concept 1", "IS_A", "concept 2"),))
    await begun(local.store)
    await local.show("one")
    manifest = await local.manifest()

    class Dying:
        """A store that dies after the first batch."""

        batches = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(other.within("main"), name)

        @property
        def archive(self) -> Any:
            return self

        @property
        def batch(self) -> Any:
            return other.within("main").archive.batch

        async def load(self, batch: Sequence[Record]) -> Any:
            self.batches += 1
            if self.batches > 1:
                raise UnavailableError("died")
            return await other.within("main").archive.load(batch)

    class Mortal:
        operations = other.operations

        def within(self, _workspace: str) -> Any:
            return Dying()

    with pytest.raises(UnavailableError, match="died"):
        await Restoring(cast("Database", Mortal()), shown, local.place(), manifest).run(MAIN)
    assert await other.operations.workspaces() == ["main"]
    await Restoring(other, shown, local.place(), manifest).run(MAIN, onto_existing=True)
    assert len(await records(other.within("main"))) == manifest.records
    assert await other.operations.verify() == ()


async def test_a_backup_is_chosen_by_its_beginning(local: Ground) -> None:
    """As long as that is the beginning of one alone."""
    await added(local.store, "a")
    with pytest.raises(BackupError, match=rf"there is no backup in {local.place().location}$"):
        chosen(await local.place().shelf(), None, [])
    manifests = [await local.manifest() for _ in range(2)]
    shelf = await local.place().shelf()
    for one in manifests:
        assert chosen(shelf, one.id, []).id == one.id
    with pytest.raises(BackupError, match="2 backups begin with '20'"):
        chosen(shelf, "20", [])
    with pytest.raises(BackupError, match=r"no backup in .* that begins with '1999'"):
        chosen(shelf, "1999", [])
    with pytest.raises(BackupError, match="no workspace 'side'; it has: main"):
        await Restoring(local.database, local.pictures, local.place(), manifests[0]).run({"side": "side"})


async def test_a_file_in_parts_is_one_file(local: Ground, other: Database) -> None:
    """Put together they are what `continuum import` reads, whatever the size of a part."""
    objects = local.open_place()
    lines = [orjson.dumps({"concept": f"c{i}", "name": os.urandom(20).hex()}) + b"\n" for i in range(3_000)]
    writer = PartsWriter(objects, "x", "main", ".zst", size=7_000)
    for line in lines:
        await writer.write(line)
    parts = await writer.close()
    assert len(parts) > 5
    assert [part.name for part in parts[:2]] == ["main.0000.zst", "main.0001.zst"]
    assert {part.bytes for part in parts[:-1]} == {7_000}
    whole = io.BytesIO(b"before")
    whole.seek(0, io.SEEK_END)
    await fetched(objects, "x", parts, whole)
    whole = io.BytesIO(whole.getvalue().removeprefix(b"before"))
    assert zstandard.ZstdDecompressor().stream_reader(whole.getvalue()).read() == b"".join(lines)
    whole.seek(0)
    with pytest.raises(ValueError, match="title"):
        await import_from(decompressed(io.BufferedReader(whole), "x.zst"), other.within("main"), None)


@pytest.mark.parametrize(
    ("backups", "pictures"),
    [
        ("{0}/kept", "{0}/kept"),
        ("{0}/kept/", "file://{0}/kept"),
        ("{0}/kept/backups", "{0}/kept"),
        ("{0}", "{0}/kept"),
        ("s3://bucket/kept", "s3://bucket/kept/"),
        ("s3a://bucket/kept/backups", "s3://bucket/kept"),
        ("s3://bucket", "s3://bucket/kept"),
        ("{0}/images", None),
    ],
)
def test_pictures_and_backups_have_places_of_their_own(tmp_path: Path, backups: str, pictures: str | None) -> None:
    """However the two are written: one within the other is refused as the same one is."""
    settings = Settings(
        data_dir=tmp_path,
        backup_url=backups.format(tmp_path),
        image_store_url=pictures and pictures.format(tmp_path),
    )
    with pytest.raises(SettingsError, match=r"BACKUP_URL=.*place of their own"):
        backup_place(settings)


@pytest.mark.parametrize(
    ("backups", "told"),
    [
        (None, "BACKUP_URL must be set"),
        ("ftp://server/there", "BACKUP_URL: 'ftp://server/there' is no place for backups"),
        ("file://kept/backups", "BACKUP_URL: 'file://kept/backups' names a machine"),
    ],
)
def test_a_place_must_be_named(tmp_path: Path, backups: str | None, told: str) -> None:
    """The message has the variable's name."""
    with pytest.raises(SettingsError, match=told):
        backup_place(Settings(data_dir=tmp_path, backup_url=backups))


def test_a_folder_is_made_for_backups_and_not_for_restores(tmp_path: Path) -> None:
    """A name that was mistyped leads to no backup, and leaves nothing behind."""
    settings = Settings(data_dir=tmp_path, backup_url=f"{tmp_path}/backups")
    with pytest.raises(SettingsError, match=r"BACKUP_URL=.*/backups': there is no such folder"):
        backup_place(settings, make=False)
    assert list(tmp_path.iterdir()) == []
    backup_place(settings)
    assert backup_place(settings, make=False).location == f"{tmp_path}/backups"


def test_places_beside_each_other_are_two(tmp_path: Path) -> None:
    """A name that only begins alike is another place."""
    settings = Settings(data_dir=tmp_path, backup_url=f"{tmp_path}/images-of-backups")
    assert backup_place(settings).location == f"{tmp_path}/images-of-backups"
