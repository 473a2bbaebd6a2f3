"""The pipeline for GitHub is sound and safe, and does what docs/development.md says."""

import os
import shutil
import subprocess
from itertools import chain
from pathlib import Path

import pytest
import yaml

from tests.support import workflow_checks, workflow_steps
from tests.support.compose import ROOT
from tests.support.locked import locked_program
from tests.support.workflow import ACTIONLINT, DEPENDABOT, GITHUB, PIPELINE, read

CHECKS = (*workflow_checks.CHECKS, *workflow_steps.CHECKS)
TEXT = PIPELINE.read_text(encoding="utf-8")
CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
MUTATIONS = [
    (CHECKOUT, "actions/checkout@v7", "not named by a commit"),
    (CHECKOUT, CHECKOUT.replace("3d3c42e", "3d3c42f"), "actions/checkout in two versions"),
    (" # v7.3.0", "", "not named by a commit"),
    ("  notify:\n", "  tell:\n", "the jobs are others"),
    ("needs: [quality, tests]", "needs: [quality]", "the jobs are others"),
    ("needs: [image, security]", "needs: [image]", "the jobs are others"),
    ("    if: github.event_name == 'push'\n    runs-on", "    runs-on", "a pull request has the jobs"),
    ("github.ref == 'refs/heads/develop'", "github.ref == 'refs/heads/main'", "`develop` has the jobs"),
    ("startsWith(github.ref, 'refs/tags/v')", "github.ref == 'refs/heads/main'", "`main` has the jobs"),
    ("branches: [main, develop]", "branches: [main]", "other branches"),
    ("  pull_request:", "  pull_request_target:", "it is started by"),
    ('tags: ["v[0-9]+.[0-9]+.[0-9]+"]', 'tags: ["v.*"]', "tags are taken for releases"),
    ("        if: github.event_name == 'push'\n        uses: codecov", "        uses: codecov", "is given a secret"),
    ("      REDIS_URL: redis", "      TOKEN: ${{ secrets.TOKEN }}\n      REDIS_URL: redis", "is given a secret"),
    ("secrets.CODECOV_TOKEN", "secrets.KUBECONFIG", "not the job for the cluster's secret"),
    ("secrets.SLACK_WEBHOOK_URL", "secrets.SLACK_WEBHOOK", "not both: {'SLACK_WEBHOOK"),
    ("permissions:\n  contents: read", "permissions:\n  contents: write", "all jobs may"),
    ("      packages: write # GHCR\n", "      packages: write\n      id-token: write\n", "image may"),
    ("          persist-credentials: false\n", "          persist-credentials: true\n", "quality keeps credentials"),
    ("    timeout-minutes: 90\n", "", "tests has no time limit"),
    ("github.event_name == 'pull_request' }}", "github.event_name == 'push' }}", "cuts off a deployment"),
    ("group: deploy-production", "group: deploy-staging", "production: two deployments at once"),
    ("scripts/deploy production", "scripts/deploy staging", "production is deployed otherwise"),
    ("--timeout 5m", "--timeout 50m", "staging is deployed otherwise"),
    ("timeout-minutes: 30\n", "timeout-minutes: 20\n", "staging may be cut off"),
    ("    environment: production\n", "", "production is in no environment"),
    ("scripts/is-release", "scripts/is-released", "cannot be started"),
    ('pip-audit" --strict', 'pip-audit"', "nobody starts --strict"),
    ("ghcr.io/${{ github.repository }}", "ghcr.io/${{ github.actor }}/continuum", "the image has another name"),
    ("linux/amd64,linux/arm64", "linux/amd64", "built otherwise: ['platforms']"),
    ("sbom: true", "sbom: false", "built otherwise: ['sbom']"),
    ("REVISION=", "COMMIT=", "the Dockerfile takes no {'COMMIT'}"),
    ("format: sarif", "format: table", "Trivy does not look at"),
    ("sarif_file: sources.sarif", "sarif_file: image.sarif", "not all that Trivy finds is told"),
    ("codeql-action/analyze@", "codeql-action/autobuild@", "CodeQL does not read"),
    ("image: redis:7", "image: redis:6", "tests have another redis"),
    ("NEO4J_PASSWORD: continuum", "NEO4J_PASSWORD: other", "tests cannot log in"),
    ("bolt://neo4j:7687", "bolt://localhost:7687", "tests do not find their servers"),
    ("files: data/coverage.xml", "files: coverage.xml", "the coverage that is told"),
    (f"go run {ACTIONLINT} ", "actionlint ", "nobody starts go run"),
    ("run: scripts/check", "run: scripts/check || true", "a failure is overlooked"),
    ("        run: .ci/run", "        continue-on-error: true\n        run: .ci/run", "a failure is overlooked"),
    ("runs-on: ubuntu-24.04", "runs-on: self-hosted", "quality runs on self-hosted"),
    ('python-version: "3.11"', 'python-version: "3.12"', "not all jobs have Python"),
    ("python:3.11-bookworm", "python:3.12-bookworm", "the tests' container"),
    ("if: startsWith(github.ref, 'refs/tags/')", "if: startsWith(github.ref, 'refs/heads/')", "these are releases"),
    ("          fetch-depth: 0 # where main is, for the last step\n", "", "quality has no history"),
    ("          fetch-depth: 0 # tests", "          fetch-depth: 1 # tests", "tests has no history"),
    ("          SLACK_WEBHOOK_URL: $", "          SLACK_WEBHOOK: $", "scripts/notify reads or is given"),
    ("github.event.head_commit.message", "github.sha", "which commit it was"),
    ("    timeout-minutes: 5\n", "    timeout-minutes: 500\n", "notify is given 500"),
    ('"redis-cli ping | grep -q PONG"', '"true"', "redis is not waited for"),
    ("toJSON(needs)", "toJSON(job)", "how each job ended"),
    ("          umask 077\n", "", "the cluster's account"),
    ('"$RUNNER_TEMP/kubeconfig" scripts/deploy', '"$RUNNER_TEMP/config" scripts/deploy', "the cluster's account"),
    ("          flavor: latest=false\n", "", "tagged otherwise"),
    ("tags: ${{ steps.tags.outputs.tags }}", "tags: latest", "under other names"),
    ("steps.build.outputs.digest", "steps.build.outputs.imageid", "is not what was built"),
    ("registry: ghcr.io", "registry: docker.io", "logged in elsewhere"),
    ("platforms: arm64", "platforms: s390x", "what can be built"),
    ("REVISION=${{ github.sha }}", "REVISION=${{ github.ref }}", "of which commit"),
    ("--requirement requirements.lock", "--requirement requirements-dev.lock", "another lock"),
    ("image-ref: ${{ needs.image.outputs.reference }}", "image-ref: python:3.11-slim", "another image"),
    ("severity: HIGH,CRITICAL", "severity: CRITICAL", "other findings count"),
    ("scanners: vuln,secret", "scanners: vuln", "for secrets"),
    ("languages: python,", "languages: ruby,", "other languages"),
    ("        if: ${{ !cancelled() }}\n        uses: aqua", "        uses: aqua", "hides what comes after"),
    ("hashFiles('sources.sarif')", "hashFiles('image.sarif')", "sources.sarif is told"),
    ("category: trivy-sources", "category: trivy-image", "takes the place"),
]
UNKNOWN = [
    ("    runs-on: ubuntu-24.04\n", "    run-on: ubuntu-24.04\n"),
    ("timeout-minutes: 15", "timeout-minutes: soon"),
]
UNSAFE = [
    (CHECKOUT, "actions/checkout@v7", "unpinned-uses"),
    (
        'run: scripts/is-release "$GITHUB_REF_NAME"',
        "run: scripts/is-release ${{ github.ref_name }}",
        "template-injection",
    ),
    ("          persist-credentials: false\n", "", "artipacked"),
    ("\npermissions:\n  contents: read\n", "\npermissions: write-all\n", "excessive-permissions"),
    ("  pull_request:", "  pull_request_target:", "dangerous-triggers"),
]
MISTAKEN = [
    ("needs.image.outputs.reference", "needs.image.outputs.digest"),
    ("steps.build.outputs.digest", "steps.built.outputs.digest"),
    ("startsWith(github.ref, 'refs/tags/')", "startWith(github.ref, 'refs/tags/')"),
]
DEPENDENCIES = {
    ("pip", "/"): ["requirements.lock", "pyproject.toml"],
    ("npm", "/web"): ["package-lock.json"],
    ("docker", "/"): ["Dockerfile"],
    ("docker-compose", "/infra"): ["compose.yaml"],
    ("github-actions", "/"): [".github/workflows"],
}


def run(name: str, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """A program of requirements-infra.lock."""
    command = [locked_program(name), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def written(tmp_path: Path, text: str) -> Path:
    """A repository's pipeline with this text."""
    file = tmp_path / ".github" / "workflows" / "pipeline.yml"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
def test_it_does_what_was_promised(check: object) -> None:
    """Jobs, conditions, rights, secrets, scripts and images are as they should be."""
    assert callable(check)
    assert list(check(read(TEXT))) == []


@pytest.mark.parametrize(("old", "new", "told"), MUTATIONS)
def test_a_mistake_is_noticed(old: str, new: str, told: str) -> None:
    """Each of these is caught, and its message says what it is."""
    assert old in TEXT
    workflow = read(TEXT.replace(old, new, 1))
    found = []
    for check in CHECKS:
        try:
            found += list(check(workflow))
        except (KeyError, ValueError):  # what it looks for is not there: another check says so
            continue
    assert told in "\n".join(found)


def test_nobody_is_left_out_when_it_fails() -> None:
    """Slack is told whatever became of the other jobs."""
    assert read(TEXT).jobs["notify"].document["if"].startswith("always() && ")


def test_it_keeps_to_the_schemas_of_github() -> None:
    """Those of workflows and of Dependabot."""
    for schema, file in (("github-workflows", PIPELINE), ("dependabot", DEPENDABOT)):
        checked = run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", file)
        assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(("old", "new"), UNKNOWN)
def test_what_github_does_not_know_is_noticed(old: str, new: str, tmp_path: Path) -> None:
    """A misspelt key and a value of the wrong kind are refused."""
    file = written(tmp_path, TEXT.replace(old, new, 1))
    assert run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", file).returncode == 1


def test_nothing_in_it_is_known_to_be_unsafe() -> None:
    """Zizmor finds nothing, in the pipeline and in Dependabot's settings."""
    audited = run("zizmor", "--offline", "--no-config", "--no-progress", "--format=plain", GITHUB)
    assert audited.returncode == 0, audited.stdout


@pytest.mark.parametrize(("old", "new", "told"), UNSAFE)
def test_what_is_unsafe_is_noticed(old: str, new: str, told: str, tmp_path: Path) -> None:
    """Zizmor says what it is."""
    assert old in TEXT
    file = written(tmp_path, TEXT.replace(old, new, 1))
    audited = run("zizmor", "--offline", "--no-config", "--no-progress", "--format=plain", file)
    assert audited.returncode > 0
    assert told in audited.stdout


def actionlint() -> str:
    """Where it lies: on the PATH, or made by Go. Skips where there is neither, since no wheel brings it."""
    made = Path(os.environ.get("DATA_DIR", ROOT / "data")).resolve() / "go" / "bin"
    found = shutil.which("actionlint", path=f"{made}:{os.environ['PATH']}")
    if found is None and shutil.which("go"):
        flags = {"GOBIN": str(made), "GOFLAGS": "-mod=mod"}
        subprocess.run(["go", "install", ACTIONLINT], env=os.environ | flags, timeout=240, check=False)
        found = shutil.which("actionlint", path=str(made))
    if found is None:
        pytest.skip(f"no actionlint: go install {ACTIONLINT}")
    return str(found)


def test_its_expressions_are_right(tmp_path: Path) -> None:
    """Actionlint finds no mistake, but each that is made: an output, a step or a function that there is not."""
    program = actionlint()
    for name, (old, new) in {"": ("", ""), **{str(n): case for n, case in enumerate(MISTAKEN)}}.items():
        assert old in TEXT
        file = written(tmp_path / name / "repository", TEXT.replace(old, new, 1) if name else TEXT)
        command = [program, "-shellcheck=", "-pyflakes=", str(file)]
        checked = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert checked.returncode == (1 if name else 0), checked.stdout


@pytest.mark.parametrize("repository", ["continuum/continuum", "Some-Owner/Continuum"])
def test_the_images_name_is_in_lower_case(repository: str, tmp_path: Path) -> None:
    """As GHCR wants it, whoever the owner is."""
    [step] = [step for step in read(TEXT).jobs["image"].steps if step.document.get("id") == "name"]
    output = tmp_path / "output"
    given = {"IMAGE": f"ghcr.io/{repository}", "GITHUB_OUTPUT": str(output), "PATH": os.environ["PATH"]}
    subprocess.run(["bash", "-e", "-c", step.script], env=given, timeout=20, check=True)
    assert output.read_text(encoding="utf-8") == f"name=ghcr.io/{repository.lower()}\n"


def test_dependabot_looks_at_all_that_is_pinned() -> None:
    """Python, npm, the image's bases, Compose's images and actions; each folder holds what it looks at."""
    updates = yaml.safe_load(DEPENDABOT.read_text(encoding="utf-8"))["updates"]
    assert {(update["package-ecosystem"], update["directory"]) for update in updates} == DEPENDENCIES.keys()
    assert {update["schedule"]["interval"] for update in updates} == {"weekly"}
    patterns = [group["patterns"] for update in updates for group in update.get("groups", {}).values()]
    assert all(pattern == ["*"] for pattern in patterns)
    assert all(update.get("open-pull-requests-limit", 5) > 0 for update in updates)  # none would mean: no updates
    files = chain.from_iterable(((folder, name) for name in names) for (_, folder), names in DEPENDENCIES.items())
    assert [name for folder, name in files if not (ROOT / folder.strip("/") / name).exists()] == []
