"""A real server with built pages, and a browser that notices whatever a page does wrong."""

import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.support import processes
from tests.support.services import unavailable

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
# The network is cut off but for this machine. Without the last three, Chromium calls home at every start.
FLAGS = [
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def pages() -> Path:
    """The folder of the built pages, built now unless they are up to date."""
    if not CHROMIUM.exists():
        unavailable(f"no Chromium at {CHROMIUM}: apt-get install chromium, or name yours in the variable CHROMIUM")
    built = subprocess.run([processes.ROOT / "scripts" / "pages"], capture_output=True, text=True, check=False)
    if built.returncode == 3:
        unavailable(built.stderr)
    assert built.returncode == 0, built.stdout + built.stderr
    return Path(os.environ.get("DATA_DIR", processes.ROOT / "data")).absolute() / "pages"


@pytest.fixture
def settings() -> dict[str, object]:
    """What the server is told beside where its data are; other tests have other settings."""
    return {}


@pytest.fixture
async def server(pages: Path, tmp_path: Path, settings: dict[str, object]) -> AsyncIterator[str]:
    """The address of a server process with an empty store of its own."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "pages").symlink_to(pages)
    async with processes.server(data, oracle=None, **settings) as running:
        yield running.address


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium, driven over its debugging protocol."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def page(server: str, browser: Browser) -> AsyncIterator[Page]:
    """A page at the server, which must do nothing wrong as long as the test runs.

    Wrong is a request to anywhere else, an error on the console (a breach of the
    Content-Security-Policy is one) and an exception that nobody caught.
    """
    wrong: list[str] = []
    context = await browser.new_context(base_url=server, viewport={"width": 1280, "height": 800})
    page = await context.new_page()

    def look_at(url: str) -> None:
        address = urlsplit(url)
        if address.scheme not in {"data", "blob"} and address.netloc != urlsplit(server).netloc:
            wrong.append(f"left the origin: {url}")

    context.on("request", lambda request: look_at(request.url))
    page.on("websocket", lambda websocket: look_at(websocket.url))
    page.on("pageerror", lambda error: wrong.append(f"uncaught: {error}"))
    context.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    yield page
    await context.close()
    assert wrong == []
