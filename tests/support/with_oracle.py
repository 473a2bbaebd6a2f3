"""A server or a worker as it is, but for its knowledge: python -m tests.support.with_oracle serve|worker ADDRESS."""

import sys

import uvloop

from continuum.app import serve
from continuum.assembly import Role
from continuum.cli.shell import log_as
from continuum.settings import Settings
from continuum.worker import work
from tests.support.oracle import OracleSource

if __name__ == "__main__":
    command, address = sys.argv[1:]
    settings = Settings()
    main, role = {"serve": (serve, Role.SERVER), "worker": (work, Role.WORKER)}[command]
    log_as(role, settings)
    uvloop.run(main(settings, {"oracle": lambda _store: OracleSource(address)}))
