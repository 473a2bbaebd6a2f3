"""The two Redis servers, started as their manifests say."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from tests.support.container import free_port
from tests.support.manifests import Workload, rendered
from tests.support.services import unavailable

pytestmark = pytest.mark.system

PASSWORD = "0f1e2d"
PATIENCE = Retry(ConstantBackoff(0.05), 200)


@contextmanager
def started(workload: Workload, folder: Path) -> Iterator[tuple[Redis, dict[str, str]]]:
    """A client of a server with these arguments, and the environment of its probes."""
    if shutil.which("redis-server") is None:
        unavailable("no redis-server: install it")
    port = str(free_port())
    args = [word.replace("$(REDISCLI_AUTH)", PASSWORD) for word in workload.containers[0]["args"]]
    process = subprocess.Popen(
        [*args, "--port", port, "--bind", "127.0.0.1", "--dir", str(folder)], stdout=subprocess.DEVNULL
    )
    try:
        with Redis(port=int(port), password=PASSWORD, retry=PATIENCE, decode_responses=True) as client:
            client.ping()
            yield client, {"PATH": os.environ["PATH"], "REDISCLI_AUTH": PASSWORD, "REDISCLI_PORT": port}
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.mark.parametrize(
    ("name", "policy", "log"), [("redis", "noeviction", "yes"), ("redis-cache", "allkeys-lru", "no")]
)
def test_a_redis_keeps_what_it_is_for(tmp_path: Path, name: str, policy: str, log: str) -> None:
    """Its policy, its size and its log are those that were asked for; without the password it says nothing."""
    with started(rendered("production").workload(name), tmp_path) as (client, _):
        found: Any = client.config_get("maxmemory", "maxmemory-policy", "appendonly", "save", "requirepass")
        assert found["maxmemory"] == str(256 * 2**20)
        assert (found["maxmemory-policy"], found["appendonly"], found["requirepass"]) == (policy, log, PASSWORD)
        assert bool(found["save"]) is (name == "redis")


@pytest.mark.parametrize(("password", "code"), [(PASSWORD, 0), ("wrong", 1)])
def test_its_readiness_is_asked_with_the_password(tmp_path: Path, password: str, code: int) -> None:
    """The probe's command answers for a server that takes commands, and for no other."""
    redis = rendered("production").workload("redis")
    with started(redis, tmp_path) as (client, environment):
        port = str(client.connection_pool.connection_kwargs["port"])
        command = [
            word.replace("redis-cli", f"redis-cli -p {port}")
            for word in redis.containers[0]["readinessProbe"]["exec"]["command"]
        ]
        asked = subprocess.run(command, env=environment | {"REDISCLI_AUTH": password}, timeout=10, check=False)
        assert asked.returncode == code
