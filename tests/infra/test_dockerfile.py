"""The Dockerfile is a good one, and agrees with the program that it is for."""

import subprocess

import pytest

from tests.support.dockerfile import ROOT, Dockerfile, disagreements, let_through
from tests.support.locked import locked_program

TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")
IGNORED = (ROOT / ".dockerignore").read_text(encoding="utf-8")
MUTATIONS = [
    ("PORT=8000", "PORT=8080", "are not the settings'"),
    ("WORKER_PORT=8001", "WORKER_PORT=8002", "are not the settings'"),
    ("EXPOSE 8000 8001", "EXPOSE 8000 8081", "EXPOSE is not"),
    (r" \"$WORKER_PORT\"", "", "HEALTHCHECK leaves out a port"),
    ("continuum.alive", "continuum.healthy", "HEALTHCHECK starts no program"),
    ("DATA_DIR=/data", "DATA_DIR=/var/data", "differ"),
    ("VOLUME /data", "VOLUME /var/data", "differ"),
    ("PAGES_DIR=/opt/continuum/pages", "PAGES_DIR=/pages", "PAGES_DIR is not where"),
    ("PYTHONPATH=/opt/continuum/app", "PYTHONPATH=/opt/app", "PYTHONPATH is not where"),
    ('PATH="/opt/continuum/bin:', 'PATH="/opt/bin:', "PATH does not begin"),
    ("USER 1000:1000", "USER continuum", "USER is not"),
    ("USER 1000:1000", "USER 0:0", "USER is not"),
    ("useradd --uid 1000", "useradd --uid 1001", "no useradd"),
    ("--owner=1000", "--owner=root", "no --owner"),
    ('"-m", "continuum"]', '"-m", "continuous"]', "ENTRYPOINT starts no program"),
    ('CMD ["serve"]', 'CMD ["server"]', "CMD is no command"),
    ("HOST=0.0.0.0", "HOSTNAME=0.0.0.0", "HOSTNAME is no setting"),
    ("HOST=0.0.0.0", "NEO4J_PASSWORD=continuum", "is a secret"),
    ("ARG REVISION=unknown", "ARG REGISTRY_TOKEN=unknown", "is a secret"),
    ("COPY telemetry telemetry\n", "", "the packages are not"),
    ("COPY telemetry telemetry", "COPY telemetry telemetry\nCOPY tests tests", "lets through something else"),
    ("COPY web/ ./", "COPY webb/ ./", "webb does not exist"),
    ("FROM python:3.11-slim AS program", "FROM python:3.12-slim AS program", "bases are python:3.11-slim"),
    ("--interval=15s", "--interval=15h", "asks too seldom"),
    ("--timeout=3s", "--timeout=1s", "does not wait"),
    ("STOPSIGNAL SIGTERM", "STOPSIGNAL SIGKILL", "in good order"),
    ("HOST=0.0.0.0", "HOST=127.0.0.1", "nobody outside"),
    ('CMD ["serve"]', 'CMD ["worker"]', "CMD is no command"),
    ("--from=pages /pages", "--from=pages /build", "nothing of pages"),
    ("--from=program /opt/continuum/app", "--from=program /app", "nothing of program"),
    ("library/python:3.11-slim", "library/python:3.12-slim", "another base"),
    ("    PYTHONUNBUFFERED=1 \\\n", "", "Python is not told"),
    ("--require-hashes ", "", "no lock names"),
    (" --ignore-scripts", "", "run what they like"),
    ("npm ci", "npm install", "run what they like"),
    ("rm -rf /usr/local", "apt-get install -y gcc && rm -rf /usr/local", "the last stage installs"),
    ("ARG VERSION=0", "ARG VERSION=9", "VERSION is not"),
    ('ARG SOURCE=""', "ARG SOURCE=https://example.org", "whoever builds"),
    ("A GraphQL knowledge-graph", "A REST knowledge-graph", "the description is not"),
    ("image.revision=", "image.commit=", "a label is missing"),
]
LINTED = [
    ("FROM node:22-slim", "FROM node", "DL3006"),
    ("WORKDIR /build\nCOPY requirements.lock ./", "COPY requirements.lock ./", "DL3045"),
    ('CMD ["serve"]', "CMD serve", "DL3025"),
    ("rm -rf /usr/local", "cd / && sudo rm -rf /usr/local", "DL3004"),
]
LEFT_OUT = (
    *(".git/config", "data/continuum.sqlite3", "tests/conftest.py", "infra/kubernetes/secrets.example.yaml"),
    *("continuum/__pycache__/app.nbi", "continuum/app.pyc", "schema/.mypy_cache/x.json"),
    *("web/node_modules/graphql/index.js", "web/.env", "continuum/cli/.env.local", "web/.DS_Store", ".env"),
)
"""Paths that may lie where an image is built, and are in none."""
IGNORE_MUTATIONS = [
    ("*\n!continuum", "!continuum", "lets everything through"),
    ("!telemetry\n", "", "something else than what is copied"),
    ("!web\n", "!web\n!.git\n", "something else than what is copied"),
]


def mutated(text: str, old: str, new: str) -> str:
    """The text with this one change."""
    assert text.count(old) >= 1, f"{old!r} is not there any more"
    return text.replace(old, new, 1)


def test_it_agrees_with_the_project() -> None:
    """Ports, folders, user, commands, settings, packages, versions and labels are those of the program."""
    assert disagreements(Dockerfile(TEXT, IGNORED)) == []


@pytest.mark.parametrize(("old", "new", "told"), MUTATIONS, ids=[new.strip() or old for old, new, _ in MUTATIONS])
def test_a_mistake_in_it_is_told(old: str, new: str, told: str) -> None:
    """Each check sees what it is for."""
    found = disagreements(Dockerfile(mutated(TEXT, old, new), IGNORED))
    assert any(told in problem for problem in found), found


@pytest.mark.parametrize(("old", "new", "told"), IGNORE_MUTATIONS)
def test_a_mistake_in_what_is_left_out_is_told(old: str, new: str, told: str) -> None:
    """Each check sees what it is for."""
    found = disagreements(Dockerfile(TEXT, mutated(IGNORED, old, new)))
    assert any(told in problem for problem in found), found


@pytest.mark.parametrize("line", ["", *(line for line in IGNORED.splitlines() if not line.startswith("#"))])
def test_nothing_goes_in_that_tools_left_or_that_is_secret(line: str) -> None:
    """All sources that git knows are let through, and nothing beside them; each line that is left out is missed."""
    ignored = "\n".join(kept for kept in IGNORED.splitlines() if kept != line)
    passes = [path for path in LEFT_OUT if let_through(path, ignored)]
    sources = [path for path in git_files() if path.split("/")[0] in Dockerfile(TEXT, "").copied]
    stopped = [path for path in sources if not let_through(path, ignored)]
    assert len(sources) > 100
    assert bool(passes or stopped) is bool(line)


def git_files() -> list[str]:
    """What belongs to the repository."""
    listed = subprocess.run(("git", "ls-files"), cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return listed.stdout.splitlines()


def test_hadolint_finds_nothing() -> None:
    """Not even a matter of style."""
    assert linted(TEXT) == (0, "")


@pytest.mark.parametrize(("old", "new", "rule"), LINTED)
def test_hadolint_would_find_something(old: str, new: str, rule: str) -> None:
    """It looks at what it is given."""
    code, told = linted(mutated(TEXT, old, new))
    assert (code, rule in told) == (1, True), told


def linted(text: str) -> tuple[int, str]:
    """What hadolint says of it."""
    done = subprocess.run(
        (locked_program("hadolint"), "--no-color", "--failure-threshold", "style", "-"),
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr
