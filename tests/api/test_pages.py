"""The browser pages as they are served."""

import gzip
from pathlib import Path

import pytest
from aiohttp import web
from pytest_aiohttp.plugin import AiohttpClient
from yarl import URL

from continuum.pages import add_pages

SCRIPT = "export const answer = 42;\n" * 20
NAME = "explorer-ABCD1234.js"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as scripts/pages leaves it, with a file beside it that nobody may read."""
    pages = tmp_path / "pages"
    assets = pages / "assets"
    assets.mkdir(parents=True)
    (pages / "explorer.html").write_text("<!doctype html><title>explorer</title>")
    (pages / "graphiql.html").write_text("<!doctype html><title>graphiql</title>")
    (assets / NAME).write_text(SCRIPT)
    (assets / f"{NAME}.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (pages / "inputs.sha256").write_text("secret")
    return pages


def application(folder: Path, *, graphiql: bool = True) -> web.Application:
    """An application with nothing but the pages."""
    app = web.Application()
    add_pages(app, folder, graphiql=graphiql)
    return app


@pytest.mark.parametrize(("path", "title"), [("/", "explorer"), ("/graphiql", "graphiql")])
async def test_a_page_is_checked_anew_at_each_visit(
    aiohttp_client: AiohttpClient, folder: Path, path: str, title: str
) -> None:
    """A page is HTML, revalidated by its ETag, so that a new build is seen at once."""
    client = await aiohttp_client(application(folder))

    first = await client.get(path)
    assert first.status == 200
    assert first.content_type == "text/html"
    assert title in await first.text()
    assert first.headers["Cache-Control"] == "no-cache"

    again = await client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status == 304


@pytest.mark.parametrize("path", ["/", "/graphiql"])
async def test_a_page_may_only_use_its_own_origin(aiohttp_client: AiohttpClient, folder: Path, path: str) -> None:
    """The policy allows no other origin, no inline script, no framing."""
    client = await aiohttp_client(application(folder))

    headers = (await client.get(path)).headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert not any("http" in sources or "*" in sources for sources in policy.values())
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


async def test_an_asset_is_kept_for_good(aiohttp_client: AiohttpClient, folder: Path) -> None:
    """An asset's name changes with its content, so browsers need not ask for it again."""
    client = await aiohttp_client(application(folder))

    response = await client.get(f"/assets/{NAME}")

    assert response.status == 200
    assert "javascript" in response.content_type
    assert "immutable" in response.headers["Cache-Control"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'"


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip", "gzip"), ("identity", None)])
async def test_an_asset_is_compressed_for_those_who_accept_it(
    aiohttp_client: AiohttpClient, folder: Path, accepted: str, encoding: str | None
) -> None:
    """The .gz beside a file is sent only to those who accept it; both are the same text."""
    client = await aiohttp_client(application(folder))

    response = await client.get(f"/assets/{NAME}", headers={"Accept-Encoding": accepted})

    assert response.headers.get("Content-Encoding") == encoding
    assert "Accept-Encoding" in response.headers["Vary"]
    assert await response.text() == SCRIPT


@pytest.mark.parametrize(
    "name",
    [
        "missing-ABCD1234.js",
        "../inputs.sha256",
        "..%2finputs.sha256",
        "%2e%2e%2finputs.sha256",
        "..%5cinputs.sha256",
        "%2fetc%2fpasswd",
        f"{NAME}%00.js",
        "",
    ],
)
async def test_nothing_but_assets_can_be_read(aiohttp_client: AiohttpClient, folder: Path, name: str) -> None:
    """A name that is not an asset's is a 404 that no cache keeps, however it is written."""
    client = await aiohttp_client(application(folder))

    # Encoded by hand: the client would tidy the path before it is sent.
    url = URL(f"{client.make_url('/assets/')}{name}", encoded=True)
    response = await client.session.get(url)

    assert response.status == 404
    assert "immutable" not in response.headers.get("Cache-Control", "")
    assert "secret" not in await response.text()


async def test_graphiql_can_be_switched_off(aiohttp_client: AiohttpClient, folder: Path) -> None:
    """Without GraphiQL its address does not exist, and the explorer stays."""
    client = await aiohttp_client(application(folder, graphiql=False))

    assert (await client.get("/graphiql")).status == 404
    assert (await client.get("/")).status == 200


@pytest.mark.parametrize("path", ["/", "/graphiql"])
async def test_pages_that_are_not_built_say_how_to_build_them(
    aiohttp_client: AiohttpClient, folder: Path, path: str
) -> None:
    """A page that is missing names the command that builds it, and works once it is there."""
    names = {"/": "explorer.html", "/graphiql": "graphiql.html"}
    page = (folder / names[path]).rename(folder / "elsewhere.html")
    client = await aiohttp_client(application(folder))

    missing = await client.get(path)
    assert missing.status == 503
    assert "scripts/pages" in await missing.text()
    assert "/graphql" in await missing.text()
    assert missing.headers["Cache-Control"] == "no-store"

    page.rename(folder / names[path])
    assert (await client.get(path)).status == 200
