"""skaffold.yaml agrees with the manifests and the image, and what it copies into a container is run there."""

import asyncio
import os
import py_compile
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import pytest

from tests.support import manifest_capacity, manifest_references
from tests.support.manifests import KUBERNETES, build
from tests.support.skaffold import CHECKS, FILE, RELOADING, read, reloading

TEXT = FILE.read_text(encoding="utf-8")
MUTATIONS = [
    ("v4beta13", "v1", "of another version"),
    ("- name: staging", "- name: stage", "the profiles are"),
    ("- command: dev", "- command: run", "does not take the profile dev"),
    ("paths: [infra/kubernetes/overlays/staging]", "paths: [infra/kubernetes/overlays/production]", "other overlays"),
    ("paths: [infra/skaffold]", "paths: [infra/kubernetes/overlays/dev]", "nothing can be changed"),
    ("image: continuum\n", "image: continuous\n", "no manifest has an image continuous"),
    ("dockerfile: Dockerfile", "dockerfile: Containerfile", "there is no Containerfile"),
    ("--namespace continuum-staging delete", "--namespace continuum delete", "the Job is not deleted"),
    ("delete job migrate", "delete job migration", "the Job is not deleted"),
    ("resourceName: jaeger", "resourceName: tracing", "there is no service tracing"),
    ("port: 8000\n", "port: 8080\n", "there is no service api with port 8080"),
    ("localPort: 16686", "localPort: 8000", "ports here are"),
    ('{src: "schema/**"', '{src: "schemata/**"', "other packages are copied"),
    ("dest: /opt/continuum/app", "dest: /opt/continuum", "other packages are copied"),
    ("kill -HUP 1", "kill -USR1 1", "nobody is told"),
    ("statusCheckDeadlineSeconds: 600", "statusCheckDeadlineSecond: 600", "'statusCheckDeadlineSecond' was unexpected"),
    ("useBuildkit: true", "useBuildKit: true", "'useBuildKit' was unexpected"),
    ("resourceType: service", "resourceType: deployment", "'service' was expected"),
    ("statusCheckDeadlineSeconds: 300", "statusCheckDeadlineSeconds: 30", "given up before it has failed"),
    ("[linux/amd64, linux/arm64]", "[linux/amd64]", "staging is not built for"),
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
def test_what_is_named_is_there(check: object) -> None:
    """Profiles, overlays, images, Jobs, services and packages: no name leads nowhere."""
    assert callable(check)
    assert list(check(read(TEXT))) == []


@pytest.mark.parametrize(("old", "new", "told"), MUTATIONS)
def test_a_mistake_is_noticed(old: str, new: str, told: str) -> None:
    """Each of these is caught, and its message says what it is."""
    assert old in TEXT
    found = []
    for check in CHECKS:
        try:
            found += list(check(read(TEXT.replace(old, new))))
        except (KeyError, FileNotFoundError):
            continue
    assert told in "\n".join(found)


def test_what_dev_applies_is_the_overlay_and_the_reloading() -> None:
    """Nothing but the two Deployments differs, and they keep to the bounds of the namespace and of Pod Security."""
    plain, changed = build(KUBERNETES / "overlays" / "dev"), reloading()
    differ = [d["metadata"]["name"] for d in changed.documents if d not in plain]
    assert sorted(differ) == ["api", "worker"]
    checks = (manifest_capacity.quota, manifest_capacity.limits, manifest_references.volumes)
    assert list(chain.from_iterable(check(changed) for check in checks)) == []
    for container in chain.from_iterable(changed.workload(name).every_container for name in differ):
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


PROGRAM = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.1), os.write(1, b"ended\\n"), sys.exit(0)))
os.write(1, " ".join(["{word}", *sys.argv[1:]]).encode() + b"\\n")
while True:
    time.sleep(0.02)
"""


@dataclass(slots=True)
class Container:
    """The shell of a container as the manifest starts it, with a small program in the place of ours."""

    folder: Path
    process: asyncio.subprocess.Process
    heard: list[str] = field(default_factory=list)

    async def says(self) -> str:
        """Its next line."""
        assert self.process.stdout is not None
        return (await asyncio.wait_for(self.process.stdout.readline(), 20)).decode().strip()

    def is_changed(self, text: str) -> None:
        """A file is copied over the program's, as skaffold does it, and the shell is told."""
        (self.folder / "continuum.py").write_text(text, encoding="utf-8")
        self.process.send_signal(signal.SIGHUP)


@asynccontextmanager
async def container(name: str, folder: Path) -> AsyncIterator[Container]:
    """A container of the Deployment of this name, whose program has bytecode beside it, as the image has."""
    [spec] = reloading().workload(name).containers
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(sys.executable)
    source = folder / "continuum.py"
    source.write_text(PROGRAM.format(word="first"), encoding="utf-8")
    py_compile.compile(str(source), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    process = await asyncio.create_subprocess_exec(
        *(str(shutil.which(spec["command"][0])), *spec["command"][1:], *spec["args"]),
        cwd=folder,
        env={"PATH": path, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONSAFEPATH": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield Container(folder, process)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


@pytest.mark.system
@pytest.mark.parametrize(("name", "argument"), [("api", "serve"), ("worker", "worker")])
async def test_what_was_copied_is_run(name: str, argument: str, tmp_path: Path) -> None:
    """The program ends in good order and starts anew from the changed file, bytecode or not; SIGTERM ends it all."""
    async with container(name, tmp_path) as pod:
        assert await pod.says() == f"first {argument}"
        pod.is_changed(PROGRAM.format(word="second"))
        assert await pod.says() == "ended"
        assert await pod.says() == f"second {argument}"
        pod.process.terminate()
        assert await pod.says() == "ended"
        assert await asyncio.wait_for(pod.process.wait(), 20) == 0


@pytest.mark.system
async def test_what_cannot_start_is_tried_again(tmp_path: Path) -> None:
    """A file with a mistake leaves the container there, and the mended one is run without anybody's doing."""
    async with container("api", tmp_path) as pod:
        assert await pod.says() == "first serve"
        pod.is_changed("this is no Python")
        assert await pod.says() == "ended"
        (tmp_path / "continuum.py").write_text(PROGRAM.format(word="mended"), encoding="utf-8")
        assert await pod.says() == "mended serve"
        assert pod.process.returncode is None


def test_without_it_bytecode_would_be_run() -> None:
    """Why Python is told to check: the image's bytecode says of itself that it needs no check."""
    text = (RELOADING / "reload.yaml").read_text(encoding="utf-8")
    assert "--check-hash-based-pycs always" in text
    dockerfile = (RELOADING.parents[1] / "Dockerfile").read_text(encoding="utf-8")
    assert "--invalidation-mode unchecked-hash" in dockerfile
