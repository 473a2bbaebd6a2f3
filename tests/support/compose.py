"""The Compose files as their checks read them."""

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import yaml

from continuum.settings import Settings

Document: TypeAlias = dict[str, Any]

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
COMPOSE, DEVELOPMENT = INFRA / "compose.yaml", INFRA / "compose.dev.yaml"
OPTIONAL = {"node-exporter": {9100}, "blackbox-exporter": {9115}}
"""What Prometheus looks for, and an operator may add; and where these programs listen."""
_FIELDS = Settings.model_fields
LISTENS: Mapping[str, set[int]] = {
    "migrate": set(),
    "api": {_FIELDS["port"].default},
    "worker": {_FIELDS["worker_port"].default},
    "neo4j": {7474, 7687},
    "redis": {6379},
    "redis-cache": {6379},
    "jaeger": {4317, 4318, 13133, 16686},
    "prometheus": {9090},
    "alertmanager": {9093},
    "alert-log": {9880},
    "grafana": {3000},
}
"""The services, and the ports at which the programs in them listen."""
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


@dataclass(frozen=True, slots=True)
class Port:
    """What is published: a range of the host's ports, and one of the container."""

    address: str
    first: int
    last: int
    target: int


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder or file of the host, or a named volume, and where it is in the container."""

    source: str
    target: str
    mode: str

    @property
    def is_named(self) -> bool:
        return not self.source.startswith((".", "/"))


@dataclass(frozen=True, slots=True)
class Service:
    """One service, with the values that variables have where none is set."""

    name: str
    document: Document

    @property
    def is_ours(self) -> bool:
        return str(self.document.get("image", "")).startswith("continuum:")

    @property
    def environment(self) -> dict[str, str]:
        return dict(self.document.get("environment", {}))

    @property
    def command(self) -> list[str]:
        return list(self.document.get("command", ()))

    @property
    def needs(self) -> dict[str, str]:
        """What must be there before, and in which condition."""
        return {name: of["condition"] for name, of in self.document.get("depends_on", {}).items()}

    @property
    def health(self) -> list[str]:
        """Its health check; nothing where there is none."""
        return list(self.document.get("healthcheck", {}).get("test", ()))

    @property
    def ports(self) -> list[Port]:
        return [_port(text) for text in self.document.get("ports", ())]

    @property
    def mounts(self) -> list[Mount]:
        return [Mount(*(*text.split(":"), "rw")[:3]) for text in self.document.get("volumes", ())]

    def seen_at(self, path: str) -> Path | None:
        """The file or folder of the repository that lies at a path in the container."""
        for mount in self.mounts:
            if not mount.is_named and (path == mount.target or path.startswith(f"{mount.target}/")):
                return INFRA / mount.source / path.removeprefix(mount.target).lstrip("/")
        return None

    def kept_in(self, path: str) -> str | None:
        """The named volume that a path in the container is on."""
        names = [m.source for m in self.mounts if m.is_named and f"{path}/".startswith(f"{m.target}/")]
        return names[0] if names else None


def _port(text: str) -> Port:
    address, published, target = text.rsplit(":", 2) if text.count(":") > 1 else ("", *text.split(":"))
    first, _, last = published.partition("-")
    return Port(address, int(first), int(last or first), int(target))


@dataclass(frozen=True, slots=True)
class Compose:
    """A whole Compose file."""

    document: Document

    @property
    def services(self) -> list[Service]:
        return [Service(name, document) for name, document in self.document["services"].items()]

    @property
    def ours(self) -> list[Service]:
        return [service for service in self.services if service.is_ours]

    def service(self, name: str) -> Service:
        [found] = [service for service in self.services if service.name == name]
        return found

    def with_(self, override: "Compose") -> "Compose":
        """Both files, as Compose puts them together: maps are merged, lists appended."""
        merged = copy.deepcopy(self.document)
        _merge(merged, override.document)
        return Compose(merged)


def _merge(into: Document, other: Document) -> None:
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        elif isinstance(value, list) and isinstance(into.get(key), list):
            into[key] = [*into[key], *value]
        else:
            into[key] = value


def read(text: str, variables: Mapping[str, str] | None = None) -> Compose:
    """A file's text, with what variables stand for."""
    given = variables or {}
    filled = _VARIABLE.sub(lambda found: given.get(found[1], found[2] or ""), text)
    return Compose(yaml.safe_load(filled))


def variables(text: str) -> set[str]:
    """The variables that a file's text reads."""
    return {found[1] for found in _VARIABLE.finditer(text)}


def addresses(service: Service) -> Iterator[tuple[str, int]]:
    """Hosts and ports that its environment names."""
    for value in service.environment.values():
        if "://" in str(value):
            parts = urlsplit(value)
            yield str(parts.hostname), parts.port or 0


def copied_packages() -> list[str]:
    """The packages of the program, as the image has them."""
    return re.findall(r"^COPY (\w+) \1$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)


def yaml_of(path: Path) -> Any:
    """What a YAML file says."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))
