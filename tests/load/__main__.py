"""Load tests: scripts/load."""

import asyncio
import signal
import sys
from collections.abc import Sequence

import click

from scripts.servers.place import ServiceError
from tests.load import options
from tests.load.ground import services
from tests.load.run import LoadError, run, say

UNAVAILABLE = 3
"""Exit code: it could not be measured."""


def main(arguments: Sequence[str]) -> int:
    """Run what is wanted; the exit code."""
    wanted = options.read(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whatever ends it, nothing stays behind
    try:
        with services(wanted) as running:
            return asyncio.run(run(wanted, running))
    except (LoadError, ServiceError, click.ClickException) as error:
        say(f"load: {error}")
        return UNAVAILABLE
    except KeyboardInterrupt:
        say("load: interrupted")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
