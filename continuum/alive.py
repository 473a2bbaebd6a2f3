"""Whether a process of ours lives on this machine: python -m continuum.alive PORT... ends with 0 when one answers."""

import http.client
import sys
from collections.abc import Sequence
from typing import Final

ADDRESSES: Final = ("127.0.0.1", "::1")
"""Where a process listens that listens everywhere, or here alone."""
TIME_LIMIT: Final = 1.0
"""Seconds for one port; whoever lives takes a thousandth of that."""


def main(ports: Sequence[str]) -> int:
    """The exit code: 0 when `/health` of one port says that a process lives, else 1."""
    if any(_is_alive(address, int(port)) for port in ports for address in ADDRESSES):
        return 0
    print(f"nobody answers /health at port {' or '.join(ports)}")  # noqa: T201 - for whoever looks why it is unhealthy
    return 1


def _is_alive(address: str, port: int) -> bool:
    connection = http.client.HTTPConnection(address, port, timeout=TIME_LIMIT)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
