"""What must hold of the Compose file so that nothing is open, lost or asked in vain."""

import re
from collections.abc import Callable, Iterator

from continuum.settings import Settings
from tests.support.compose import Compose, Service, yaml_of

_OPENS = {"privileged", "network_mode", "pid", "ipc", "userns_mode", "devices", "cap_add"}
_ANSWERS = {
    "neo4j": "7474/",
    "jaeger": "13133/status",
    "prometheus": "9090/-/ready",
    "alertmanager": "9093/-/ready",
    "grafana": "3000/api/health",
}
"""Where the programs of others tell whether they are ready."""
_SECONDS = {"s": 1, "m": 60, "h": 3_600}
_LONG = 30


def shared(c: Compose) -> Iterator[str]:
    """All our processes work on one store, one queue and one cache: without an address each would have its own."""
    for service in c.ours:
        told = Settings(**{name.lower(): value for name, value in service.environment.items() if value})
        urls = [url.get_secret_value() for url in (told.redis_url, told.redis_cache_url) if url]
        if (told.neo4j_uri, urls) != ("bolt://neo4j:7687", ["redis://redis:6379/0", "redis://redis-cache:6379/0"]):
            yield f"{service.name} works on {told.neo4j_uri} and {urls}"
        if not told.tracing_enabled:
            yield f"{service.name} tells Jaeger nothing"


def confined(c: Compose) -> Iterator[str]:
    """Nobody may do more with this machine than a container does; who is root may do nothing that root may."""
    for service in c.services:
        if found := _OPENS & set(service.document):
            yield f"{service.name} has {sorted(found)}"
        if any(mount.source.startswith("/") for mount in service.mounts):
            yield f"{service.name} has a folder of this machine"
        if service.document.get("user") == "root" and not _is_bound(service):
            yield f"{service.name} is root with all its rights"


def _is_bound(service: Service) -> bool:
    return service.document.get("cap_drop") == ["ALL"] and bool(service.document.get("security_opt"))


def answered(c: Compose) -> Iterator[str]:
    """Others' programs are asked where they tell whether they are ready, Redis for its PONG; and soon."""
    for service in c.services:
        words = " ".join(service.health)
        if service.name in _ANSWERS and not words.endswith(f"127.0.0.1:{_ANSWERS[service.name]}"):
            yield f"{service.name} does not answer at {words}"
        if service.name.startswith("redis") and service.health != ["CMD-SHELL", "redis-cli ping | grep -q PONG"]:
            yield f"{service.name} is not asked for its PONG"
        if service.health and _seconds(service.document["healthcheck"]["interval"]) > _LONG:
            yield f"{service.name} is asked too seldom"


def restarted(c: Compose) -> Iterator[str]:
    """What ends is started again, the migration some times; and what writes to a disk may finish."""
    for service in c.services:
        wanted = r"on-failure:\d+" if service.name == "migrate" else "unless-stopped"
        if not re.fullmatch(wanted, str(service.document.get("restart"))):
            yield f"{service.name} is not started again: {service.document.get('restart')}"
    if c.service("migrate").command != ["migrate"]:
        yield "nobody migrates"
    if _seconds(c.service("neo4j").document.get("stop_grace_period", "10s")) < _LONG:
        yield "neo4j is ended while it writes"


def waited(c: Compose) -> Iterator[str]:
    """Who waits for a service that tells whether it is well waits for that, rather than for its start."""
    for service in c.services:
        for other, condition in service.needs.items():
            if condition == "service_started" and c.service(other).health:
                yield f"{service.name} does not wait until {other} is well"


def placed(c: Compose) -> Iterator[str]:
    """Servers write to their volume, the cache to none, and each volume is one service's own, or that of ours."""
    for name, option in (("prometheus", "--storage.tsdb.path="), ("alertmanager", "--storage.path=")):
        [path] = [word.removeprefix(option) for word in c.service(name).command if word.startswith(option)]
        if c.service(name).kept_in(path) is None:
            yield f"{name} writes to {path}, which is on no volume"
    if not any(
        re.fullmatch(r"--storage\.tsdb\.retention\.time=\d+[hdwy]", word) for word in c.service("prometheus").command
    ):
        yield "nobody says in Prometheus' words how long it keeps what it has"
    if c.service("redis-cache").document.get("tmpfs") != ["/data"] or c.service("redis-cache").mounts:
        yield "redis-cache leaves a volume behind"
    if c.service("jaeger").document.get("user") != "root":
        yield "jaeger cannot write to its volume, which belongs to root"
    told = c.service("neo4j").environment
    heap = {told.get(f"NEO4J_server_memory_heap_{name}__size") for name in ("initial", "max")}
    if len(heap) > 1 or None in heap:
        yield f"neo4j has no heap of one size: {heap}"
    for volume in c.document["volumes"]:
        users = {"ours" if s.is_ours else s.name for s in c.services for m in s.mounts if m.source == volume}
        if len(users) > 1:
            yield f"{volume} is used by {sorted(users)}"


def calm(c: Compose) -> Iterator[str]:
    """Without settings of anybody's nobody is called, and who looks at Grafana changes nothing."""
    file = c.service("alertmanager").seen_at("/etc/alertmanager/alertmanager.yml")
    if file is None or "_file:" in file.read_text(encoding="utf-8"):
        yield "alertmanager asks for secrets that nobody has given"
    elif not _seconds(yaml_of(file).get("route", {}).get("group_wait", "9h")) <= _LONG:
        yield "alerts are told late"
    if c.service("alert-log").command[-4:] != ["-o", "stdout", "-p", "format=json_lines"]:
        yield "alerts are not in the log"
    if c.service("grafana").environment.get("GF_AUTH_ANONYMOUS_ORG_ROLE") != "Viewer":
        yield "whoever looks at Grafana may change it"


def _seconds(text: str) -> int:
    return int(text[:-1]) * _SECONDS[text[-1]]


CHECKS: tuple[Callable[[Compose], Iterator[str]], ...] = (
    *(shared, confined, answered, restarted, waited, placed, calm),
)
