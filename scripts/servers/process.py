"""A server as a process of this machine, which outlives the command that started it."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scripts.servers.place import Place, Running, Say, ServiceError, locked, wait_until_free

STOP_LIMIT = 30.0
"""Seconds for an orderly end, before it is killed."""


@dataclass(frozen=True, slots=True)
class Process:
    """A way to run a server: the command is made for a place and a port."""

    name: str
    missing: Callable[[], str]
    command: Callable[[Place, int, Say], Sequence[str | os.PathLike[str]]]
    ready_word: str

    def start(self, place: Place, port: int, say: Say) -> Running:
        """Start it; it need not answer yet."""
        command = self.command(place, port, say)
        place.data.mkdir(parents=True, exist_ok=True)
        with place.lock.open("w") as lock, place.log.open("w") as log:
            if not locked(lock):
                raise ServiceError(f"Something that was started here still runs: {place.lock} is held.")
            process = subprocess.Popen(
                command,
                cwd=place.data,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for whoever started it
                pass_fds=[lock.fileno()],  # the server holds the lock from now on
            )
        process.returncode = 0  # nobody here waits for it
        return Running(self.name, port, time.time(), str(process.pid))

    def ready(self, place: Place, _running: Running) -> bool:
        """Whether it has said that it listens. Before that, another server may answer at its port."""
        return self.ready_word in place.log.read_text(encoding="utf-8", errors="replace")

    def runs(self, place: Place, _running: Running) -> bool:
        """Whether it still lives. No other process can be mistaken for it, whatever its number."""
        if not place.lock.exists():
            return False
        with place.lock.open("a") as lock:
            return not locked(lock)

    def stop(self, place: Place, running: Running) -> None:
        """End it and wait for that."""
        for sent, seconds in ((signal.SIGTERM, STOP_LIMIT), (signal.SIGKILL, STOP_LIMIT)):
            if not self.runs(place, running):
                return
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(running.id), sent)
                os.kill(int(running.id), signal.SIGCONT)  # one that is frozen hears nothing
            if wait_until_free(place.lock, seconds):
                return
        raise ServiceError(f"Process {running.id} does not end.")
