"""The manifests for Kubernetes as kustomize renders them, and what the checks of them look at."""

import copy
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from tests.support.locked import locked_program

Document: TypeAlias = dict[str, Any]
"""One object of Kubernetes, as YAML gives it."""

ROOT = Path(__file__).parents[2]
KUBERNETES = ROOT / "infra" / "kubernetes"
OVERLAYS = ("dev", "staging", "production")
COMPONENT = "app.kubernetes.io/component"
POD = ("spec", "template", "spec")
"""Where a Deployment, a StatefulSet or a Job has the specification of its pods."""
MAIN = (*POD, "containers", 0)
"""And where the first container of it."""
OURS = "continuum"
"""Name of our own image, which a deployment replaces."""

_POD_OF = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
_CHOSEN = re.compile(r"^( *)# (- \.\./\.\./components/.*)$", re.MULTILINE)
"""A component that an overlay leaves to the operator, in a comment."""


@dataclass(frozen=True, slots=True)
class Workload:
    """Something that makes pods, and the pods that it makes."""

    document: Document

    @property
    def kind(self) -> str:
        return str(self.document["kind"])

    @property
    def name(self) -> str:
        return str(self.document["metadata"]["name"])

    @property
    def template(self) -> Document:
        found: Document = self.document
        for key in _POD_OF[self.kind]:
            found = found[key]
        return found

    @property
    def labels(self) -> Mapping[str, str]:
        return dict(self.template["metadata"]["labels"])

    @property
    def component(self) -> str:
        return self.labels[COMPONENT]

    @property
    def pod(self) -> Document:
        """The pod's specification."""
        return dict(self.template["spec"])

    @property
    def containers(self) -> list[Document]:
        """Those that run; not what runs before them."""
        return list(self.pod["containers"])

    @property
    def every_container(self) -> list[Document]:
        return [*self.pod.get("initContainers", ()), *self.containers]

    @property
    def ports(self) -> Mapping[str, int]:
        """By name."""
        return {p["name"]: p["containerPort"] for c in self.containers for p in c.get("ports", ())}

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Manifests:
    """All objects of one overlay."""

    documents: list[Document]

    def of(self, *kinds: str) -> list[Document]:
        return [d for d in self.documents if d["kind"] in kinds]

    def one(self, kind: str, name: str) -> Document:
        """The only one of this kind and name; of a name that kustomize made, what comes before its hash."""
        hashed = re.compile(rf"{re.escape(name)}(-[a-z0-9]{{10}})?")
        [found] = [d for d in self.of(kind) if hashed.fullmatch(d["metadata"]["name"])]
        return found

    def workloads(self) -> list[Workload]:
        return [Workload(d) for d in self.of(*_POD_OF)]

    def workload(self, name: str) -> Workload:
        [found] = [w for w in self.workloads() if w.name == name]
        return found

    def names(self, kind: str) -> set[str]:
        return {d["metadata"]["name"] for d in self.of(kind)}

    def without(self, kind: str, name: str) -> None:
        """Take one away."""
        self.documents.remove(self.one(kind, name))

    def copied(self) -> "Manifests":
        """Ones that may be spoiled."""
        return Manifests(copy.deepcopy(self.documents))


@dataclass(frozen=True, slots=True)
class Change:
    """A mistake: another value at one place of an object, or none."""

    target: str
    """Kind and name."""
    path: tuple[str | int, ...] = ()
    """Keys and indexes; `-` is the end of a list. Without any it is the object itself."""
    value: Any = None
    """None: what is there goes."""

    def __str__(self) -> str:
        return " ".join(map(str, (self.target, *self.path, "=", self.value)))

    def spoil(self, m: Manifests) -> None:
        kind, _, name = self.target.partition(" ")
        if not self.path:
            m.without(kind, name)
            return
        found: Any = m.one(kind, name)
        for key in self.path[:-1]:
            found = found[key]
        _put(found, self.path[-1], self.value)


def _put(found: Any, key: str | int, value: object) -> None:
    if key == "-":
        found.append(value)
    elif value is None:
        del found[key]
    else:
        found[key] = value


def rendered(overlay: str, *, every: bool = False) -> Manifests:
    """What `kubectl apply -k` would send; with `every`, also the components that an operator may choose."""
    return _rendered(overlay, every).copied()


@cache
def _rendered(overlay: str, every: bool) -> Manifests:  # noqa: FBT001 - passed on
    if not every:
        return Manifests(build(KUBERNETES / "overlays" / overlay))
    with tempfile.TemporaryDirectory() as folder:
        copied = copied_to(Path(folder)) / "overlays" / overlay
        file = copied / "kustomization.yaml"
        file.write_text(_CHOSEN.sub(r"\1\2", file.read_text(encoding="utf-8")), encoding="utf-8")
        return Manifests(build(copied))


def copied_to(folder: Path) -> Path:
    """A copy of the manifests, to change them in; what they read beside them comes along."""
    shutil.copytree(ROOT / "infra" / "jaeger", folder / "jaeger")
    return Path(shutil.copytree(KUBERNETES, folder / "kubernetes"))


def build(folder: Path) -> list[Document]:
    """What kustomize makes of a folder. Raises `CalledProcessError`."""
    command = [locked_program("kubectl"), "kustomize", str(folder)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    return list(yaml.load_all(ran.stdout, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def is_ours(container: Document) -> bool:
    """Whether it runs the program: its image is replaced when it is deployed."""
    return str(container["image"]).partition(":")[0] == OURS


def example_secrets() -> dict[str, set[str]]:
    """The keys of each Secret that an operator makes."""
    text = (KUBERNETES / "secrets.example.yaml").read_text(encoding="utf-8")
    return {d["metadata"]["name"]: set(d["stringData"]) for d in yaml.safe_load_all(text)}


def matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a LabelSelector takes these labels; an empty one takes all."""
    wanted = selector.get("matchLabels", {})
    return all(labels.get(k) == v for k, v in wanted.items()) and all(
        _holds(expression, labels) for expression in selector.get("matchExpressions", ())
    )


def _holds(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value = labels.get(expression["key"])
    return {
        "In": lambda: value in expression["values"],
        "NotIn": lambda: value not in expression["values"],
        "Exists": lambda: value is not None,
        "DoesNotExist": lambda: value is None,
    }[expression["operator"]]()


def values_of(document: object, key: str) -> Iterator[Any]:
    """Whatever stands under this key, anywhere."""
    if isinstance(document, dict):
        for name, value in document.items():
            if name == key:
                yield value
            yield from values_of(value, key)
    elif isinstance(document, list):
        for value in document:
            yield from values_of(value, key)
