"""Cancellation that is not forgotten on the way through the client."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def cancellable() -> Iterator[None]:
    """Around calls of Redis: raises `CancelledError` at the end when the task was cancelled meanwhile.

    The client sends by `asyncio.wait_for`, which before Python 3.12 forgets a cancellation that comes in the moment in
    which it is done; and where the client meets another error while it cleans up, that one takes its place.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        yield
    finally:
        if task and task.cancelling() > before:
            raise asyncio.CancelledError
