"""What must hold of the steps of the pipeline's jobs: what they are given, and what may not be overlooked."""

import re
import tomllib
from collections.abc import Callable, Iterator

from tests.support.compose import ROOT
from tests.support.workflow import RUNS, Job, Workflow
from tests.support.workflow_checks import DEPLOYMENTS

_HISTORY = ("scripts/is-release", ".ci/run")
"""What looks at other commits than the one that is checked out."""
_READ = re.compile(r"""env(?:iron)?(?:\.get\(|\[)["'](\w+)""")
_LANGUAGES = {"python", "javascript-typescript", "actions"}
_SEMVER = {f"type=semver,pattern={pattern}" for pattern in ("{{version}}", "{{major}}.{{minor}}")}
_TAGS = {"type=sha", "type=ref,event=branch"} | _SEMVER
"""As docs/development.md tells them."""


def unforgiven(w: Workflow) -> Iterator[str]:
    """What fails fails its job."""
    for name, job in w.jobs.items():
        if "continue-on-error" in str(job.document) or re.search(r"\|\| *(true|:)", job.scripts):
            yield f"{name}: a failure is overlooked"


def machines(w: Workflow) -> Iterator[str]:
    """GitHub's own, of a version: one of somebody's own keeps what a stranger's pull request leaves on it."""
    for name, job in w.jobs.items():
        if not re.fullmatch(r"ubuntu-\d\d\.\d\d", str(job.document["runs-on"])):
            yield f"{name} runs on {job.document['runs-on']}"


def pythons(w: Workflow) -> Iterator[str]:
    """The version that the program is for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    minor = re.findall(r"\d+\.\d+", project["requires-python"])[0]
    steps = [step for job in w.jobs.values() for step in job.steps if step.action == "actions/setup-python"]
    if not steps or any(step.inputs["python-version"] != minor for step in steps):
        yield f"not all jobs have Python {minor}"
    if not str(w.jobs["tests"].document["container"]["image"]).startswith(f"python:{minor}-"):
        yield f"the tests' container has no Python {minor}"


def releases(w: Workflow) -> Iterator[str]:
    """Tags are checked before anything else, nothing else is; and whoever looks at history is given it."""
    for job in w.jobs.values():
        looks = any(f"{started} " in f"{job.scripts} " for started in _HISTORY)
        if looks and job.using("actions/checkout").inputs.get("fetch-depth") != 0:
            yield f"{job.name} has no history to look at"
    [check] = [step for step in w.jobs["quality"].steps if "scripts/is-release" in step.script]
    checked = {name for name, run in RUNS.items() if check.happens(run)}
    if checked != {name for name, run in RUNS.items() if run["ref"].startswith("refs/tags/")}:
        yield f"it is asked whether these are releases: {checked}"


def told(w: Workflow) -> Iterator[str]:
    """The script that tells Slack is given what it reads, and how each job ended."""
    read = set(_READ.findall((ROOT / "scripts" / "notify").read_text(encoding="utf-8")))
    given = w.jobs["notify"].steps[-1].document["env"]
    if different := {name for name in read if not name.startswith("GITHUB_")} ^ given.keys():
        yield f"scripts/notify reads or is given, not both: {different}"
    if "github.event.head_commit." not in str(given.get("COMMIT_MESSAGE")):
        yield "Slack is not told which commit it was"
    if given.get("RESULTS") != "${{ toJSON(needs) }}":
        yield "Slack is not told how each job ended"


def clusters(w: Workflow) -> Iterator[str]:
    """The cluster's account is written where nobody else reads it, and used from there."""
    for name in DEPLOYMENTS:
        job = w.jobs[name]
        [write] = [step for step in job.steps if "umask 077" in step.script] or [None]
        [use] = [step for step in job.steps if "scripts/deploy" in step.script]
        file = re.findall(r'>("\$RUNNER_TEMP/\w+")', write.script) if write else []
        if not file or f"KUBECONFIG={file[0]} scripts/deploy" not in use.script:
            yield f"{name}: the cluster's account is not used, or others can read it"


def published(w: Workflow) -> Iterator[str]:
    """What was built is pushed where it was logged in to, under the tags that are told, and named by its digest."""
    job = w.jobs["image"]
    build = job.using("docker/build-push-action").inputs
    tags = job.using("docker/metadata-action").inputs
    if set(tags["tags"].split()) != _TAGS or tags.get("flavor") != "latest=false":
        yield "the image is tagged otherwise than is told"
    if build["tags"] != "${{ steps.tags.outputs.tags }}" or tags["images"] != "${{ steps.name.outputs.name }}":
        yield "the image is pushed under other names"
    if job.document["outputs"]["reference"] != "${{ steps.name.outputs.name }}@${{ steps.build.outputs.digest }}":
        yield "what is deployed is not what was built"
    if job.using("docker/login-action").inputs["registry"] != "ghcr.io":
        yield "it is logged in elsewhere"
    emulated = job.using("docker/setup-qemu-action").inputs["platforms"].split(",")
    if set(build["platforms"].split(",")) - {"linux/amd64"} != {f"linux/{name}" for name in emulated}:
        yield f"what can be built is for {emulated}"
    source = "SOURCE=${{ github.server_url }}/${{ github.repository }}"
    if not {"REVISION=${{ github.sha }}", source} <= set(build["build-args"].splitlines()):
        yield "the image does not say of which commit it is"


def looked_at(w: Workflow) -> Iterator[str]:
    """What ships is looked at: the lock, the image that was pushed, the sources; one finding hides no other."""
    job = w.jobs["security"]
    if "--requirement requirements.lock\n" not in f"{job.scripts}\n":
        yield "another lock is looked at"
    trivy = {step.inputs["scan-type"]: step.inputs for step in job.steps if step.action.endswith("trivy-action")}
    if trivy["image"]["image-ref"] != "${{ needs.image.outputs.reference }}":
        yield "another image is looked at"
    if any(inputs["severity"] != "HIGH,CRITICAL" for inputs in trivy.values()):
        yield "other findings count"
    if set(trivy["fs"]["scanners"].split(",")) != {"vuln", "secret"}:
        yield "the sources are not looked through for secrets"
    if set(job.using("github/codeql-action/init").inputs["languages"].split(",")) != _LANGUAGES:
        yield "CodeQL reads other languages"
    yield from _after_a_finding(job)


def _after_a_finding(job: Job) -> Iterator[str]:
    [first] = [number for number, step in enumerate(job.steps) if "pip-audit" in step.script]
    uploads = [step for step in job.steps if step.action.endswith("/upload-sarif")]
    for step in job.steps[first + 1 :]:
        if "!cancelled()" not in str(step.document.get("if")):
            yield f"a finding hides what comes after: {step.document.get('name')}"
    for step in uploads:
        if f"hashFiles('{step.inputs['sarif_file']}')" not in str(step.document.get("if")):
            yield f"{step.inputs['sarif_file']} is told whether it is there or not"
    if len({step.inputs["category"] for step in uploads}) < len(uploads):
        yield "one upload takes the place of the other"


CHECKS: tuple[Callable[[Workflow], Iterator[str]], ...] = (
    *(unforgiven, machines, pythons, releases, told, clusters, published, looked_at),
)
