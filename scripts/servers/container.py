"""A server as a container of Docker."""

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scripts.servers.place import Place, Running, Say, ServiceError

_ANSWER_LIMIT = 5.0
_STOP_LIMIT = 30


@dataclass(frozen=True, slots=True)
class Container:
    """A way to run a server: an official image, whose `/data` is the place's."""

    image: str
    port: int
    environment: Mapping[str, str] = field(default_factory=dict)
    arguments: Sequence[str] = ()
    name: str = "Docker"

    def missing(self) -> str:
        """What this machine lacks for it; empty when nothing."""
        if not shutil.which("docker"):
            return "no docker"
        try:
            answer = subprocess.run(["docker", "info"], capture_output=True, timeout=_ANSWER_LIMIT, check=False)
        except subprocess.TimeoutExpired:
            return "its daemon does not answer"
        return "" if answer.returncode == 0 else "its daemon does not answer"

    def start(self, place: Place, port: int, say: Say) -> Running:
        """Start it, with the image fetched if need be; it need not answer yet."""
        place.data.mkdir(parents=True, exist_ok=True)
        name = _container_name(place)
        self._fetch(say)
        _docker("rm", "--force", name)
        settings = [word for key, value in self.environment.items() for word in ("--env", f"{key}={value}")]
        _docker(
            *("run", "--detach", "--name", name, "--publish", f"127.0.0.1:{port}:{self.port}"),
            *("--user", f"{os.getuid()}:{os.getgid()}", "--volume", f"{place.data}:/data"),
            *settings,
            self.image,
            *self.arguments,
        )
        return Running(self.name, port, time.time(), name)

    def _fetch(self, say: Say) -> None:
        here = subprocess.run(["docker", "image", "inspect", self.image], capture_output=True, check=False)
        if here.returncode != 0:
            say(f"  fetching the image {self.image} (once) ...")
            _docker("pull", "--quiet", self.image)

    def ready(self, place: Place, running: Running) -> bool:
        """Whether it may be asked: a port that is published is nobody else's. What it said so far is in the log."""
        with place.log.open("w") as log:
            subprocess.run(["docker", "logs", running.id], stdout=log, stderr=log, check=False)
        return True

    def runs(self, _place: Place, running: Running) -> bool:
        """Whether it still lives."""
        asked = ["docker", "inspect", "--format", "{{.State.Running}}", running.id]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip() == "true"

    def stop(self, _place: Place, running: Running) -> None:
        """End it and remove the container; its data stays."""
        subprocess.run(["docker", "unpause", running.id], capture_output=True, check=False)
        _docker("stop", "-t", str(_STOP_LIMIT), running.id)
        _docker("rm", "--force", "--volumes", running.id)


def _container_name(place: Place) -> str:
    """One for each place, so that several checkouts do not meet: continuum-1a2b3c4d-main-neo4j."""
    checkout = hashlib.sha256(str(place.folder).encode()).hexdigest()[:8]
    return f"continuum-{checkout}-{place.folder.parent.name}-{place.folder.name}"


def _docker(*arguments: str) -> None:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0 and arguments[0] != "rm":
        raise ServiceError(f"docker {arguments[0]}: {done.stderr.strip()}")
