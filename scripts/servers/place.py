"""Where a server of one set keeps what it writes, and the note of what runs there."""

import fcntl
import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

Say = Callable[[str], None]
"""Tells a person what is going on."""


class ServiceError(Exception):
    """It cannot be done; the message says why, and what would help."""


@dataclass(frozen=True, slots=True)
class Running:
    """What runs at a place: a process or a container, and since when (seconds since 1970)."""

    way: str
    port: int
    since: float
    id: str


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of one server."""

    folder: Path

    @property
    def data(self) -> Path:
        """The server's own folder."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "log"

    @property
    def lock(self) -> Path:
        """A file that a server process holds locked for as long as it lives."""
        return self.folder / "lock"

    @property
    def _note(self) -> Path:
        return self.folder / "running.json"

    def note(self, running: Running) -> None:
        """Remember what runs here."""
        new = self._note.with_suffix(".new")
        new.write_text(json.dumps(asdict(running)), encoding="utf-8")
        new.replace(self._note)

    def noted(self) -> Running | None:
        """What was started here, whether or not it still runs."""
        try:
            return Running(**json.loads(self._note.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None

    def forget(self) -> None:
        """Nothing runs here any more."""
        self._note.unlink(missing_ok=True)

    def delete(self) -> None:
        """Delete all data, and the folder of the set with its last server."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.folder.parent.exists() and not any(self.folder.parent.iterdir()):
            self.folder.parent.rmdir()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One start or stop at a time; others wait."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "busy").open("w") as busy:
            fcntl.flock(busy, fcntl.LOCK_EX)
            yield

    def last_words(self, lines: int = 8) -> str:
        """The end of the log, and where all of it is."""
        said = self.log.read_text(encoding="utf-8", errors="replace").splitlines() if self.log.exists() else []
        return "\n".join([*(f"    {line[:200]}" for line in said[-lines:]), f"  All of it is in {self.log}."])


def locked(file: IO[str]) -> bool:
    """Take the lock of an opened file, unless another process holds it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_until_free(path: Path, seconds: float) -> bool:
    """Whether the process that holds this file has ended within so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        with path.open("a") as file:
            if locked(file):
                return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
