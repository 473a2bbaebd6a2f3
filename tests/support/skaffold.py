"""skaffold.yaml as its checks read it, and what must agree with the manifests and the image."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jsonschema
import yaml

from tests.support.compose import ROOT, copied_packages
from tests.support.json_schema import NAME, TEXT, WHOLE, record, several
from tests.support.manifests import OURS, OVERLAYS, Manifests, build
from tests.support.workflow import PIPELINE
from tests.support.workflow import read as read_workflow

FILE = ROOT / "skaffold.yaml"
APP = "/opt/continuum/app"
"""Where the image has the program (PYTHONPATH in the Dockerfile)."""
RELOADING = ROOT / "infra" / "skaffold"
_PATHS = record(("kustomize",), kustomize=record(("paths",), paths=several(TEXT)))
_COMMAND = record(("command",), command=several(TEXT))
_ARTIFACT = record(
    ("image", "docker"),
    image=NAME,
    docker=record(("dockerfile",), dockerfile=TEXT),
    sync=record(
        ("manual", "hooks"),
        manual=several(record(("src", "dest"), src=TEXT, dest=TEXT)),
        hooks=record(("after",), after=several(record(("container",), container=_COMMAND))),
    ),
)
_BUILD = record(
    (),
    artifacts=several(_ARTIFACT),
    tagPolicy=record(("gitCommit",), gitCommit=record(("variant",), variant={"enum": ["CommitSha", "Tags"]})),
    local=record((), useBuildkit={"type": "boolean"}),
    platforms=several({"enum": ["linux/amd64", "linux/arm64"]}),
)
_DEPLOY = record(
    ("statusCheckDeadlineSeconds", "kubectl"),
    statusCheckDeadlineSeconds=WHOLE,
    kubectl=record(("hooks",), hooks=record(("before",), before=several(record(("host",), host=_COMMAND)))),
)
_FORWARD = record(
    ("resourceType", "resourceName", "namespace", "port", "localPort"),
    resourceType={"const": "service"},
    resourceName=NAME,
    namespace=NAME,
    port=WHOLE,
    localPort=WHOLE,
)
_PROFILE = record(
    ("name", "manifests"),
    name=NAME,
    activation=several(record(("command",), command=TEXT)),
    build=_BUILD,
    manifests=_PATHS,
    deploy=_DEPLOY,
    portForward=several(_FORWARD),
)
SCHEMA = record(
    ("apiVersion", "kind", "metadata", "build", "manifests", "deploy", "profiles"),
    apiVersion=TEXT,
    kind=TEXT,
    metadata=record(("name",), name=NAME),
    build=_BUILD,
    manifests=_PATHS,
    deploy=_DEPLOY,
    profiles=several(_PROFILE),
)
"""What of skaffold's v4beta13 is used here."""
_DELETE = re.compile(
    r'kubectl --context "\$SKAFFOLD_KUBE_CONTEXT" --namespace (\S+) delete job (\S+) --ignore-not-found'
)


@dataclass(frozen=True, slots=True)
class Skaffold:
    """The file."""

    document: dict[str, Any]

    @property
    def profiles(self) -> dict[str, dict[str, Any]]:
        return {profile["name"]: profile for profile in self.document["profiles"]}

    @property
    def dev(self) -> dict[str, Any]:
        return self.profiles["dev"]

    @property
    def plain(self) -> list[dict[str, Any]]:
        """The file without a profile, and each profile but dev: what deploys, and is not changed while it runs."""
        return [self.document, *(profile for name, profile in self.profiles.items() if name != "dev")]


def read(text: str) -> Skaffold:
    """The file's text."""
    return Skaffold(yaml.safe_load(text))


def path_of(part: dict[str, Any]) -> str:
    """The one kustomization of the file or of a profile."""
    [path] = part["manifests"]["kustomize"]["paths"]
    return str(path)


def reloading() -> Manifests:
    """What `skaffold dev` applies."""
    return Manifests(build(RELOADING))


def profiles(s: Skaffold) -> Iterator[str]:
    """There is one for each overlay, and `skaffold dev` takes the one for it."""
    if s.document["apiVersion"] != "skaffold/v4beta13" or s.document["kind"] != "Config":
        yield "it is of another version"
    if set(s.profiles) != set(OVERLAYS):
        yield f"the profiles are {set(s.profiles)}"
    if s.dev["activation"] != [{"command": "dev"}]:
        yield "skaffold dev does not take the profile dev"


def fields(s: Skaffold) -> Iterator[str]:
    """It has the fields that skaffold knows, with values of their kinds."""
    for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(s.document):
        yield f"{error.json_path}: {error.message}"


def patience(s: Skaffold) -> Iterator[str]:
    """It waits for as long as the Deployments of its overlay may take until they count as failed."""
    for part in s.plain:
        documents = Manifests(build(ROOT / path_of(part))).of("Deployment")
        longest = max(d["spec"].get("progressDeadlineSeconds", 0) for d in documents)
        if part["deploy"]["statusCheckDeadlineSeconds"] < longest:
            yield f"{path_of(part)} is given up before it has failed"


def architectures(s: Skaffold) -> Iterator[str]:
    """What is pushed for others is built for the same machines as in the pipeline."""
    image = read_workflow(PIPELINE.read_text(encoding="utf-8")).jobs["image"]
    wanted = set(image.using("docker/build-push-action").inputs["platforms"].split(","))
    for name in OVERLAYS[1:]:
        if set(s.profiles[name]["build"]["platforms"]) != wanted:
            yield f"{name} is not built for {sorted(wanted)}"


def kustomizations(s: Skaffold) -> Iterator[str]:
    """Each renders its overlay."""
    wanted = ["infra/kubernetes/overlays/dev", *(f"infra/kubernetes/overlays/{name}" for name in OVERLAYS[1:])]
    if [path_of(part) for part in s.plain] != wanted:
        yield "other overlays are rendered"
    if path_of(s.dev) != str(RELOADING.relative_to(ROOT)):
        yield "dev renders something in which nothing can be changed"
    for path in (*wanted, path_of(s.dev)):
        if not (ROOT / path / "kustomization.yaml").is_file():
            yield f"{path} is no kustomization"


def images(s: Skaffold) -> Iterator[str]:
    """The image has the name that the manifests know, and is built from the Dockerfile."""
    for part in (s.document, s.dev):
        for artifact in part["build"]["artifacts"]:
            if artifact["image"] != OURS:
                yield f"no manifest has an image {artifact['image']}"
            if not (ROOT / artifact["docker"]["dockerfile"]).is_file():
                yield f"there is no {artifact['docker']['dockerfile']}"


def jobs(s: Skaffold) -> Iterator[str]:
    """Before each release the Job of the one before is deleted, in the namespace that the overlay gives it."""
    for part in s.plain:
        manifests = Manifests(build(ROOT / path_of(part)))
        [hook] = part["deploy"]["kubectl"]["hooks"]["before"]
        found = _DELETE.fullmatch(hook["host"]["command"][-1])
        there = {(job["metadata"]["namespace"], job["metadata"]["name"]) for job in manifests.of("Job")}
        if found is None or {found.groups()} != there:
            yield f"{path_of(part)}: the Job is not deleted: {hook['host']['command'][-1]}"


def forwarded(s: Skaffold) -> Iterator[str]:
    """What is forwarded are services and ports of the manifests, each to a port of its own."""
    manifests = reloading()
    for forward in s.dev["portForward"]:
        services = [d for d in manifests.of("Service") if d["metadata"]["name"] == forward["resourceName"]]
        there = {
            (service["metadata"]["namespace"], port["port"])
            for service in services
            for port in service["spec"]["ports"]
        }
        if (forward["namespace"], forward["port"]) not in there:
            yield f"there is no service {forward['resourceName']} with port {forward['port']}"
    local = [forward["localPort"] for forward in s.dev["portForward"]]
    if len(set(local)) < len(local) or 8000 not in local:
        yield f"ports here are {local}"


def synced(s: Skaffold) -> Iterator[str]:
    """All packages that the image has are copied to where it has them."""
    [artifact] = s.dev["build"]["artifacts"]
    rules = {(rule["src"], rule["dest"]) for rule in artifact["sync"]["manual"]}
    if rules != {(f"{name}/**", APP) for name in copied_packages()}:
        yield f"other packages are copied: {sorted(rules)}"
    dockerfile = (ROOT / artifact["docker"]["dockerfile"]).read_text(encoding="utf-8")
    if f"PYTHONPATH={APP} " not in dockerfile:
        yield f"the image has the program elsewhere than {APP}"


def started_anew(s: Skaffold) -> Iterator[str]:
    """After a copy the shell of each container of ours is told so, and it listens to that signal."""
    [artifact] = s.dev["build"]["artifacts"]
    if artifact["sync"]["hooks"]["after"] != [{"container": {"command": ["sh", "-c", "kill -HUP 1"]}}]:
        yield "nobody is told that files were copied"
    for name in ("api", "worker"):
        workload = reloading().workload(name)
        [container] = workload.containers
        mounted = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
        copied = [c for c in workload.pod["initContainers"] if c.get("command", [""])[0] == "cp"]
        if mounted.get(APP) != "source" or [c["command"] for c in copied] != [["cp", "-R", f"{APP}/.", "/source"]]:
            yield f"{name}: its program cannot be changed"
        if container["command"][:2] != ["sh", "-c"] or " HUP" not in container["command"][2]:
            yield f"{name}: its shell does not listen to SIGHUP"


CHECKS: tuple[Callable[[Skaffold], Iterator[str]], ...] = (
    *(profiles, fields, patience, architectures, kustomizations, images, jobs, forwarded, synced, started_anew),
)
