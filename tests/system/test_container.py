"""The image is built, holds the program and nothing else, and runs where nothing is allowed."""

import asyncio
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from continuum.version import VERSION
from tests.support.api import PROMISED, Api
from tests.support.container import USER, Container, Image, begun, container, free_port
from tests.support.container import image as built_image
from tests.support.exploring import until
from tests.support.processes import ROOT, START_LIMIT
from tests.support.redis_process import redis_process

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("container"), pytest.mark.timeout(900)]

STRICT = {"Uid": f"{USER}", "CapPrm": "0" * 16, "CapEff": "0" * 16, "CapBnd": "0" * 16, "NoNewPrivs": "1"}
TOOLS = ("pip", "pip3", "gcc", "cc", "c++", "make", "node", "npm", "git", "curl")
EXPLORE = """mutation { startExploration(input: {
  topic: "photosynthesis", depth: 2, pictures: {}, budget: {concepts: 20}
}) { exploration { id } } }"""
PICTURES = """{ concept(name: "photosynthesis") { images(first: 1) { edges { node { status url } } } } }"""
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    """The image of this source."""
    with built_image() as built:
        yield built


def test_the_image_says_what_it_is(image: Image) -> None:
    """Its labels name the program, its version and where it comes from; it is run by nobody in particular."""
    labels = {name.rpartition(".")[2]: value for name, value in image.config["Labels"].items()}
    assert (labels["title"], labels["version"]) == ("Continuum", VERSION)
    assert re.fullmatch(r"unknown|[0-9a-f]{40}(-modified)?", labels["revision"])
    assert labels["source"] == ""
    assert (image.config["User"], image.config["StopSignal"]) == (f"{USER}:{USER}", "SIGTERM")
    assert (image.config["Cmd"], set(image.config["ExposedPorts"])) == (["serve"], {"8000/tcp", "8001/tcp"})


def test_the_image_holds_our_packages_and_nothing_else_of_ours(image: Image) -> None:
    """The files of the packages as they stand here, each module compiled; no test, no key, nothing that tools left."""
    held = {str(path.relative_to(image.app)) for path in image.app.rglob("*") if path.is_file()}
    sources = {name for name in held if "__pycache__" not in name}
    assert sources == our_files()
    modules = {name for name in sources if name.endswith(".py")}
    assert {re.sub(r"__pycache__/(\w+)\.cpython-311\.pyc$", r"\1.py", name) for name in held - sources} == modules
    beside = {path.name for path in (image.root / "opt/continuum").iterdir()}
    assert beside - {"lib64"} == {"app", "bin", "include", "lib", "pages", "pyvenv.cfg"}
    assert {"explorer.html", "graphiql.html"} <= {path.name for path in (image.root / "opt/continuum/pages").iterdir()}


def our_files() -> set[str]:
    """What git knows, or would, of the packages that pyproject.toml names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = [name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]]
    listed = subprocess.run(
        ("git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *packages),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        return {name for name in listed.stdout.splitlines() if (ROOT / name).exists()}
    found = (path for package in packages for path in (ROOT / package).rglob("*") if path.is_file())
    return {str(path.relative_to(ROOT)) for path in found if "__pycache__" not in path.parts}


def test_nothing_can_be_built_or_installed_in_the_image(image: Image) -> None:
    """No compiler, no installer, no Node; and nothing but the data belongs to the user that it runs as."""
    folders = [image.root / folder.lstrip("/") for folder in image.environment["PATH"].split(":")]
    assert [tool for tool in TOOLS for folder in folders if (folder / tool).exists()] == []
    packages = [path.name for path in (image.root / "opt/continuum/lib/python3.11/site-packages").iterdir()]
    assert [name for name in packages if name.partition("-")[0] in {"pip", "setuptools", "wheel"}] == []
    owned = [path for path in image.root.rglob("*") if path.lstat().st_uid == USER]
    assert owned == [image.root / "data"]


def test_bytecode_asks_for_no_date(image: Image) -> None:
    """By an unchecked hash (PEP 552): dates are not kept everywhere, and what is found outdated cannot be written anew
    here, so it would be compiled at each start."""
    compiled = list((image.root / "opt/continuum").rglob("*.pyc"))
    assert len(compiled) > 1_000
    assert [path for path in compiled if path.read_bytes()[4:8] != b"\1\0\0\0"] == []


async def test_a_server_runs_with_nothing_but_its_data(image: Image, tmp_path: Path) -> None:
    """As uid 1000, without capabilities, on a root that cannot be written: health, pages, a query, an exploration with
    pictures; logs are JSON, SIGTERM ends it in less than 10 s with exit code 0, and only its data has changed."""
    before = files(image.root)
    async with container(image, tmp_path, port=free_port(), log_level="INFO") as running:
        await begun(running)
        assert confined(running) == STRICT
        assert running.exec("touch", "/opt/continuum/app/x").returncode != 0
        assert running.health_check() == 0
        async with aiohttp.ClientSession(running.address) as session:
            await use(session)
        assert await running.terminate(10) == 0
        assert {"serving", "draining", "stopped"} <= {line["event"] for line in running.logged()}
    assert files(image.root) == before
    assert (tmp_path / "data/continuum.sqlite3").stat().st_uid == USER


def files(root: Path) -> dict[Path, tuple[int, int]]:
    """Size and time of every file."""
    return {path: (path.lstat().st_size, path.lstat().st_mtime_ns) for path in root.rglob("*")}


def confined(running: Container) -> dict[str, str]:
    """What the kernel lets the process do."""
    lines = running.exec("cat", "/proc/1/status").stdout.splitlines()
    said = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    return {name: said[name].split("\t")[0] for name in STRICT}


async def use(session: aiohttp.ClientSession) -> None:
    """What a first visitor does: look at the pages, explore a topic with pictures, look at one."""
    for path in ("/health", "/ready", "/", "/graphiql"):
        async with session.get(path) as response:
            assert response.status == 200, path
    api = Api(session)
    assert (await api.data("{ server { version } }"))["server"]["version"] == VERSION
    id = (await api.data(EXPLORE))["startExploration"]["exploration"]["id"]
    async with api.socket() as socket:
        events = [r["data"]["explorationEvents"] async for r in socket.results(PROMISED["Watch"], id=id)]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["status"] in {"COMPLETED", "BUDGET_REACHED"}
    [picture, *_] = (await api.data(PICTURES))["concept"]["images"]["edges"]
    async with session.get(picture["node"]["url"]) as response:
        assert (response.status, (await response.read())[:8]) == (200, PNG)


async def test_its_defaults_are_those_of_a_container(image: Image, tmp_path: Path) -> None:
    """Without a setting it listens everywhere at port 8000, and the health check sees whether it lives."""
    async with container(image, tmp_path) as running:

        async def is_healthy() -> bool:
            return running.health_check() == 0

        await until(is_healthy, START_LIMIT, every=0.2)
        asked = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8000/ready').status)"
        assert running.exec("python", "-c", asked).stdout.strip() == "200"
        assert running.exec("python", "-m", "continuum.alive", "8001").returncode == 1


async def test_a_worker_runs_in_the_same_image(image: Image, tmp_path: Path) -> None:
    """With Redis it does the work that a server hands on; its health check looks at its own port; SIGTERM ends it."""
    async with redis_process() as redis:
        shared: dict[str, Any] = {"redis_url": redis.url, "log_level": "INFO", "port": free_port()}
        async with (
            container(image, tmp_path, "worker", **shared, worker_port=free_port()) as worker,
            container(image, tmp_path, **shared, worker_port=free_port()) as server,
        ):
            await begun(worker)
            await begun(server)
            async with aiohttp.ClientSession(server.address) as session:
                await use(session)
            assert await server.terminate(10) == 0
            assert (confined(worker), worker.health_check()) == (STRICT, 0)
            assert "exploration_claimed" in {line["event"] for line in worker.logged()}
            assert await worker.terminate(10) == 0


async def test_a_worker_without_redis_says_what_is_missing(image: Image, tmp_path: Path) -> None:
    """Exit code 2, and one sentence that names the setting."""
    async with container(image, tmp_path, "worker", worker_port=free_port()) as running:
        async with asyncio.timeout(30):
            assert await running.process.wait() == 2
        assert running.log.read_text(encoding="utf-8").startswith("Error: REDIS_URL is not set")


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("--fast",), 2, "What is --fast?"),
        (("--tag",), 2, "--tag takes a value."),
        (("--engine", "kaniko"), 2, "--engine is docker, podman or buildah."),
        (("--stand-ins", "--engine", "docker"), 2, "--stand-ins builds with buildah alone."),
        ((), 3, "apt-get install buildah"),
        (("--engine", "podman"), 3, "podman cannot be used here"),
        (("--stand-ins",), 3, "apt-get install buildah debootstrap"),
    ],
)
def test_what_cannot_be_built_is_told(tmp_path: Path, arguments: tuple[str, ...], code: int, told: str) -> None:
    """On a machine that has nothing: 2 for wrong arguments, 3 for what is missing, and what would be right."""
    bare = tmp_path / "bin"
    bare.mkdir()
    for program in ("bash", "dirname", "mkdir", "id"):
        (bare / program).symlink_to(str(shutil.which(program)))
    done = subprocess.run(
        (bare / "bash", ROOT / "scripts/image", *arguments),
        env={"PATH": str(bare), "DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, told in done.stderr) == (code, True), done.stderr
