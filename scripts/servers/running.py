"""Starting a server, waiting until it answers, and stopping it."""

import socket
import time

from scripts.servers.answers import HOST
from scripts.servers.place import Place, Running, Say, ServiceError
from scripts.servers.services import Service, Way

_ATTEMPTS = 3
_PAUSE = 0.2
_NEWS_EVERY = 5.0
"""Seconds between two lines of progress."""


class _PortLostError(Exception):
    """Somebody else was faster."""


def running_at(service: Service, place: Place) -> Running | None:
    """What runs at the place."""
    noted = place.noted()
    return noted if noted and service.way(noted.way).runs(place, noted) else None


def up(service: Service, place: Place, say: Say) -> Running:
    """Have it running: what runs already stays. Raises `ServiceError`."""
    with place.alone():
        if running := running_at(service, place):
            say(f"{service.title}: runs already at {HOST}:{running.port} ({running.way})")
            return running
        ways = [way for way in service.ways if not way.missing()]
        for way in ways[:-1]:
            try:
                return _started(service, way, place, say)
            except ServiceError as error:
                say(f"{service.title}: {error}\nTrying the next way.")
        return _started(service, ways[-1], place, say)


def down(service: Service, place: Place) -> bool:
    """Stop what runs at the place; whether anything did. Its port is remembered. Raises `ServiceError`."""
    with place.alone():
        running = running_at(service, place)
        if running:
            service.way(running.way).stop(place, running)
        return running is not None


def _started(service: Service, way: Way, place: Place, say: Say) -> Running:
    """Started this way. Its port may be lost to somebody between the look and the start: then it gets another."""
    before = place.noted()
    wanted = [before.port] if before else []
    for _ in range(_ATTEMPTS):
        port = _free_port([*wanted, service.port])
        try:
            return _start(service, way, place, port, say)
        except _PortLostError:
            say(f"{service.title}: port {port} has just been taken by something else")
    raise ServiceError(f"{service.title} found no port.")


def _start(service: Service, way: Way, place: Place, port: int, say: Say) -> Running:
    say(f"{service.title}: starting by {way.name} ...")
    began = time.monotonic()
    running = way.start(place, port, say)
    place.note(running)
    try:
        _wait(service, way, place, running, say)
    except BaseException:  # an interrupted start leaves nothing behind
        way.stop(place, running)
        place.forget()
        raise
    say(f"{service.title}: answers at {HOST}:{port} after {time.monotonic() - began:.1f} s")
    return running


def _wait(service: Service, way: Way, place: Place, running: Running, say: Say) -> None:
    began = news = time.monotonic()
    while not (way.ready(place, running) and service.answers(running.port)):
        now = time.monotonic()
        if not way.runs(place, running):
            if not _is_free(running.port):
                raise _PortLostError
            raise ServiceError(f"{service.title} ended as soon as it had started:\n{place.last_words()}")
        if now - began > service.patience:
            raise ServiceError(f"{service.title} does not answer after {now - began:.0f} s:\n{place.last_words()}")
        if now - news > _NEWS_EVERY:
            say(f"{service.title}: not yet ({now - began:.0f} s)")
            news = now
        time.sleep(_PAUSE)


def _free_port(wanted: list[int]) -> int:
    """The first that is free of those wanted, or any."""
    return next((port for port in wanted if _is_free(port)), 0) or _any_port()


def _is_free(port: int) -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what has just ended does not count
        try:
            trial.bind((HOST, port))
        except OSError:
            return False
        return True


def _any_port() -> int:
    with socket.socket() as trial:
        trial.bind((HOST, 0))
        port: int = trial.getsockname()[1]
        return port
