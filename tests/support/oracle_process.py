"""`continuum serve` and `continuum worker` with the oracle for their only source."""

import os
import sys

import uvloop

from continuum.app import serve
from continuum.settings import Settings
from continuum.worker import work
from telemetry.logs import configure_logs
from tests.support.oracle import OracleSource


def main(command: str) -> None:
    """Run it until it is told to stop."""
    settings = Settings()
    configure_logs(settings.log_level, json=settings.log_json)
    source = OracleSource(os.environ["ORACLE"])
    run = {"serve": serve, "worker": work}[command]
    uvloop.run(run(settings, sources={source.name: lambda _store: source}))


if __name__ == "__main__":
    main(sys.argv[1])
