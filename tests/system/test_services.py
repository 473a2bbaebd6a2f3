"""`scripts/services`: real servers, started as a developer starts them."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import neo4j
import pytest
import redis

from tests.support.exploring import until
from tests.support.processes import ROOT
from tests.support.services import unavailable

pytestmark = pytest.mark.system

LIMIT = 240
SILENT_DOCKER = "#!/bin/sh\nexit 1\n"

# As much of Docker as the script asks for, with redis-server in place of the image redis:7.
SMALL_DOCKER = """#!/bin/bash
cd "$(dirname "$0")"
echo "$*" >>calls
name="${@: -1}"
case "$1" in
run)
    asked='--name ([^ ]+) --publish 127.0.0.1:([0-9]+):6379.* --volume ([^ ]+):/data.* redis:7 (.*)'
    [[ "$*" =~ $asked ]] || exit 1
    cd "${BASH_REMATCH[3]}"
    nohup ${BASH_REMATCH[4]} --port "${BASH_REMATCH[2]}" >"$OLDPWD/log" 2>&1 &
    echo $! >"$OLDPWD/${BASH_REMATCH[1]}"
    ;;
inspect) kill -0 "$(cat "$name")" 2>/dev/null && echo true || echo false ;;
stop) kill "$(cat "$name")"; while kill -0 "$(cat "$name")" 2>/dev/null; do sleep 0.05; done ;;
rm) rm -f "$name" ;;
esac
"""


@dataclass
class Checkout:
    """A data directory, and `scripts/services` on it."""

    data_dir: Path
    programs: Path

    def call(self, *arguments: str) -> list[str]:
        """The command line."""
        return [str(ROOT / "scripts" / "services"), *arguments]

    @property
    def environment(self) -> dict[str, str]:
        """Where programs are looked for first, and where everything is written."""
        path = f"{self.programs}:{os.environ['PATH']}"
        return {**os.environ, "DATA_DIR": str(self.data_dir), "PATH": path, "PYTHON": sys.executable}

    def run(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run to the end, which must have this exit code."""
        call = self.call(*arguments)
        done = subprocess.run(
            call,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            env=self.environment,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def settings(self) -> dict[str, str]:
        """What `eval "$(scripts/services env)"` sets."""
        command = f'eval "$({self.call()[0]} env)"; env'
        told = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=self.environment, check=True)
        pairs = (line.partition("=") for line in told.stdout.splitlines())
        return {name: value for name, _, value in pairs if name.startswith(("NEO4J_", "REDIS_"))}

    def process(self, service: str) -> int:
        """The number of the process that `status` tells of."""
        [number] = re.findall(rf"^{service} .*\((\d+)\)", self.run("status").stdout, re.MULTILINE)
        return int(number)


def checkout(folder: Path, docker: str = SILENT_DOCKER) -> Checkout:
    """A checkout on a machine with this Docker; the libraries of Neo4j are those of ours."""
    made = Checkout(folder / "data", folder / "programs")
    services = made.data_dir / "services"
    services.mkdir(parents=True)
    ours = Path(os.environ.get("DATA_DIR", ROOT / "data")).absolute() / "services" / "libraries"
    ours.mkdir(parents=True, exist_ok=True)
    (services / "libraries").symlink_to(ours)
    made.programs.mkdir()
    (made.programs / "docker").write_text(docker, encoding="utf-8")
    (made.programs / "docker").chmod(0o755)
    return made


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Checkout]:
    """A checkout; what it started is stopped."""
    if not shutil.which("redis-server"):
        unavailable("no redis-server (Debian: apt-get install redis-server)")
    made = checkout(tmp_path / "here")
    yield made
    made.run("down")


def ping(url: str) -> int:
    """The number of the process of the Redis that answers there."""
    with redis.Redis.from_url(url) as client:
        number: int = client.info("server")["process_id"]
        return number


def ended(process: int) -> bool:
    """Whether there is no such process any more; within a moment, because its parent has to hear of it."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_up_is_idempotent_and_down_leaves_nothing(here: Checkout) -> None:
    """Started twice it is one server; stopped, none; started again, it is where it was and knows what it knew."""
    here.run("up", "redis")
    url = here.settings()["REDIS_URL"]
    process = ping(url)
    assert "runs already" in here.run("up", "redis").stderr
    assert (here.settings(), here.process("redis")) == ({"REDIS_URL": url}, process)
    with redis.Redis.from_url(url) as client:
        client.set("kept", "yes")
        assert client.config_get("appendonly", "maxmemory-policy") == {
            "appendonly": "yes",
            "maxmemory-policy": "noeviction",
        }
    here.run("down")
    assert ended(process)
    assert "redis  stopped" in here.run("status").stdout
    assert here.run("--set", "other", "status").stderr == ""
    here.run("up", "redis")
    assert "There is also the set main" in here.run("--set", "other", "status").stderr
    assert here.settings() == {"REDIS_URL": url}
    with redis.Redis.from_url(url) as client:
        assert client.get("kept") == b"yes"
    here.run("--delete", "down")
    assert [path.name for path in (here.data_dir / "services").iterdir()] == ["libraries"]


def test_nothing_running_is_said(here: Checkout) -> None:
    """`env` prints no settings that are not true; `down` of nothing is fine."""
    done = here.run("env", code=1)
    assert (done.stdout, done.stderr) == ("", "Nothing runs; start it by scripts/services up.\n")
    assert here.run("status").stdout == "neo4j  stopped\nredis  stopped\n"
    here.run("down")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "the following arguments are required: up|down|status|env\n"),
        (("start",), "invalid choice: 'start'"),
        (("up", "mysql"), "there is no mysql; there are neo4j and redis"),
        (("up", "--delete"), "--delete is for down: up deletes nothing"),
        (("--set", "libraries", "down"), "a set is named by small letters, digits and hyphens"),
    ],
)
def test_wrong_arguments_are_told(here: Checkout, arguments: tuple[str, ...], told: str) -> None:
    """Nothing is done, and the last line says what would be right."""
    assert told in here.run(*arguments, code=2).stderr


def test_options_may_stand_anywhere(here: Checkout) -> None:
    """`down --delete redis` is about Redis alone."""
    here.run("up", "redis")
    here.run("down", "--delete", "redis")
    assert here.settings() == {}


async def test_checkouts_started_at_the_same_time_do_not_meet(here: Checkout, tmp_path: Path) -> None:
    """Each has its own server at its own port."""
    checkouts = [here, *(checkout(tmp_path / name) for name in ("two", "three"))]
    starts = [
        await asyncio.create_subprocess_exec(*each.call("up", "redis"), env=each.environment, stderr=subprocess.PIPE)
        for each in checkouts
    ]
    try:
        ends = await asyncio.gather(*(start.communicate() for start in starts))
        assert [start.returncode for start in starts] == [0, 0, 0], ends
        answering = [(ping(each.settings()["REDIS_URL"]), each.process("redis")) for each in checkouts]
        assert len(dict(answering)) == 3
        assert all(one == other for one, other in answering)
    finally:
        for each in checkouts:
            each.run("down")


def test_a_killed_server_comes_back_at_its_address(here: Checkout) -> None:
    """What dies is seen to be stopped, and `up` starts it where programs look for it."""
    here.run("up", "redis")
    settings, process = here.settings(), here.process("redis")
    os.kill(process, signal.SIGKILL)
    while not here.run("status").stdout.endswith("redis  stopped\n"):
        time.sleep(0.05)
    here.run("up", "redis")
    assert here.settings() == settings
    assert ping(settings["REDIS_URL"]) != process


def test_a_frozen_server_is_seen_and_can_be_stopped(here: Checkout) -> None:
    """It lives and does not answer; `down` ends it all the same."""
    here.run("up", "redis")
    process = here.process("redis")
    os.kill(process, signal.SIGSTOP)
    assert "does not answer" in here.run("status").stdout
    here.run("down")
    assert ended(process)


async def test_an_interrupted_start_leaves_nothing(here: Checkout) -> None:
    """Ctrl-C while it waits: what it started is stopped."""
    slow = "#!/bin/sh\nexec sleep 60\n"
    (here.programs / "redis-server").write_text(slow, encoding="utf-8")
    (here.programs / "redis-server").chmod(0o755)
    start = await asyncio.create_subprocess_exec(
        *here.call("up", "redis"), env=here.environment, stderr=subprocess.PIPE, start_new_session=True
    )
    note = here.data_dir / "services" / "main" / "redis" / "running.json"

    async def is_noted() -> bool:
        return note.exists()

    await until(is_noted, seconds=20)
    process = here.process("redis")
    os.killpg(start.pid, signal.SIGINT)
    _, said = await asyncio.wait_for(start.communicate(), 30)
    assert (start.returncode, b"Traceback" in said) == (130, False)
    assert ended(process)


def test_a_server_that_ends_at_once_shows_its_last_words(here: Checkout) -> None:
    """The person sees why, and where the rest of the log is."""
    (here.programs / "redis-server").write_text("#!/bin/sh\necho 'no memory today'; exit 1\n", encoding="utf-8")
    (here.programs / "redis-server").chmod(0o755)
    said = here.run("up", "redis", code=1).stderr
    assert "no memory today" in said
    assert "redis/log" in said


def test_a_bare_machine_is_told_what_to_install(tmp_path: Path) -> None:
    """Exit code 3, and the names of Debian's packages."""
    done = subprocess.run(
        [sys.executable, "-m", "scripts.servers", "--data-dir", str(tmp_path), "up"],
        capture_output=True,
        text=True,
        env={"PATH": str(tmp_path), "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 3
    assert "apt-get install openjdk-17-jre-headless maven" in done.stderr
    assert "apt-get install redis-server" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_docker_is_taken_first(tmp_path: Path) -> None:
    """Where its daemon answers, the official image runs, on loopback, with its data in DATA_DIR."""
    if not shutil.which("redis-server"):
        unavailable("no redis-server (Debian: apt-get install redis-server)")
    here = checkout(tmp_path, docker=SMALL_DOCKER)
    try:
        here.run("up", "redis")
        assert "by Docker (continuum-" in here.run("status").stdout
        process = ping(here.settings()["REDIS_URL"])
    finally:
        here.run("down")
    assert ended(process)
    calls = (here.programs / "calls").read_text(encoding="utf-8")
    assert re.search(r"^run --detach --name continuum-\S+-main-redis --publish 127\.0\.0\.1:", calls, re.MULTILINE)


def test_neo4j_wants_its_password_and_keeps_what_it_stored(here: Checkout) -> None:
    """Nobody gets in without the password, nor with a wrong one; a killed server comes back with all its data."""
    if not (shutil.which("java") and shutil.which("mvn")):
        unavailable("no Java 17 and Maven (Debian: apt-get install openjdk-17-jre-headless maven)")
    here.run("up", "neo4j")
    told = here.settings()
    assert told.keys() == {"NEO4J_URI", "NEO4J_USER", "NEO4J_PASSWORD", "NEO4J_DATABASE"}
    for auth in (None, (told["NEO4J_USER"], "a wrong one")):
        with (
            neo4j.GraphDatabase.driver(told["NEO4J_URI"], auth=auth) as driver,
            pytest.raises(neo4j.exceptions.AuthError),
        ):
            driver.verify_connectivity()
    assert _stored(told, "CREATE (n:Kept) RETURN 5") == 5
    os.kill(here.process("neo4j"), signal.SIGKILL)
    while "neo4j  stopped" not in here.run("status").stdout:
        time.sleep(0.05)
    here.run("up", "neo4j")
    assert here.settings() == told
    assert _stored(told, "MATCH (n:Kept) RETURN count(n)") == 1


def _stored(told: dict[str, str], statement: str) -> int:
    auth = (told["NEO4J_USER"], told["NEO4J_PASSWORD"])
    with neo4j.GraphDatabase.driver(told["NEO4J_URI"], auth=auth, max_transaction_retry_time=0) as driver:
        rows = driver.execute_query(statement, database_=told["NEO4J_DATABASE"]).records
        number: int = rows[0][0]
        return number
