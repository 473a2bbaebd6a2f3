"""A server or a worker as it is, but for its knowledge: python -m tests.support.with_oracle serve|worker ADDRESS."""

import sys

import uvloop

from continuum.app import serve
from continuum.settings import Settings
from continuum.worker import work
from telemetry.logs import configure_logs
from tests.support.oracle import OracleSource

if __name__ == "__main__":
    command, address = sys.argv[1:]
    settings = Settings()
    configure_logs(settings.log_level, json=settings.log_json, secrets=settings.secrets)
    main = {"serve": serve, "worker": work}[command]
    uvloop.run(main(settings, {"oracle": lambda _store: OracleSource(address)}))
