"""A worker process over Redis that says what it does, line by line: to be killed, frozen, and given a wrong clock."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from exploration.dispatch.port import Job
from exploration.dispatch.redis import RedisDispatch
from exploration.redis.link import connected

ROOT = Path(__file__).parents[2]
LIMIT = 20.0
"""Seconds within which a worker must have said what a test waits for."""


@dataclass
class WorkerProcess:
    """What a test sees of it."""

    process: asyncio.subprocess.Process
    said: list[str] = field(default_factory=list)

    async def says(self, line: str) -> None:
        """Wait for this line, unless it was said already."""
        async with asyncio.timeout(LIMIT):
            while line not in self.said:
                await self._listen()

    async def catch_up(self) -> None:
        """Hear all that it has said until now."""
        await self._tell(f"mark {len(self.said)}")

    async def end_runs(self) -> None:
        """Let end what runs in it now."""
        await self._tell(f"end {len(self.said)}")

    def finish(self) -> None:
        """Have it leave in good order, and what runs in it be cancelled."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    async def _tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        await self.says(f"told {line}")

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    async def _listen(self) -> None:
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        assert line, f"the worker has ended, having said {self.said}"
        self.said.append(line.decode().strip())


@asynccontextmanager
async def worker_process(url: str, *, hold: float, clock: float = 0.0) -> AsyncIterator[WorkerProcess]:
    """A worker whose clock is `clock` seconds ahead, killed at the end of the context."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, __file__, url, str(hold), str(clock)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    worker = WorkerProcess(process)
    try:
        await worker.says("ready")
        yield worker
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


class Runs:
    """Each run goes on until the process is told to end those that run."""

    def __init__(self) -> None:
        self._let_go = asyncio.Event()

    async def run(self, job: Job, wake: asyncio.Event) -> None:
        """Say when it begins, is woken, and ends."""
        _say("begun", job.id)
        waiting = asyncio.create_task(_woken(job, wake))
        try:
            await self._let_go.wait()
        finally:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            _say("ended", job.id)

    def end(self) -> None:
        """End all that run now."""
        self._let_go.set()
        self._let_go = asyncio.Event()


async def _woken(job: Job, wake: asyncio.Event) -> None:
    while True:
        await wake.wait()
        wake.clear()
        _say("woken", job.id)


async def _work(url: str, hold: float) -> None:
    runs = Runs()
    told = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(told), sys.stdin)
    async with connected(url) as link, RedisDispatch(link, hold=hold).working(runs.run, 4):
        _say("ready")
        while line := await told.readline():
            if line.startswith(b"end"):
                runs.end()
            _say("told", line.decode().strip())


def _say(*words: str) -> None:
    print(*words, flush=True)  # noqa: T201 - how the test hears of it


def _set_clock(ahead: float) -> None:
    right = time.time
    time.time = lambda: right() + ahead


if __name__ == "__main__":
    _set_clock(float(sys.argv[3]))
    asyncio.run(_work(sys.argv[1], float(sys.argv[2])))
