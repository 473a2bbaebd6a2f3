"""The command line: scripts/services."""

import argparse
import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from scripts.servers.place import Place, ServiceError
from scripts.servers.running import down, running_at, up
from scripts.servers.services import LIBRARIES, SERVICES, Service

Chosen = Sequence[tuple[Service, Place]]

MAIN = "main"
UNAVAILABLE = 3
"""Exit code: this machine lacks what it takes."""


def say(text: str) -> None:
    """To a person; standard output is for programs."""
    print(text, file=sys.stderr, flush=True)


def main(arguments: Sequence[str]) -> int:
    """Run a command; the exit code."""
    options = _options(arguments)
    folder = options.data_dir / "services"
    chosen = [(s, Place(folder / options.set / s.name)) for s in SERVICES if s.name in (options.services or _NAMES)]
    try:
        return COMMANDS[options.command](chosen, options)
    except ServiceError as error:
        say(f"services: {error}")
        return 1
    except KeyboardInterrupt:
        say("services: interrupted")
        return 130


def _up(chosen: Chosen, options: argparse.Namespace) -> int:
    codes = [_start(service, place) for service, place in chosen]
    if not any(codes) and options.set == MAIN:
        say('The settings: eval "$(scripts/services env)"')
    return max(codes)


def _start(service: Service, place: Place) -> int:
    lacking = [f"{way.name}: {lack}" for way in service.ways if (lack := way.missing())]
    if len(lacking) == len(service.ways) and not running_at(service, place):
        say(f"{service.title} cannot be had here ({'; '.join(lacking)}). It needs {service.to_get_it}.")
        return UNAVAILABLE
    up(service, place, say)
    return 0


def _down(chosen: Chosen, options: argparse.Namespace) -> int:
    for service, place in chosen:
        if place.folder.exists():
            say(f"{service.title}: {'stopped' if down(service, place) else 'was not running'}")
            if options.delete:
                place.delete()
    return 0


def _status(chosen: Chosen, options: argparse.Namespace) -> int:
    for service, place in chosen:
        print(f"{service.name:<6} {_state(service, place)}")
    for other in _running_sets(options.data_dir / "services") - {options.set}:
        say(f"There is also the set {other}: scripts/services --set {other} status")
    return 0


def _running_sets(folder: Path) -> set[str]:
    places = ((service, Place(path)) for service in SERVICES for path in folder.glob(f"*/{service.name}"))
    return {place.folder.parent.name for service, place in places if running_at(service, place)}


def _state(service: Service, place: Place) -> str:
    running = running_at(service, place)
    if not running:
        return "stopped"
    since = datetime.fromtimestamp(running.since).astimezone().isoformat(" ", "seconds")
    answers = "" if service.answers(running.port) else ", but does not answer"
    return f"running at 127.0.0.1:{running.port} by {running.way} ({running.id}) since {since}{answers}"


def _env(chosen: Chosen, _options: argparse.Namespace) -> int:
    settings: dict[str, str] = {}
    for service, place in chosen:
        if running := running_at(service, place):
            settings |= service.settings(running.port)
    if not settings:
        say("Nothing runs; start it by scripts/services up.")
        return 1
    print("export " + " ".join(f"{name}={shlex.quote(value)}" for name, value in settings.items()))
    return 0


_NAMES = tuple(service.name for service in SERVICES)
COMMANDS: Mapping[str, Callable[[Chosen, argparse.Namespace], int]] = {
    "up": _up,
    "down": _down,
    "status": _status,
    "env": _env,
}


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = _parser()
    options = parser.parse_intermixed_args(arguments)
    if options.delete and options.command != "down":
        parser.error(f"--delete is for down: {options.command} deletes nothing")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/services",
        description="A real Neo4j and a real Redis on loopback, for development and tests: by Docker where its daemon "
        "answers, else by Java 17 with Maven, and by redis-server. All that they write lies in DATA_DIR/services.",
    )
    parser.add_argument("--data-dir", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument(
        "--set", default=MAIN, type=_set_name, metavar="NAME", help="another pair of servers, with their own data"
    )
    parser.add_argument("--delete", action="store_true", help="down: delete their data, too")
    commands, names = "|".join(COMMANDS), "|".join(_NAMES)
    settings = 'env prints settings: eval "$(scripts/services env)"'
    parser.add_argument("command", choices=COMMANDS, metavar=commands, help=settings)
    parser.add_argument("services", nargs="*", default=(), type=_service_name, metavar=names, help="both by default")
    return parser


def _service_name(text: str) -> str:
    if text not in _NAMES:
        raise argparse.ArgumentTypeError(f"there is no {text}; there are {' and '.join(_NAMES)}")
    return text


def _set_name(text: str) -> str:
    if text == LIBRARIES or not re.fullmatch(r"[a-z0-9][a-z0-9-]*", text):
        raise argparse.ArgumentTypeError("a set is named by small letters, digits and hyphens")
    return text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
