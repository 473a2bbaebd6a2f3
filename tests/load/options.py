"""The command line of scripts/load."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.load.profiles import PROFILES, Profile

BASELINE = "baseline"
EMBEDDED, NEO4J = "embedded", "neo4j"
_BY_NAME = "users and thresholds are the profile's: seed by default; baseline makes single calls one after another"


@dataclass(frozen=True, slots=True)
class Options:
    """What is wanted."""

    data_dir: Path
    profile: Profile | None
    """None: the baseline."""
    store: str
    servers: int
    workers: int
    report: Path
    urls: tuple[str, ...]
    """Of servers that run already; with none, they are started."""

    @property
    def name(self) -> str:
        """Of the profile."""
        return self.profile.name if self.profile else BASELINE


def read(arguments: Sequence[str]) -> Options:
    """Exits with code 2 and a sentence on what is wrong with them."""
    parser = _parser()
    given = parser.parse_args(arguments)
    folder = given.data_dir / "load"
    report = given.report or folder / f"{given.profile}.html"
    if problem := _problem(given):
        parser.error(problem)
    profile = _profile(given)
    if profile and profile.seconds <= profile.seconds_of_coming:
        parser.error(
            f"--seconds {profile.seconds:g}: {profile.users} users and {profile.subscribers} subscribers need "
            f"{profile.seconds_of_coming:g} s to come, at {profile.users_per_second:g} a second; "
            "give it more seconds or fewer --users"
        )
    ours = given.store == NEO4J
    servers, workers = given.servers or (2 if ours else 1), given.workers or int(ours)
    return Options(given.data_dir, profile, given.store, servers, workers, report.resolve(), tuple(given.url))


def _profile(given: argparse.Namespace) -> Profile | None:
    if given.profile == BASELINE:
        return None
    profile = PROFILES[given.profile]
    return replace(profile, users=given.users or profile.users, seconds=given.seconds or profile.seconds)


def _problem(given: argparse.Namespace) -> str:
    """What cannot be had together."""
    if given.profile == BASELINE and (given.seconds or given.users or given.report):
        return "baseline makes a fixed number of calls and no report: leave out --seconds, --users and --report"
    if given.report and given.report.suffix != ".html":
        return f"--report {given.report}: the file's name must end in .html; the figures go to a .json beside it"
    if given.url and (given.store != EMBEDDED or given.servers or given.workers):
        return "--url names servers that run already: leave out --store, --servers and --workers"
    if given.store == EMBEDDED and ((given.servers or 1) > 1 or given.workers):
        return "the embedded store is measured with the one process that it is: for more of them add --store neo4j"
    return ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/load",
        description="Load tests: users that locust plays, against servers of their own, which are gone afterwards. "
        "Prints tables; exits with 1 when a threshold does not hold.",
    )
    names = [*PROFILES, BASELINE]
    parser.add_argument("--data-dir", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("profile", nargs="?", default="seed", choices=names, metavar="|".join(names), help=_BY_NAME)
    parser.add_argument(
        "--store", choices=(EMBEDDED, NEO4J), default=EMBEDDED, help="one process, or Neo4j and Redis with several"
    )
    parser.add_argument("--servers", type=_count, metavar="N", help="API processes (with neo4j: 2)")
    parser.add_argument("--workers", type=_count, metavar="N", help="worker processes (with neo4j: 1)")
    parser.add_argument("--seconds", type=_count, metavar="N", help="another duration than the profile's")
    parser.add_argument("--users", type=_count, metavar="N", help="another number of users than the profile's")
    parser.add_argument("--report", type=Path, metavar="FILE.html", help="by default PROFILE.html in DATA_DIR/load")
    parser.add_argument(
        "--url",
        action="append",
        default=[],
        type=_url,
        metavar="URL",
        help="a server that runs already, instead of new ones; may be repeated. Explorations are started there",
    )
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def _url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"{text!r} is no address such as http://127.0.0.1:8000")
    return text.rstrip("/")
