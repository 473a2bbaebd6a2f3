"""Runs of the command line as a person or a script would make them."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import environment

CTRL_C = b"\x03"
LIMIT = 120
"""Seconds that one command may take at most."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines of its standard output."""
        return self.out.splitlines()


def command(*arguments: object) -> list[str]:
    """The command line of this checkout."""
    return [sys.executable, "-m", "continuum", *map(str, arguments)]


def continuum(data_dir: Path, *arguments: object, stdin: bytes = b"", **settings: object) -> Ended:
    """Run a command without a terminal, to its end."""
    ended = subprocess.run(
        command(*arguments),
        input=stdin,
        capture_output=True,
        env=environment(data_dir, **settings),
        timeout=LIMIT,
        check=False,
    )
    assert b"Traceback" not in ended.stderr, ended.stderr.decode()
    return Ended(ended.returncode, ended.stdout.decode(), ended.stderr.decode())


def in_terminal(
    data_dir: Path,
    *arguments: object,
    width: int = 100,
    press_when: Callable[[str], bool] = lambda _: False,
    keys: bytes = CTRL_C,
    insist: bool = False,
    **settings: object,
) -> Ended:
    """Run a command in a terminal of its own, to its end; both outputs together. The keys are pressed once,
    when what it has shown so far says so; with `insist` again each second, as a person does whom nothing answers."""
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover - the other process
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a job in the background would have it ignored
        os.environ.update(environment(data_dir, **settings), TERM="xterm-256color", COLUMNS=str(width), LINES="40")
        os.execv(sys.executable, command(*arguments))
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    shown, pressed, deadline = b"", False, time.monotonic() + LIMIT
    try:
        while (piece := _read(terminal)) != b"":
            shown += piece or b""
            if press_when(shown.decode(errors="replace")) and (not pressed or (insist and piece is None)):
                os.write(terminal, keys)
                pressed = True
            assert time.monotonic() < deadline, shown.decode(errors="replace")
        _, status = os.waitpid(child, 0)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    finally:
        os.close(terminal)
    return Ended(os.waitstatus_to_exitcode(status), shown.decode(errors="replace"), "")


def _read(terminal: int) -> bytes | None:
    """What is shown next; nothing at the end; None when nothing is shown for a second."""
    ready, _, _ = select.select([terminal], [], [], 1.0)
    if not ready:
        return None
    try:
        return os.read(terminal, 65_536)
    except OSError:  # Linux says so when the other end is closed
        return b""
