"""What must hold of the pipeline: which jobs there are, when they run, what they may do, and what they start."""

import os
import re
from collections.abc import Callable, Iterator

from tests.support import compose
from tests.support.compose import ROOT
from tests.support.manifests import OVERLAYS
from tests.support.workflow import ACTIONLINT, RUNS, Workflow, described, holds, secrets, table

NEEDS = {
    "quality": set[str](),
    "tests": set[str](),
    "image": {"quality", "tests"},
    "security": {"image"},
    "staging": {"image", "security"},
    "production": {"image", "security"},
    "notify": {"quality", "tests", "image", "security", "staging", "production"},
}
RIGHTS = {
    "image": {"contents": "read", "packages": "write"},
    "security": {"contents": "read", "packages": "read", "security-events": "write"},
}
"""Of the jobs that may do more than read the sources."""
DEPLOYMENTS = {"staging": 5, "production": 10}
"""Minutes for each step of a deployment."""
_LONGEST = 90
STEPS = 5
"""A migration, two rollouts, and two ways back."""
_TAGS = ("v1.2.3", "v10.20.30", "v1.2", "v1.2.3-rc1", "1.2.3")
_RELEASES = {"v1.2.3", "v10.20.30"}
_STARTED = (
    *("scripts/check", "scripts/is-release", ".ci/run --cov", "--cov-report=xml", "--strict", "scripts/notify"),
    f"go run {ACTIONLINT} ",
)
PINNED = re.compile(r"uses: ([\w-]+/[\w./-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)")


def pinned(w: Workflow) -> Iterator[str]:
    """Each action is named by the commit of a version, everywhere the same."""
    lines = [line.strip("- ") for line in w.text.splitlines() if re.match(r"\s*(- )?uses:", line)]
    found: dict[str, set[str]] = {}
    for line in lines:
        named = PINNED.fullmatch(line)
        if named is None:
            yield f"not named by a commit of a version: {line}"
            continue
        owner = "/".join(named[1].split("/")[:2])
        found.setdefault(owner, set()).add(f"{named[2]} {named[3]}")
    yield from (f"{action} in two versions" for action, versions in found.items() if len(versions) > 1)


def graph(w: Workflow) -> Iterator[str]:
    """The jobs are those that were promised, each after those that it needs."""
    needs = {name: job.needs for name, job in w.jobs.items()}
    if needs != NEEDS:
        yield f"the jobs are others: {needs}"


def runs(w: Workflow) -> Iterator[str]:
    """Each run has the jobs that the document tells: pull requests have quality and tests alone."""
    for name, run in RUNS.items():
        wanted = {row["job"] for row in table(described(), "job") if row[name] == "yes"}
        if w.happens_in(run) != wanted:
            yield f"{name} has the jobs {sorted(w.happens_in(run))}"
    if w.happens_in(RUNS["a pull request"]) != {"quality", "tests"}:
        yield "a pull request has more than quality and tests"


def triggers(w: Workflow) -> Iterator[str]:
    """Pushes to both branches, tags of versions, and pull requests; nothing that gives a stranger's code rights."""
    push, pull = w.triggers.get("push", {}), w.triggers.get("pull_request", {})
    if set(w.triggers) != {"push", "pull_request"}:
        yield f"it is started by {sorted(w.triggers)}"
    if set(push.get("branches", ())) != {"main", "develop"} or set(pull.get("branches", ())) != {"main", "develop"}:
        yield "it is started for other branches"
    tags = [pattern.replace(".", r"\.") for pattern in push.get("tags", ())]
    matched = {tag for tag in _TAGS for pattern in tags if re.fullmatch(pattern, tag)}
    if matched != _RELEASES:
        yield f"tags are taken for releases: {matched}"


def unreachable_secrets(w: Workflow) -> Iterator[str]:
    """A pull request is given no secret; a cluster's stands in the jobs of its environment alone."""
    pull = RUNS["a pull request"]
    for job in w.jobs.values():
        given = [step for step in job.steps if job.happens(pull) and step.happens(pull)]
        shared = {key: value for key, value in job.document.items() if key != "steps"}
        if secrets([step.document for step in given]) or secrets(shared):
            yield f"{job.name}: a pull request is given a secret"
        if ("KUBECONFIG" in secrets(job.document)) != (job.name in DEPLOYMENTS):
            yield f"{job.name}: not the job for the cluster's secret"
    if secrets({key: value for key, value in w.document.items() if key != "jobs"}):
        yield "each job is given a secret"


def told_secrets(w: Workflow) -> Iterator[str]:
    """The document tells of each secret, and of no others."""
    told = {row["secret"].strip("`") for row in table(described(), "secret")}
    if different := told ^ secrets(w.document):
        yield f"secrets are read or described, not both: {different}"


def rights(w: Workflow) -> Iterator[str]:
    """A job may read the sources, and what else it needs; what is checked out leaves no credentials behind."""
    if w.document["permissions"] != {"contents": "read"}:
        yield f"all jobs may {w.document['permissions']}"
    for name, job in w.jobs.items():
        if job.document.get("permissions") != RIGHTS.get(name):
            yield f"{name} may {job.document.get('permissions')}"
        checkouts = [step for step in job.steps if step.action == "actions/checkout"]
        if any(step.inputs.get("persist-credentials") is not False for step in checkouts):
            yield f"{name} keeps credentials"


def bounded(w: Workflow) -> Iterator[str]:
    """Each job has a time limit; a newer pull request ends an older one's run, and nothing ends a deployment."""
    yield from (f"{name} has no time limit" for name, job in w.jobs.items() if "timeout-minutes" not in job.document)
    minutes = {name: job.document.get("timeout-minutes", 0) for name, job in w.jobs.items()}
    yield from (f"{name} is given {given} minutes" for name, given in minutes.items() if not 5 <= given <= _LONGEST)
    group = w.document["concurrency"]
    if "github.ref" not in group["group"] or not holds(group["cancel-in-progress"], RUNS["a pull request"]):
        yield "runs of one pull request go on beside each other"
    if holds(group["cancel-in-progress"], RUNS["`develop`"]):
        yield "a newer commit cuts off a deployment"
    for name in DEPLOYMENTS:
        if w.jobs[name].document.get("concurrency") != {"group": f"deploy-{name}", "cancel-in-progress": False}:
            yield f"{name}: two deployments at once, or one that is cut off"


def deployments(w: Workflow) -> Iterator[str]:
    """Each goes to its overlay, by the digest that was scanned, within its time, in the environment of its name."""
    for name, minutes in DEPLOYMENTS.items():
        job = w.jobs[name]
        command = re.search(r'scripts/deploy (\w+) "\$IMAGE" --timeout (\d+)m$', job.scripts, re.MULTILINE)
        if command is None or command[1] != name or command[1] not in OVERLAYS or int(command[2]) != minutes:
            yield f"{name} is deployed otherwise: {job.scripts}"
        if "needs.image.outputs.reference" not in str(job.document["steps"][-1].get("env")):
            yield f"{name} deploys another image"
        if job.document["timeout-minutes"] < STEPS * minutes:
            yield f"{name} may be cut off while it is taken back"
        if job.document.get("environment") != name:
            yield f"{name} is in no environment of its own"


def scripts(w: Workflow) -> Iterator[str]:
    """What a job starts of the repository is there, and may be started."""
    for job in w.jobs.values():
        for path in re.findall(r"(?<![\w/])(?:scripts/[\w-]+|\.ci/\w+)", job.scripts):
            file = ROOT / path
            if not file.is_file() or not (os.access(file, os.X_OK) or f"source {path}" in job.scripts):
                yield f"{job.name}: {path} cannot be started"
    called = " ".join(job.scripts for job in w.jobs.values())
    yield from (f"nobody starts {wanted}" for wanted in _STARTED if wanted not in called)


def image(w: Workflow) -> Iterator[str]:
    """For both architectures, to GHCR, with a cache, a bill of materials and the whole provenance."""
    job = w.jobs["image"]
    inputs = job.using("docker/build-push-action").inputs
    wanted = {
        "context": ".",
        "platforms": "linux/amd64,linux/arm64",
        "push": True,
        "sbom": True,
        "provenance": "mode=max",
        "cache-from": "type=gha",
        "cache-to": "type=gha,mode=max",
    }
    if different := {name for name, value in wanted.items() if inputs.get(name) != value}:
        yield f"the image is built otherwise: {sorted(different)}"
    names = [step for step in job.steps if step.document.get("id") == "name"]
    if [step.document["env"] for step in names] != [{"IMAGE": "ghcr.io/${{ github.repository }}"}]:
        yield "the image has another name"
    arguments = set(re.findall(r"^ARG (\w+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE))
    if unknown := set(re.findall(r"^(\w+)=", inputs["build-args"], re.MULTILINE)) - arguments:
        yield f"the Dockerfile takes no {unknown}"


def security(w: Workflow) -> Iterator[str]:
    """Trivy looks at image and sources, and all that it and CodeQL find goes to the Security tab."""
    steps = w.jobs["security"].steps
    looked = {step.inputs["scan-type"]: step.inputs for step in steps if step.action.endswith("trivy-action")}
    if looked.keys() != {"image", "fs"} or any(
        i["format"] != "sarif" or i["exit-code"] != "1" for i in looked.values()
    ):
        yield "Trivy does not look at image and sources"
    uploaded = {step.inputs.get("sarif_file") for step in steps if step.action.endswith("/upload-sarif")}
    if uploaded != {inputs["output"] for inputs in looked.values()}:
        yield f"not all that Trivy finds is told: {uploaded}"
    if not {"github/codeql-action/init", "github/codeql-action/analyze"} <= {step.action for step in steps}:
        yield "CodeQL does not read the sources"
    if "pip-audit" not in w.jobs["security"].scripts:
        yield "nobody looks at requirements.lock"


def services(w: Workflow) -> Iterator[str]:
    """The tests' servers are those of Compose, healthy before the tests, and found by the program's own settings."""
    job = w.jobs["tests"].document
    in_compose = compose.read(compose.COMPOSE.read_text(encoding="utf-8"))
    for name, service in job["services"].items():
        if service["image"] != in_compose.service(name).document["image"]:
            yield f"tests have another {name}"
        if f'--health-cmd "{" ".join(in_compose.service(name).health[1:])}"' not in service["options"]:
            yield f"{name} is not waited for as in Compose"
    env = job["env"]
    if job["services"]["neo4j"]["env"]["NEO4J_AUTH"] != f"{env['NEO4J_USER']}/{env['NEO4J_PASSWORD']}":
        yield "tests cannot log in to Neo4j"
    if (env.get("NEO4J_URI"), env.get("REDIS_URL")) != ("bolt://neo4j:7687", "redis://redis:6379/0"):
        yield "tests do not find their servers"
    [upload] = [step for step in w.jobs["tests"].steps if step.action == "codecov/codecov-action"]
    if f"--cov-report=xml:{upload.inputs['files']}" not in w.jobs["tests"].scripts:
        yield "the coverage that is told is not that which was found"


CHECKS: tuple[Callable[[Workflow], Iterator[str]], ...] = (
    *(pinned, graph, runs, triggers, unreachable_secrets, told_secrets, rights, bounded),
    *(deployments, scripts, image, security, services),
)
