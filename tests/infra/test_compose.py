"""The Compose files are sound, agree with the program and with what they mount, and what they start is found right."""

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import chain
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError

from tests.support import compose_checks, compose_safety
from tests.support.compose import COMPOSE, DEVELOPMENT, ROOT, Service, read, variables
from tests.support.compose_checks import development
from tests.support.container import free_port
from tests.support.exploring import until
from tests.support.locked import locked_program
from tests.support.services import unavailable

CHECKS = (*compose_checks.CHECKS, *compose_safety.CHECKS)
TEXT = COMPOSE.read_text(encoding="utf-8")
OVERRIDE = DEVELOPMENT.read_text(encoding="utf-8")
SCHEMA = "vendor.compose-spec"
MUTATIONS = [
    ("  grafana:\n    image", "  viewer:\n    image: grafana/grafana:12.2.1\n  grafana:\n    image", "services differ"),
    ("command: [worker]", "command: [work]", "there is no command work"),
    ("REDIS_CACHE_URL: ", "REDIS_CACHE: ", "REDIS_CACHE is no setting"),
    ("NEO4J_AUTH: neo4j/${NEO4J_PASSWORD:-continuum}", "NEO4J_AUTH: neo4j/neo4j", "another password"),
    ("bolt://neo4j:7687", "bolt://neo:7687", "nobody listens at neo:7687"),
    ("redis://redis:6379/0", "redis://redis:6380/0", "nobody listens at redis:6380"),
    ("http://jaeger:4318", "http://jaeger:6831", "nobody listens at jaeger:6831"),
    ("./prometheus:/etc/prometheus:ro", "./prometeus:/etc/prometheus:ro", "does not exist"),
    ("./jaeger:/etc/jaeger:ro", "./jaeger:/etc/jaeger", "may write to ./jaeger"),
    ("  no-secrets:\n", "", "declared or used, not both"),
    ("  - neo4j:/data", "  - neo4j:/dta", "neo4j: /data is on no volume"),
    ("  - jaeger:/badger", "  - jaeger:/badges", "jaeger: /badger is on no volume"),
    ("127.0.0.1:9090:9090", "9090:9090", "port 9090 is open to others"),
    ("127.0.0.1:9093:9093", "127.0.0.1:9093:9094", "does not listen at 9094"),
    ("API_PORTS:-8000-8009}", "API_PORTS:-8000}", "cannot be scaled"),
    ("127.0.0.1:3000:3000", "127.0.0.1:8005:3000", "share a port"),
    ("  api:\n", "  api:\n    container_name: api\n", "a fixed name"),
    ("http://127.0.0.1:7474/", "http://127.0.0.1:7475/", "neo4j: its health check asks nobody"),
    ("C('127.0.0.1', 8001", "C('127.0.0.1', 8000", "worker: its health check asks nobody"),
    ("'/ready'", "'/healthy'", "does not ask whether it is ready"),
    ("13133/status", "13134/status", "jaeger: its health check asks nobody"),
    ("condition: service_started", "condition: service_healthy", "alert-log, which has no check"),
    (
        "      neo4j:\n        condition: service_healthy",
        "      api:\n        condition: service_healthy",
        "not there before",
    ),
    ("condition: service_completed_successfully", "condition: service_started", "waits for migrate to be"),
    ("    migrate:\n      condition: service_completed_successfully\n", "", "the schema is not waited for"),
    ("stop_grace_period: 25s", "stop_grace_period: 10s", "may take 15.5 s to end"),
    ("read_only: true", "read_only: false", "may do more than it needs"),
    ("cap_drop: [ALL]", "cap_add: [ALL]", "may do more than it needs"),
    ("neo4j:5.26", "neo4j:5.25", "Kubernetes has it, Compose another"),
    ("prom/prometheus:v3.7.3", "prom/prometheus", "names no version"),
    ("    build:\n      context: ..\n", "", "not built by migrate alone"),
    ("maxmemory-policy, noeviction", "maxmemory-policy, allkeys-lru", "redis: "),
    ('--appendonly, "yes"', '--appendonly, "no"', "redis: "),
    ("--config.file=/etc/prometheus/compose.yml", "--config.file=/etc/prometheus/composed.yml", "prometheus: no file"),
    ("port=9880", "port=9881", "nobody takes alerts at http://alert-log:9880"),
    ("/etc/alertmanager/alertmanager.yml:ro", "/etc/alertmanager/config.yml:ro", "alertmanager: no file"),
    (":/var/lib/grafana/dashboards", ":/var/lib/grafana/boards", "grafana: no dashboards"),
    ("./grafana/provisioning:", "./grafana/dashboards/service.json:", "grafana: no provisioning"),
    ("--config, /etc/jaeger/config.yaml", "--config, /etc/jaeger/jaeger.yaml", "jaeger: no file"),
    ("    NEO4J_URI: bolt://neo4j:7687\n", "", "api works on None"),
    ("    REDIS_URL: redis://redis:", "    REDIS_URL: redis://redis-cache:", "worker works on"),
    ('TRACING_ENABLED: "true"', 'TRACING_ENABLED: "false"', "tells Jaeger nothing"),
    ("    image: neo4j:5.26\n", "    image: neo4j:5.26\n    privileged: true\n", "neo4j has ['privileged']"),
    ("      - neo4j:/data", "      - /srv/neo4j:/data", "a folder of this machine"),
    ("    user: root\n    cap_drop: [ALL]\n", "    user: root\n", "root with all its rights"),
    ("/api/health", "/api/healthy", "grafana does not answer"),
    ("9093/-/ready", "9093/ready", "alertmanager does not answer"),
    ("grep -q PONG", "grep -q PING", "is not asked for its PONG"),
    ("interval: 5s\n      timeout: 5s", "interval: 5h\n      timeout: 5s", "neo4j is asked too seldom"),
    ("restart: on-failure:5", 'restart: "no"', "migrate is not started again"),
    ("command: [migrate]", "command: [migrate, --check]", "nobody migrates"),
    ("stop_grace_period: 60s", "stop_grace_period: 5s", "ended while it writes"),
    (
        "    redis:\n      condition: service_healthy",
        "    redis:\n      condition: service_started",
        "until redis is well",
    ),
    ("    user: root\n", "", "jaeger cannot write"),
    ("heap_max__size", "heap_max_size", "no heap of one size"),
    ("retention.time=15d", "retention.time=15days", "in Prometheus' words"),
    ("tsdb.path=/prometheus", "tsdb.path=/prom", "prometheus writes to /prom"),
    ("    tmpfs: [/data]\n", "", "leaves a volume behind"),
    ("      - redis:/data", "      - neo4j:/data", "neo4j is used by"),
    ("CONFIG:-compose.yml", "CONFIG:-alertmanager.yml", "secrets that nobody has given"),
    ("-o, stdout", "-o, null", "not in the log"),
    ("alertmanager/${ALERTMANAGER_CONFIG:-compose.yml}", "prometheus/compose.yml", "alerts are told late"),
    ("ORG_ROLE: Viewer", "ORG_ROLE: Admin", "may change it"),
]
NO_SCHEMA = [("    ports:\n", "    port:\n"), ("cap_drop: [ALL]", "cap_drop: ALL")]
OTHER_DEVELOPMENT = [
    ("../telemetry:/opt/continuum/app/telemetry:ro", "../telemetry:/opt/continuum/telemetry:ro", "are mounted"),
    ("    - ../schema:/opt/continuum/app/schema:ro\n", "", "are mounted"),
    ("/opt/continuum/app/schema:ro", "/opt/continuum/app/schema", "may write to the source"),
    ('schema, ignore: ["**/__pycache__"]', 'schema, ignore: ["**/*.py"]', "a source is ignored"),
    ("path: ../resolvers", "path: ../resolver", "are watched"),
    ("action: restart, path: ../graphstore", "action: sync, path: ../graphstore", "are watched"),
]


def wrong(text: str, **given: str) -> list[str]:
    """What does not hold of a file with this text."""
    compose = read(text, given)
    return list(chain.from_iterable(check(compose) for check in CHECKS))


def refused(tmp_path: Path, text: str) -> str:
    """What Compose's own schema has against it."""
    file = tmp_path / "compose.yaml"
    file.write_text(text, encoding="utf-8")
    command = [locked_program("check-jsonschema"), "--builtin-schema", SCHEMA, str(file)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode in {0, 1}, ran.stderr
    return ran.stdout if ran.returncode else ""


@pytest.mark.parametrize("text", [TEXT, OVERRIDE], ids=["compose", "development"])
def test_it_keeps_to_the_schema_of_compose(text: str, tmp_path: Path) -> None:
    """Compose's own schema takes both files."""
    assert refused(tmp_path, text) == ""


@pytest.mark.parametrize(("old", "new"), NO_SCHEMA)
def test_what_compose_does_not_know_is_noticed(old: str, new: str, tmp_path: Path) -> None:
    """A misspelt key and a value of the wrong kind are refused."""
    assert refused(tmp_path, TEXT.replace(old, new, 1)) != ""


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
def test_what_is_named_is_there(check: object) -> None:
    """Services, ports, settings, volumes, files and conditions: no name leads nowhere."""
    assert callable(check)
    assert list(check(read(TEXT))) == []


def test_so_it_is_where_somebody_is_called() -> None:
    """With the production's Alertmanager configuration as well, which asks for secrets."""
    asked = ["alertmanager asks for secrets that nobody has given"]
    assert wrong(TEXT, ALERTMANAGER_CONFIG="alertmanager.yml") == asked


def test_so_it_is_in_development() -> None:
    """With the override too, which mounts and watches the whole program."""
    assert list(development(read(TEXT).with_(read(OVERRIDE)))) == []
    merged = read(TEXT).with_(read(OVERRIDE))
    assert [*compose_checks.published(merged), *compose_checks.settings(merged)] == []


@pytest.mark.parametrize(("old", "new", "told"), MUTATIONS)
def test_a_mistake_is_noticed(old: str, new: str, told: str) -> None:
    """Each of these is caught, and its message says what it is."""
    assert old in TEXT
    assert told in "\n".join(wrong(TEXT.replace(old, new)))


@pytest.mark.parametrize(("old", "new", "told"), OTHER_DEVELOPMENT)
def test_a_mistake_in_the_override_is_noticed(old: str, new: str, told: str) -> None:
    """A package that is not mounted, or not watched, is told."""
    assert old in OVERRIDE
    assert told in "\n".join(development(read(TEXT).with_(read(OVERRIDE.replace(old, new)))))


def test_each_variable_is_described() -> None:
    """The document says what each variable of the files is for, and of no others."""
    text = (ROOT / "docs" / "development.md").read_text(encoding="utf-8")
    table = text.partition("| variable |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == variables(TEXT) | variables(OVERRIDE)


@pytest.mark.parametrize("severity", ["critical", "warning", "info", "unheard-of"])
def test_alerts_go_to_the_log_alone(severity: str) -> None:
    """Alertmanager takes the configuration, and nobody but the log is told, whatever it is."""
    amtool = shutil.which("amtool")
    if amtool is None:
        unavailable("no amtool: install Debian's package prometheus-alertmanager")
    file = f"--config.file={COMPOSE.parent / 'alertmanager' / 'compose.yml'}"
    routed = ("config", "routes", "test", file, "--verify.receivers=log", f"severity={severity}", "alertname=Any")
    for words in (("check-config", file.partition("=")[2]), routed):
        subprocess.run([str(amtool), *words], capture_output=True, timeout=30, check=True)


@asynccontextmanager
async def running(service: Service, folder: Path) -> AsyncIterator[Redis]:
    """The Redis of a service as its command starts it, but at a port of its own. Skips or fails where none is."""
    found = shutil.which(service.command[0])
    if found is None:
        unavailable("no redis-server: install Debian's package redis-server")
    port = free_port()
    command = (str(found), *service.command[1:], "--port", str(port), "--bind", "127.0.0.1")
    process = await asyncio.create_subprocess_exec(*command, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        await until(partial(_is_healthy, service, port))
        async with Redis(port=port, decode_responses=True) as redis:
            yield redis
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 10)


async def _is_healthy(service: Service, port: int) -> bool:
    """Whether the health check says so, of a server at another port."""
    kind, shell = service.health
    assert kind == "CMD-SHELL"
    asked = shell.replace("redis-cli", f"redis-cli -p {port}")
    return await (await asyncio.create_subprocess_shell(asked, stderr=subprocess.DEVNULL)).wait() == 0


@pytest.mark.system
async def test_the_redis_of_the_queue_keeps_what_it_has(tmp_path: Path) -> None:
    """Its command starts and its health check comes true; a restart finds the job, a full server takes none."""
    service = read(TEXT).service("redis")
    assert not await _is_healthy(service, free_port())
    async with running(service, tmp_path) as redis:
        assert await redis.config_get("maxmemory") == {"maxmemory": str(256 * 2**20)}
        await redis.set("job", "1")
    async with running(service, tmp_path) as redis:
        assert await redis.get("job") == "1"
        await redis.config_set("maxmemory", "1")
        with pytest.raises(OutOfMemoryError):
            await redis.set("job", "2")


@pytest.mark.system
async def test_the_redis_of_the_cache_drops_what_it_has(tmp_path: Path) -> None:
    """Its command starts and its health check comes true; it writes nothing to disk, and a full server makes room."""
    async with running(read(TEXT).service("redis-cache"), tmp_path) as redis:
        assert await redis.config_get("maxmemory") == {"maxmemory": str(256 * 2**20)}
        used = (await redis.info("memory"))["used_memory"]
        await redis.config_set("maxmemory", used + 2**20)
        for number in range(64):
            await redis.set(f"picture-{number}", "x" * 2**16)
        assert 0 < await redis.dbsize() < 64
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - a look that takes no time
