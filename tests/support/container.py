"""The image, built from what Debian has, and containers of it, run as strictly as a cluster would."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp

from tests.support.exploring import until
from tests.support.processes import ROOT, START_LIMIT, ServerProcess
from tests.support.services import unavailable

TAG = "continuum:test"
USER = 1000
BUILD_LIMIT = 900.0
_PROGRAMS = ("buildah", "debootstrap", "runc")
_SHARED = {"network", "cgroup"}
"""What a container has in common with the machine: here nobody sets up networks and limits."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image: its files, and what it says of how they are run."""

    root: Path
    config: Mapping[str, Any]

    @property
    def environment(self) -> dict[str, str]:
        """Its variables."""
        return dict(variable.split("=", 1) for variable in self.config["Env"])

    @property
    def app(self) -> Path:
        """Where our own packages lie."""
        return self.root / self.environment["PYTHONPATH"].lstrip("/")


@dataclass(eq=False)
class Container(ServerProcess):
    """A running one."""

    name: str
    state: Path
    image: Image

    def exec(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command inside, as the same user."""
        called = ("runc", "--root", str(self.state), "exec", self.name, *command)
        return subprocess.run(called, capture_output=True, text=True, timeout=30, check=False)

    def signal(self, name: str) -> None:
        """Send its first process a signal, as an engine does."""
        subprocess.run(("runc", "--root", str(self.state), "kill", self.name, name), check=False, timeout=10)

    def health_check(self) -> int:
        """The exit code of the image's own health check."""
        kind, *command = self.image.config["Healthcheck"]["Test"]
        assert kind == "CMD"
        return self.exec(*command).returncode

    async def terminate(self, seconds: float = 20) -> int:
        """SIGTERM; the exit code."""
        self.signal("TERM")
        async with asyncio.timeout(seconds):
            return await self.process.wait()

    def logged(self) -> list[dict[str, Any]]:
        """Every line of its log; one that is no JSON fails the test."""
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]


@contextmanager
def image() -> Iterator[Image]:
    """The image of this source. Skips or fails where it cannot be built."""
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    if missing:
        unavailable(f"no {' and no '.join(missing)} (Debian: apt-get install {' '.join(missing)})")
    if os.getuid() != 0:
        unavailable("the image is built and run by root alone")
    data_dir = Path(os.environ.get("DATA_DIR", ROOT / "data")).absolute()
    built = subprocess.run(
        (ROOT / "scripts/image", "--stand-ins", "--tag", TAG),
        env={**os.environ, "DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        timeout=BUILD_LIMIT,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    store = data_dir / "image"
    files = f"files-{uuid4()}"
    _buildah(store, "from", "--pull-never", "--name", files, TAG)
    try:
        config = json.loads(_buildah(store, "inspect", "--type", "image", TAG))["Docker"]["config"]
        yield Image(Path(_buildah(store, "mount", files).strip()), config)
    finally:
        _buildah(store, "rm", files)


def _buildah(store: Path, *arguments: str) -> str:
    where = ("--root", str(store / "store"), "--runroot", str(store / "run"), "--storage-driver", "vfs")
    return subprocess.run(
        ("buildah", *where, *arguments), check=True, capture_output=True, text=True, timeout=120
    ).stdout


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


@asynccontextmanager
async def container(image: Image, folder: Path, *command: str, **settings: object) -> AsyncIterator[Container]:
    """One on this machine's network, at the port of its settings, `port` or `worker_port`. Without one of them it has a
    network of its own, in which there is nobody else. Its `/data` is the folder's."""
    name = f"continuum-{uuid4()}"
    bundle, state = folder / name, folder / "runc"
    port = settings.get("worker_port" if "worker" in command else "port")
    here = {} if port is None else {"host": "127.0.0.1"}
    _make_bundle(image, bundle, _data(folder), command, alone=port is None, settings={**here, **settings})
    log = bundle / "log"
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *("runc", "--root", str(state), "run", "--bundle", str(bundle), name),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=errors,
        )
    running = Container(process, f"http://127.0.0.1:{port}", log, name, state, image)
    try:
        yield running
    finally:
        if process.returncode is None:
            running.signal("KILL")
        await process.wait()


async def begun(running: Container) -> None:
    """Wait until it is ready."""

    async def is_ready() -> bool:
        assert running.process.returncode is None, running.log.read_text(encoding="utf-8")
        try:
            return (await running.ready())[0] == 200
        except aiohttp.ClientConnectionError:
            return False

    await until(is_ready, START_LIMIT, every=0.1)


def _data(folder: Path) -> Path:
    data = folder / "data"
    data.mkdir(exist_ok=True)
    os.chown(data, USER, USER)
    return data


def _make_bundle(
    image: Image, bundle: Path, data: Path, command: Sequence[str], *, alone: bool, settings: Mapping[str, object]
) -> None:
    bundle.mkdir(parents=True)
    subprocess.run(("runc", "spec"), cwd=bundle, check=True, timeout=10)
    written = bundle / "config.json"
    config = json.loads(written.read_text(encoding="utf-8"))
    config["root"] = {"path": str(image.root), "readonly": True}
    config["process"] |= _process(image, command, settings)
    config["mounts"] = [m for m in config["mounts"] if m["type"] != "cgroup"] + _mounts(data)
    shared = {"cgroup"} if alone else _SHARED
    config["linux"]["namespaces"] = [n for n in config["linux"]["namespaces"] if n["type"] not in shared]
    written.write_text(json.dumps(config), encoding="utf-8")


def _process(image: Image, command: Sequence[str], settings: Mapping[str, object]) -> dict[str, Any]:
    user, group = map(int, image.config["User"].split(":"))
    ours = {name.upper(): str(value) for name, value in settings.items()}
    return {
        "terminal": False,
        "user": {"uid": user, "gid": group},
        "args": [*image.config["Entrypoint"], *(command or image.config["Cmd"])],
        "env": [f"{name}={value}" for name, value in {**image.environment, **ours}.items()],
        "cwd": image.config["WorkingDir"],
        "capabilities": {"bounding": [], "effective": [], "permitted": []},
        "noNewPrivileges": True,
    }


def _mounts(data: Path) -> list[dict[str, Any]]:
    return [
        {"destination": "/data", "type": "bind", "source": str(data), "options": ["rbind", "rw", "nosuid", "nodev"]},
        {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "mode=1777"]},
    ]
