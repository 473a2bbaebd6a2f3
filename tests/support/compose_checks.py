"""What must hold between the Compose file, the program, and the files that it mounts."""

import re
from collections.abc import Callable, Iterator
from itertools import combinations
from urllib.parse import urlsplit

from continuum.cli.main import cli
from continuum.settings import Settings
from tests.support.compose import INFRA, LISTENS, OPTIONAL, Compose, Service, addresses, copied_packages, yaml_of
from tests.support.manifests import rendered

_CLOSING = 5
"""Seconds that a process may take beyond its own times, as docs/processes.md asks."""
_WITHOUT_HEALTH = {"migrate": "it ends", "alert-log": "its image holds nothing that could ask"}
_SCALED = ("api", "worker")
_ONCE = "service_completed_successfully"


def services(c: Compose) -> Iterator[str]:
    """They are those that were promised."""
    if different := {service.name for service in c.services} ^ LISTENS.keys():
        yield f"services differ: {different}"


def programs(c: Compose) -> Iterator[str]:
    """What our image is told to do is a command of the program."""
    for service in c.ours:
        if service.command[0] not in cli.commands:
            yield f"{service.name}: there is no command {service.command[0]}"


def settings(c: Compose) -> Iterator[str]:
    """The environment of our image names settings, with values that they take."""
    for service in c.ours:
        unknown = service.environment.keys() - {name.upper() for name in Settings.model_fields}
        yield from (f"{service.name}: {name} is no setting" for name in sorted(unknown))
        if not unknown:
            _of(service)


def _of(service: Service) -> Settings:
    return Settings(**{name.lower(): value for name, value in service.environment.items() if value})


def passwords(c: Compose) -> Iterator[str]:
    """Our processes log in to Neo4j with the password that it was given."""
    given = c.service("neo4j").environment["NEO4J_AUTH"]
    for service in c.ours:
        if given != f"neo4j/{service.environment['NEO4J_PASSWORD']}":
            yield f"{service.name} has another password than Neo4j"


def links(c: Compose) -> Iterator[str]:
    """An address in an environment is that of a service, at a port where it listens."""
    for service in c.services:
        for host, port in addresses(service):
            if port not in LISTENS.get(host, ()):
                yield f"{service.name}: nobody listens at {host}:{port}"


def kept(c: Compose) -> Iterator[str]:
    """Named volumes are declared and used, and what is mounted from the repository exists and is not written."""
    used = set()
    for service in c.services:
        for mount in service.mounts:
            if mount.is_named:
                used.add(mount.source)
                continue
            if not (INFRA / mount.source).exists():
                yield f"{service.name}: {mount.source} does not exist"
            if mount.mode != "ro":
                yield f"{service.name} may write to {mount.source}"
    if different := used ^ c.document["volumes"].keys():
        yield f"volumes are declared or used, not both: {different}"


def kept_data(c: Compose) -> Iterator[str]:
    """What must last is on a volume."""
    places = {"api": "/data", "worker": "/data", "neo4j": "/data", "redis": "/data", "jaeger": "/badger"}
    places |= {"prometheus": "/prometheus", "alertmanager": "/alertmanager", "grafana": "/var/lib/grafana"}
    for name, path in places.items():
        if c.service(name).kept_in(path) is None:
            yield f"{name}: {path} is on no volume"
    if c.service("api").kept_in("/data") != c.service("worker").kept_in("/data"):
        yield "API and worker do not share their pictures"


def published(c: Compose) -> Iterator[str]:
    """On loopback alone, at ports where the program listens, none twice, and enough of them for what is scaled."""
    ports = [(service, port) for service in c.services for port in service.ports]
    for service, port in ports:
        if port.address != "127.0.0.1":
            yield f"{service.name}: port {port.first} is open to others"
        if port.target not in LISTENS.get(service.name, ()):
            yield f"{service.name} does not listen at {port.target}"
        if service.name in _SCALED and port.last - port.first < 1:
            yield f"{service.name} cannot be scaled: there is one port {port.first}"
    for (one, first), (other, second) in combinations(ports, 2):
        if first.first <= second.last and second.first <= first.last:
            yield f"{one.name} and {other.name} share a port"
    yield from (f"{s.name} has a fixed name: it cannot be scaled" for s in c.services if "container_name" in s.document)


def health(c: Compose) -> Iterator[str]:
    """Each service is asked at a port where it listens, unless there is a reason not to."""
    for service in c.services:
        words = " ".join(service.health)
        if service.name in _WITHOUT_HEALTH or "redis-cli ping" in words:
            continue
        asked = re.findall(r"127\.0\.0\.1(?::|', )(\d+)", words)
        if len(asked) != 1 or int(asked[0]) not in LISTENS.get(service.name, ()):
            yield f"{service.name}: its health check asks nobody who is there"
        if service.is_ours and "'/ready'" not in words:
            yield f"{service.name}: its health check does not ask whether it is ready"


def order(c: Compose) -> Iterator[str]:
    """What a service waits for exists, can come to the condition, and does not wait for it in turn."""
    seen: set[str] = set()
    for name in _sorted(c):
        service = c.service(name)
        for other, condition in service.needs.items():
            if other not in seen:
                yield f"{name} waits for {other}, which is not there before"
            elif condition == "service_healthy" and not c.service(other).health:
                yield f"{name} waits for the health of {other}, which has no check"
            elif (condition == _ONCE) != (other == "migrate"):
                yield f"{name} waits for {other} to be {condition}"
        seen.add(name)
    if any("migrate" not in c.service(name).needs for name in _SCALED):
        yield "the schema is not waited for"
    if c.service("migrate").needs.get("neo4j") != "service_healthy":
        yield "the migration does not wait for Neo4j"


def _sorted(c: Compose) -> list[str]:
    """In an order in which all that is waited for comes before, as far as there is one."""
    names: list[str] = []
    left = {service.name: set(service.needs) for service in c.services}
    while ready := sorted(name for name, needs in left.items() if needs <= set(names)):
        names += ready
        left = {name: needs for name, needs in left.items() if name not in ready}
    return [*names, *left]


def endings(c: Compose) -> Iterator[str]:
    """A process is given the time that it takes to end in good order."""
    for service in c.ours:
        own = _of(service)
        takes = own.drain_seconds + own.shutdown_seconds + _CLOSING
        if int(str(service.document["stop_grace_period"]).removesuffix("s")) < takes:
            yield f"{service.name} may take {takes:g} s to end"


def hardened(c: Compose) -> Iterator[str]:
    """Our image writes to its volume and /tmp alone, and may do nothing that needs a capability."""
    for service in c.ours:
        have = {key: service.document.get(key) for key in ("read_only", "cap_drop", "security_opt", "tmpfs")}
        if have != {
            "read_only": True,
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges:true"],
            "tmpfs": ["/tmp"],
        }:
            yield f"{service.name} may do more than it needs: {have}"


def images(c: Compose) -> Iterator[str]:
    """One service builds ours; the others' versions are told, and are those of the manifests for Kubernetes."""
    if [service.name for service in c.services if "build" in service.document] != ["migrate"]:
        yield "the image is not built by migrate alone"
    theirs = {c_["image"] for w in rendered("dev").workloads() for c_ in w.every_container} - {"continuum"}
    ours = {service.document["image"] for service in c.services}
    yield from (f"{image}: Kubernetes has it, Compose another" for image in sorted(theirs - ours))
    yield from (f"{image} names no version" for image in sorted(ours) if not re.search(r":v?\d|:local$", image))


def redis(c: Compose) -> Iterator[str]:
    """The queue's server keeps what it has, that of the cache drops it."""
    for name, keeps, policy in (("redis", "yes", "noeviction"), ("redis-cache", "no", "allkeys-lru")):
        words = c.service(name).command
        has = {words[n]: words[n + 1] for n in range(1, len(words), 2)}
        if (has.get("--appendonly"), has.get("--maxmemory-policy")) != (keeps, policy) or "--maxmemory" not in has:
            yield f"{name}: {has}"


def prometheus(c: Compose) -> Iterator[str]:
    """It reads a file that is mounted, and what it scrapes and tells are services, at their ports."""
    service = c.service("prometheus")
    file = service.seen_at(_option(service, "--config.file"))
    if file is None or not file.is_file():
        yield f"prometheus: no file {file}"
        return
    text = yaml_of(file)
    searched = [search for job in text["scrape_configs"] for search in job.get("dns_sd_configs", ())]
    searched += [search for told in text["alerting"]["alertmanagers"] for search in told["dns_sd_configs"]]
    for search in searched:
        if search["type"] != "A":
            yield f"prometheus: a service has no {search['type']} record"
        for name in search["names"]:
            if search["port"] not in {**LISTENS, **OPTIONAL}.get(name, ()):
                yield f"prometheus: nobody listens at {name}:{search['port']}"
    fixed = [
        target
        for job in text["scrape_configs"]
        for found in job.get("static_configs", ())
        for target in found["targets"]
    ]
    if any(target != f"localhost:{port}" for target in fixed for port in LISTENS["prometheus"]):
        yield f"prometheus: nobody listens at {fixed}"
    if not {"api", "worker"} <= {name for search in searched for name in search["names"]}:
        yield "prometheus: a process is not scraped"


def _option(service: Service, name: str) -> str:
    return next(word.partition("=")[2] for word in service.command if word.startswith(f"{name}="))


def alertmanager(c: Compose) -> Iterator[str]:
    """It reads a file that is mounted; whom that posts to is there, and its secrets are where it looks."""
    service = c.service("alertmanager")
    file = service.seen_at(_option(service, "--config.file"))
    if file is None or not file.is_file():
        yield f"alertmanager: no file {file}"
        return
    text = file.read_text(encoding="utf-8")
    for url in re.findall(r"url: (http\S+)", text):
        host, port = urlsplit(url).hostname, urlsplit(url).port
        if host != "alert-log" or f"port={port}" not in c.service("alert-log").command:
            yield f"alertmanager: nobody takes alerts at {url}"
    for path in re.findall(r"_file: (\S+)/[^/\s]+\n", text):
        if service.kept_in(path) is None and not any(mount.target == path for mount in service.mounts):
            yield f"alertmanager: no secrets can be given at {path}"
    if "templates/*" in text and service.seen_at("/etc/alertmanager/templates") is None:
        yield "alertmanager: no templates"


def grafana(c: Compose) -> Iterator[str]:
    """Its provisioning is mounted, the dashboards are where that looks for them, and what it asks are services."""
    service = c.service("grafana")
    provisioning = service.seen_at("/etc/grafana/provisioning")
    if provisioning is None or not provisioning.is_dir():
        yield "grafana: no provisioning"
        return
    for source in yaml_of(provisioning / "datasources" / "continuum.yml")["datasources"]:
        parts = urlsplit(source["url"])
        if parts.port not in LISTENS.get(str(parts.hostname), ()):
            yield f"grafana: nobody listens at {source['url']}"
    for provider in yaml_of(provisioning / "dashboards" / "continuum.yml")["providers"]:
        folder = service.seen_at(provider["options"]["path"])
        if folder is None or not list(folder.glob("*.json")):
            yield f"grafana: no dashboards at {provider['options']['path']}"


def jaeger(c: Compose) -> Iterator[str]:
    """It reads a file that is mounted, listens where the services say, and keeps its spans on its volume."""
    service = c.service("jaeger")
    file = service.seen_at(service.command[1])
    if service.command[0] != "--config" or file is None or not file.is_file():
        yield f"jaeger: no file {file}"
        return
    text = file.read_text(encoding="utf-8")
    if not {4317, 4318, 13133} <= {int(port) for port in re.findall(r"endpoint: 0\.0\.0\.0:(\d+)", text)}:
        yield "jaeger does not listen to all that it is asked at"
    yield from (
        f"jaeger: {path} is on no volume"
        for path in re.findall(r"(?:keys|values): (\S+)", text)
        if service.kept_in(path) is None
    )


def development(c: Compose) -> Iterator[str]:
    """All that the image has of the program is mounted over it, read-only, and its change starts the processes anew."""
    packages = copied_packages()
    for service in c.ours:
        wanted = {f"../{name}": f"/opt/continuum/app/{name}" for name in packages}
        mounted = {mount.source: mount.target for mount in service.mounts if mount.source.startswith("..")}
        if mounted != wanted:
            yield f"{service.name}: other packages are mounted: {mounted.items() ^ wanted.items()}"
        if any(mount.mode != "ro" for mount in service.mounts if mount.source.startswith("..")):
            yield f"{service.name} may write to the source"
        rules = service.document.get("develop", {}).get("watch", ())
        if any(rule.get("ignore", ["**/__pycache__"]) != ["**/__pycache__"] for rule in rules):
            yield f"{service.name}: a change of a source is ignored"
        watched = {(rule["path"], rule["action"]) for rule in rules}
        if service.name != "migrate" and watched != {(path, "restart") for path in wanted}:
            yield f"{service.name}: other packages are watched"


CHECKS: tuple[Callable[[Compose], Iterator[str]], ...] = (
    *(services, programs, settings, passwords, links, kept, kept_data, published, health, order, endings),
    *(hardened, images, redis, prometheus, alertmanager, grafana, jaeger),
)
"""All that holds of the file by itself; `development` holds of both files together."""
