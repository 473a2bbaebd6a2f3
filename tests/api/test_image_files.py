"""The pictures at /images/<id>, over real HTTP."""

import asyncio
import hashlib
import os
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image as Pillow
from structlog.testing import capture_logs
from yarl import URL

from continuum.app import Server
from continuum.assembly import Parts, assembled
from continuum.settings import Settings
from graphstore.bytes import WIDTHS
from graphstore.model import ImageStatus, Painted, Picture
from resolvers.ids import CONCEPT, IMAGE, global_id
from tests.api.conftest import serving
from tests.support.api import Api
from tests.support.claims import added, asked, image_in
from tests.support.drawn import drawn
from tests.support.fake_s3 import BUCKET, ENVIRONMENT, fake_s3

PNG = drawn(1_000, 700)
LASTING = "private, max-age=31536000, immutable"


async def show(
    parts: Parts,
    content: bytes = PNG,
    *,
    name: str = "Leaf",
    workspace: str = "main",
    size: tuple[int, int] = (1_000, 700),
    media_type: str = "image/png",
) -> str:
    """Keep a picture and let an image show it; its path."""
    store, digest = parts.database.within(workspace), hashlib.sha256(content).hexdigest()
    await parts.pictures.put(workspace, digest, content)
    [concept] = (await added(store, name)).values()
    [image] = await asked(store, concept)
    picture = Picture(digest, media_type, *size, len(content), "mock", "mock-1", 7, 0.0)
    await store.image_jobs.claim(image.job, "maker", 60)
    await store.image_jobs.complete(image.job, "maker", {image.id: Painted("p", 1, picture)})
    return f"/images/{global_id(IMAGE, image.id)}"


def etag_of(content: bytes = PNG, width: int | None = None) -> str:
    """As it is sent."""
    return f'"{hashlib.sha256(content).hexdigest()}{f"-w{width}" if width else ""}"'


async def got(api: Api, path: str, method: str = "GET", **headers: str) -> tuple[int, Any, bytes]:
    """Status, headers and body."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    async with api.client.request(method, URL(path, encoded=True), headers=names) as response:
        return response.status, response.headers, await response.read()


async def refused(api: Api, path: str, **headers: str) -> tuple[int, str]:
    """Status and words of an answer without a picture, which is short, plain and kept by nobody."""
    status, told, body = await got(api, path, **headers)
    assert told["Content-Type"] == "text/plain; charset=utf-8"
    assert told["Cache-Control"] == "no-store"
    assert told["X-Content-Type-Options"] == "nosniff"
    assert "ETag" not in told
    assert len(body) < 200
    return status, body.decode()


def opened(content: bytes) -> Pillow.Image:
    """The picture in a file."""
    picture = Pillow.open(BytesIO(content))
    picture.load()
    return picture


async def test_a_picture_is_sent_as_it_was_made(api: Api, parts: Parts) -> None:
    """With its type, a name to save it by, leave to keep it for good, and leave to do nothing else."""
    path = await show(parts)
    status, headers, body = await got(api, path)
    assert (status, body) == (200, PNG)
    assert headers["Content-Type"] == "image/png"
    assert headers["Content-Length"] == str(len(PNG))
    assert headers["ETag"] == etag_of()
    assert headers["Cache-Control"] == LASTING
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["Content-Disposition"] == 'inline; filename="Leaf.png"'
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


async def test_head_tells_the_same_without_the_bytes(api: Api, parts: Parts) -> None:
    """Of the picture and of its thumbnails, whatever range is asked for."""
    path = await show(parts)
    for address in (path, f"{path}?w=128"):
        _, expected, body = await got(api, address)
        status, headers, nothing = await got(api, address, "HEAD", Range="bytes=0-3")
        assert (status, nothing) == (200, b"")
        own = {"Date": "", "X-Request-ID": ""}
        assert {**headers, **own} == {**expected, **own}
        assert headers["Content-Length"] == str(len(body))


@pytest.mark.parametrize("known", ["{etag}", "W/{etag}", '"other", {etag}', "*"])
async def test_who_has_it_is_not_sent_it_again(api: Api, parts: Parts, known: str) -> None:
    """Not even when the bytes cannot be read just now; others are sent it."""
    path = await show(parts)
    await parts.pictures.delete("main", etag_of().strip('"'))
    status, headers, body = await got(api, path, If_None_Match=known.format(etag=etag_of()))
    assert (status, body) == (304, b"")
    assert (headers["ETag"], headers["Cache-Control"]) == (etag_of(), LASTING)
    await show(parts)
    assert (await got(api, path, If_None_Match=f'"other", {etag_of(width=64)}'))[0] == 200


@pytest.mark.parametrize(
    ("wanted", "span"),
    [
        ("bytes=0-0", range(1)),
        ("bytes=5-24", range(5, 25)),
        ("bytes=100-", range(100, len(PNG))),
        ("bytes=-7", range(len(PNG) - 7, len(PNG))),
        ("bytes=0-999999999", range(len(PNG))),
        ("bytes=-999999999", range(len(PNG))),
    ],
)
async def test_a_part_is_sent_to_who_asks_for_it(api: Api, parts: Parts, wanted: str, span: range) -> None:
    """And said to be one, unless it was meant to follow parts of something else."""
    path = await show(parts)
    status, headers, body = await got(api, path, Range=wanted)
    assert (status, body) == (206, PNG[span.start : span.stop])
    assert headers["Content-Range"] == f"bytes {span.start}-{span.stop - 1}/{len(PNG)}"
    assert (await got(api, path, Range=wanted, If_Range=etag_of()))[0] == 206
    assert (await got(api, path, Range=wanted, If_Range='"other"'))[::2] == (200, PNG)


@pytest.mark.parametrize("wanted", ["bytes=-0", f"bytes={len(PNG)}-", f"bytes={len(PNG) + 5}-{len(PNG) + 9}"])
async def test_a_part_beyond_the_end_is_refused(api: Api, parts: Parts, wanted: str) -> None:
    """With the number of bytes that there are."""
    path = await show(parts)
    assert await refused(api, path, Range=wanted) == (416, f"There are {len(PNG)} bytes.\n")
    assert (await got(api, path, Range=wanted))[1]["Content-Range"] == f"bytes */{len(PNG)}"


@pytest.mark.parametrize("wanted", ["bytes=0-1,4-5", "lines=0-3", "bytes=9-3", "bytes=a-b", "bytes=-", "", "\u0661"])
async def test_what_is_no_single_part_is_answered_by_the_whole(api: Api, parts: Parts, wanted: str) -> None:
    """As if nothing had been said of parts."""
    path = await show(parts)
    status, headers, body = await got(api, path, Range=wanted)
    assert (status, body) == (200, PNG)
    assert "Content-Range" not in headers


async def test_a_large_picture_comes_whole_and_in_parts(api: Api, parts: Parts) -> None:
    """Also where it is read piece by piece."""
    content = os.urandom(5_000_001)
    path = await show(parts, content)
    assert (await got(api, path))[2] == content
    assert (await got(api, path, Range="bytes=1048570-4000000"))[2] == content[1_048_570:4_000_001]


@pytest.mark.parametrize(
    "id",
    [
        "x",
        "%00",
        "..%2f..%2fetc%2fpasswd",
        "a" * 2_000,
        global_id(IMAGE, "0198c0de-0000-7000-8000-000000000000"),
        global_id(IMAGE, "\0"),
        global_id(IMAGE, "../../other"),
        global_id(CONCEPT, "0198c0de-0000-7000-8000-000000000000"),
    ],
)
async def test_what_is_no_image_is_not_there(api: Api, id: str) -> None:
    """However its id is written."""
    assert await refused(api, f"/images/{id}") == (404, "There is no picture under this address.\n")


async def test_the_id_of_something_else_is_not_there(api: Api, parts: Parts) -> None:
    """Although there is such a concept."""
    [concept] = (await added(parts.database.within("main"), "Leaf")).values()
    assert (await refused(api, f"/images/{global_id(CONCEPT, concept)}"))[0] == 404


@pytest.mark.parametrize("status", [status for status in ImageStatus if status is not ImageStatus.READY])
async def test_a_picture_that_is_not_ready_is_not_there(api: Api, parts: Parts, status: ImageStatus) -> None:
    """And the answer says where it stands."""
    store = parts.database.within("main")
    [concept] = (await added(store, "Leaf")).values()
    image = await image_in(store, concept, status)
    told = await refused(api, f"/images/{global_id(IMAGE, image.id)}")
    assert told[0] == 404
    words = {"QUEUED": "not made yet", "GENERATING": "being made", "FAILED": "could not", "CANCELLED": "cancelled"}
    assert words[status] in told[1]


async def test_a_deleted_image_is_not_there(api: Api, parts: Parts) -> None:
    """At once, though its bytes are."""
    path = await show(parts)
    deletion = "mutation ($id: ID!) { deleteImage(input: {id: $id}) { deletedId } }"
    await api.data(deletion, id=path.removeprefix("/images/"))
    assert (await refused(api, path))[0] == 404
    assert (await refused(api, path, If_None_Match=etag_of()))[0] == 404


async def test_pictures_are_shown_in_their_workspace_only(api: Api, parts: Parts) -> None:
    """Which is named by the address or by a header; the address counts, since pages can say nothing else."""
    path = await show(parts, workspace="lab")
    assert (await refused(api, path))[0] == 404
    assert (await refused(api, f"{path}?workspace=main", X_Workspace="lab"))[0] == 404
    assert (await got(api, f"{path}?workspace=lab"))[2] == PNG
    assert (await got(api, path, X_Workspace="lab"))[2] == PNG
    _, headers, body = await got(api, f"{path}?workspace=lab&w=64", X_Workspace="main")
    assert opened(body).width == 64
    assert "X-Workspace" in headers["Vary"]


@pytest.mark.parametrize("name", ["UPPER", "a/b", "..", "a b"])
async def test_what_is_no_workspace_is_told(api: Api, parts: Parts, name: str) -> None:
    """Not that there is nothing in it."""
    path = await show(parts)
    status, text = await refused(api, str(URL(path).with_query(workspace=name)))
    assert status == 400
    assert text.startswith("workspace: ")
    assert (await refused(api, path, X_Workspace=name))[0] == 400


@pytest.mark.parametrize("width", WIDTHS)
async def test_thumbnails_are_as_wide_as_is_asked(api: Api, parts: Parts, width: int) -> None:
    """Of the same shape, as WebP, with a name and an ETag of their own; the second time from what was kept."""
    path = f"{await show(parts)}?w={width}"
    status, headers, body = await got(api, path)
    assert status == 200
    assert (headers["Content-Type"], headers["ETag"]) == ("image/webp", etag_of(width=width))
    assert (headers["Cache-Control"], headers["Content-Disposition"]) == (LASTING, 'inline; filename="Leaf.webp"')
    picture = opened(body)
    assert (picture.format, picture.width) == ("WEBP", width)
    assert picture.height == pytest.approx(width * 0.7, abs=1)
    assert await parts.pictures.variant("main", etag_of().strip('"'), f"w{width}") == body
    assert (await got(api, path))[2] == body
    assert (await got(api, path, If_None_Match=etag_of(width=width)))[0] == 304
    assert (await got(api, path, If_None_Match=etag_of()))[0] == 200
    assert (await got(api, path, Range="bytes=10-19"))[::2] == (206, body[10:20])


async def test_a_thumbnail_is_never_larger_than_the_picture(api: Api, parts: Parts) -> None:
    """Who asks for one that would be gets the picture itself, under its own ETag."""
    content = drawn(128, 96)
    path = await show(parts, content, size=(128, 96))
    for width in (128, 256, 512):
        status, headers, body = await got(api, f"{path}?w={width}")
        assert (status, body, headers["ETag"]) == (200, content, etag_of(content))
    assert opened((await got(api, f"{path}?w=64"))[2]).size == (64, 48)


@pytest.mark.parametrize("width", ["", "0", "65", "1024", "-64", "064", "64.0", "64px", "%F0%9F%90%9D", "1e2"])
async def test_other_widths_are_refused(api: Api, parts: Parts, width: str) -> None:
    """With those that there are."""
    status, text = await refused(api, f"{await show(parts)}?w={width}")
    assert (status, text) == (400, "w: a thumbnail is one of 64, 128, 256, 512 pixels wide\n")


async def test_bytes_that_are_lost_are_told_and_logged(api: Api, parts: Parts) -> None:
    """To whom asks it is not there; somebody has to look after it."""
    path = await show(parts)
    await parts.pictures.delete("main", etag_of().strip('"'))
    for address in (path, f"{path}?w=64"):
        with capture_logs() as logs:
            assert await refused(api, address) == (404, "The bytes of this picture are lost.\n")
        assert [log["event"] for log in logs] == ["picture_lost"]


async def test_bytes_that_are_no_picture_have_no_thumbnail(api: Api, parts: Parts) -> None:
    """They are sent as they are, and the server goes on."""
    path = await show(parts, PNG[:1_000])
    assert (await got(api, path))[2] == PNG[:1_000]
    assert (await refused(api, f"{path}?w=64"))[0] == 404
    assert (await got(api, await show(parts)))[0] == 200


async def test_a_picture_that_goes_while_it_is_sent_breaks_off(api: Api, parts: Parts) -> None:
    """So that nobody takes half of it for the whole."""
    content = os.urandom(32 * 1024 * 1024)  # more than the buffers between server and client hold
    path = await show(parts, content)
    with capture_logs() as logs:
        async with api.client.get(path) as response:
            assert response.headers["Content-Length"] == str(len(content))
            await parts.pictures.delete("main", hashlib.sha256(content).hexdigest())
            async with asyncio.timeout(20):
                with pytest.raises(aiohttp.ClientPayloadError):
                    await response.read()
    assert [log["event"] for log in logs] == ["picture_cut_off"]
    assert (await got(api, await show(parts)))[0] == 200


@pytest.mark.parametrize("cancelling", [True, False], ids=["cancelled", "not cancelled"])
async def test_who_leaves_in_the_middle_is_no_failure(
    parts: Parts, caplog: pytest.LogCaptureFixture, *, cancelling: bool
) -> None:
    """Nothing is logged, and others are served, whether the server is told at once or by its next write."""
    path = await show(parts, os.urandom(32 * 1024 * 1024))
    runner = web.AppRunner(Server.of(parts).app, handler_cancellation=cancelling)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    with capture_logs() as logs:
        try:
            async with aiohttp.ClientSession(f"http://{host}:{port}") as client:
                for _ in range(5):
                    response = await client.get(path)
                    await response.content.readexactly(100_000)
                    response.close()
                async with client.get(await show(parts)) as response:
                    assert await response.read() == PNG
        finally:
            await runner.cleanup()  # waits for those who still write
    assert (logs, caplog.records) == ([], [])


async def test_without_its_parts_it_says_that_it_waits(settings: Settings) -> None:
    """Like the rest of a server that starts."""
    async with TestClient(TestServer(Server(settings).app)) as client:
        api = Api(client)
        assert await refused(api, "/images/x") == (503, "The server waits for its store; ask again in a moment.\n")
        assert (await got(api, "/images/x"))[1]["Retry-After"] == "1"


async def test_a_store_that_is_away_is_told(parts: Parts) -> None:
    """Nobody is told that there is no such picture."""
    async with serving(parts) as api:
        path = await show(parts)
        await parts.database.close()
        status, text = await refused(api, path)
        assert status == 503
        assert "ask again" in text
        assert str(parts.settings.data_dir) not in text


async def test_a_place_that_is_away_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it is back."""
    async with fake_s3() as server:
        for name, value in {**ENVIRONMENT, "AWS_ENDPOINT_URL": server.address}.items():
            monkeypatch.setenv(name, value)
        settings = Settings(data_dir=tmp_path, image_store_url=f"s3://{BUCKET}/p")
        async with assembled(settings) as parts, serving(parts) as api:
            path = await show(parts)
            server.status = 503
            for address in (path, f"{path}?w=64"):
                status, text = await refused(api, address)
                assert status == 503
                assert BUCKET not in text
            server.status = None
            assert (await got(api, path))[2] == PNG
            assert opened((await got(api, f"{path}?w=64"))[2]).width == 64


async def test_pages_of_other_origins_show_pictures_where_they_may(tmp_path: Path) -> None:
    """Only where CORS_ORIGINS names any; to read them a page has to be of one of those."""
    settings = Settings(data_dir=tmp_path, cors_origins="https://a.example")
    async with assembled(settings) as parts, serving(parts) as api:
        path = await show(parts)
        _, headers, _ = await got(api, path, Origin="https://a.example")
        assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert headers["Access-Control-Allow-Origin"] == "https://a.example"
        assert {name for line in headers.getall("Vary") for name in line.split(", ")} == {"Origin", "X-Workspace"}
        _, headers, _ = await got(api, path, Origin="https://b.example")
        assert "Access-Control-Allow-Origin" not in headers
        status, headers, _ = await got(api, path, "OPTIONS", Origin="https://a.example")
        assert (status, headers["Allow"]) == (204, "GET, HEAD, OPTIONS")
        assert "X-Workspace" in headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_pictures_can_only_be_read_here(api: Api, parts: Parts, method: str) -> None:
    """Everything else is done by GraphQL."""
    path = await show(parts)
    status, headers, _ = await got(api, path, method)
    assert (status, headers["Allow"]) == (405, "GET,HEAD,OPTIONS")
    assert (await got(api, path))[2] == PNG


async def test_a_picture_is_saved_under_the_concepts_name(api: Api, parts: Parts) -> None:
    """In any alphabet, and harmless in any."""
    path = await show(parts, name='Blatt "../ÄΩ\r\nX: y')
    headers = (await got(api, path))[1]
    expected = "inline; filename=\"Blatt _..___ X_ y.png\"; filename*=UTF-8''Blatt%20_.._%C3%84%CE%A9%20X_%20y.png"
    assert headers["Content-Disposition"] == expected
    assert "X" not in headers


async def test_many_look_at_once(api: Api, parts: Parts) -> None:
    """All are served."""
    path = await show(parts)
    found = await asyncio.gather(*(got(api, f"{path}?w={width}") for width in WIDTHS for _ in range(20)))
    assert {status for status, _, _ in found} == {200}
    assert len({body for _, _, body in found}) == len(WIDTHS)
