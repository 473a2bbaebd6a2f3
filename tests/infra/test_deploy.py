"""What the pipeline starts: a deployment that takes back what does not serve, the check of a tag, and word to Slack."""

import asyncio
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from aiohttp import web

from continuum.version import VERSION
from tests.support.compose import ROOT
from tests.support.locked import locked_program
from tests.support.manifests import OURS, OVERLAYS, Manifests, is_ours, rendered

DIGEST = f"ghcr.io/some-owner/continuum@sha256:{'7' * 64}"
TAGGED = "localhost:5000/continuum:1.2.3"
NAMESPACES = {"dev": "continuum-dev", "staging": "continuum-staging", "production": "continuum"}
FAKE = """#!/usr/bin/env bash
# A cluster that notes what it is told. FAILS: calls that fail the first time; EMPTY: nothing is there yet.
words="$*"
case "$words" in
kustomize*) exec "$REAL" "$@" ;;
*"get deployment"*) [ -n "$EMPTY" ] || { case "$words" in *api*) echo 4 ;; *) echo 9 ;; esac; } ;;
*apply*) cp "$5" "$NOTES.yaml" ;;
esac
echo "$words" >>"$NOTES"
if [ -n "$FAILS" ] && [[ "$words" =~ $FAILS ]] && [ "$(grep -cxF -- "$words" "$NOTES")" = 1 ]; then exit 1; fi
"""


def deploy(tmp_path: Path, *arguments: str, fails: str = "", empty: str = "") -> tuple[int, list[str], str]:
    """Its exit code, what the cluster was told in which order, and what was said."""
    programs = tmp_path / "venv-infra" / "bin"
    programs.mkdir(parents=True)
    (programs / "kubectl").write_text(FAKE, encoding="utf-8")
    (programs / "kubectl").chmod(0o755)
    lock = (ROOT / "requirements-infra.lock").read_bytes()
    (tmp_path / "venv-infra" / ".locked").write_text(hashlib.sha256(lock).hexdigest(), encoding="utf-8")
    notes = tmp_path / "notes"
    notes.touch()
    given = {
        "DATA_DIR": str(tmp_path),
        "NOTES": str(notes),
        "REAL": locked_program("kubectl"),
        "FAILS": fails,
        "EMPTY": empty,
    }
    command = [str(ROOT / "scripts" / "deploy"), *arguments]
    ran = subprocess.run(command, env=os.environ | given, capture_output=True, text=True, timeout=60, check=False)
    return ran.returncode, [without(line, tmp_path) for line in notes.read_text().splitlines()], ran.stderr


def without(line: str, folder: Path) -> str:
    """A call, without the namespace that each has, and the name of the file that is made for it."""
    words = [word for word in line.split(" ") if not word.startswith(str(folder))]
    return " ".join(words[2:])


APPLY_FIRST = "apply --filename --selector app.kubernetes.io/component notin (api, worker, backup)"
BEFORE = [f"get deployment {name} --ignore-not-found" for name in ("api", "worker")]
MIGRATION = ["delete job migrate --ignore-not-found", APPLY_FIRST]
WAIT = "wait --for=condition=complete job/migrate --timeout={}"
STATUS = "rollout status deployment/{} --timeout={}"


def told(calls: list[str]) -> list[str]:
    """The calls, without how a revision is asked for."""
    return [call.partition(" -o ")[0] for call in calls]


@pytest.mark.parametrize("image", [DIGEST, TAGGED])
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_migration_comes_before_the_processes(overlay: str, image: str, tmp_path: Path) -> None:
    """All but API and workers is applied, the migration waited for, then the rest; all with the image named."""
    code, calls, said = deploy(tmp_path, overlay, image, "--timeout", "10m")
    assert code == 0, said
    statuses = [STATUS.format(name, "10m") for name in ("api", "worker")]
    assert told(calls) == [*BEFORE, *MIGRATION, WAIT.format("10m"), "apply --filename", *statuses]
    assert said == f"{image} serves in {NAMESPACES[overlay]}.\n"
    applied = Manifests(list(yaml.safe_load_all((tmp_path / "notes.yaml").read_text(encoding="utf-8"))))
    images = {c["image"] for w in applied.workloads() for c in w.every_container}
    assert {found for found in images if OURS in found} == {image}
    assert not list(tmp_path.glob("deploy.*"))


def test_it_speaks_to_the_namespace_of_the_overlay(tmp_path: Path) -> None:
    """Each call names it."""
    deploy(tmp_path, "staging", DIGEST)
    lines = (tmp_path / "notes").read_text(encoding="utf-8").splitlines()
    assert {line.partition(" get ")[0].partition(" apply ")[0].split()[1] for line in lines} == {"continuum-staging"}


def test_whoever_reads_the_schema_comes_after_its_migration() -> None:
    """So that what is left behind when it fails still fits the schema: a new backup would refuse the old one."""
    workloads = rendered("production", every=True).workloads()
    ours = {w.component for w in workloads if any(map(is_ours, w.containers))}
    assert set(APPLY_FIRST.partition("notin (")[2].rstrip(")").split(", ")) == ours - {"migrate"}


def test_a_cluster_that_cannot_be_asked_is_left_alone(tmp_path: Path) -> None:
    """Without knowing what serves now, nothing could be taken back."""
    code, calls, _ = deploy(tmp_path, "production", DIGEST, fails="get deployment worker")
    assert (code, told(calls)) == (1, BEFORE)


@pytest.mark.parametrize("fails", ["wait ", "delete job", "notin"])
def test_a_migration_that_fails_leaves_the_processes_alone(fails: str, tmp_path: Path) -> None:
    """Nothing is replaced, and so nothing taken back; what the migration said is shown."""
    code, calls, said = deploy(tmp_path, "production", DIGEST, fails=fails)
    assert code == 1
    assert "apply --filename" not in told(calls)
    assert not [call for call in calls if call.startswith("rollout")]
    assert "API and workers were not touched" in said
    assert ("logs job/migrate --tail=50" in calls) == (fails == "wait ")


@pytest.mark.parametrize("fails", ["status deployment/api", "status deployment/worker", r"apply --filename \S+$"])
def test_what_does_not_serve_is_taken_back(fails: str, tmp_path: Path) -> None:
    """API and workers go to the revision that each had before, and are waited for; the deployment has failed."""
    code, calls, said = deploy(tmp_path, "production", DIGEST, fails=fails)
    assert code == 1
    back = []
    for name, revision in (("api", 4), ("worker", 9)):
        back += [f"rollout undo deployment/{name} --to-revision={revision}", STATUS.format(name, "5m")]
    assert told(calls)[-4:] == back
    assert "api is back at revision 4.\nworker is back at revision 9.\n" in said


def test_what_cannot_be_taken_back_is_told(tmp_path: Path) -> None:
    """And the other is taken back all the same."""
    code, _, said = deploy(tmp_path, "staging", DIGEST, fails="status deployment/worker|undo deployment/api")
    assert code == 1
    assert "api could not be taken back to revision 4" in said
    assert said.endswith("worker is back at revision 9.\n")


def test_before_the_first_release_there_is_nothing_to_go_back_to(tmp_path: Path) -> None:
    """That is told, and nothing is undone."""
    code, calls, said = deploy(tmp_path, "staging", DIGEST, fails="status deployment/api", empty="yes")
    assert code == 1
    assert "There is no api to go back to." in said
    assert not [call for call in calls if "undo" in call]


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nowhere", DIGEST),
        ("../base", DIGEST),
        ("staging",),
        ("staging", "continuum"),
        ("staging", "continuum@sha256:12"),
        ("staging", "continuum:1' }]"),
        ("staging", DIGEST, "--timeout"),
        ("staging", DIGEST, "--timeout", "soon"),
        ("staging", DIGEST, "--force"),
        ("staging", DIGEST, ""),
        ("staging", DIGEST, "--timeout", "5m", "--force"),
    ],
)
def test_wrong_arguments_change_nothing(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """They are refused before a cluster is spoken to."""
    code, calls, said = deploy(tmp_path, *arguments)
    assert (code, calls) == (2, [])
    assert "Usage: scripts/deploy" in said


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A clone of a repository, with a commit on main and another beside it."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "continuum").mkdir()
    shutil.copy(ROOT / "scripts" / "is-release", tmp_path / "scripts")
    shutil.copy(ROOT / "continuum" / "version.py", tmp_path / "continuum")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "one")
    git(tmp_path, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(tmp_path, "tag", f"v{VERSION}")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "beside")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    """One command, of nobody in particular."""
    nobody = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *nobody, *arguments], cwd=folder, timeout=20, check=True)


def is_release(folder: Path, *arguments: str) -> tuple[int, str]:
    """Its exit code, and what it said."""
    command = [str(folder / "scripts" / "is-release"), *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    return ran.returncode, ran.stdout + ran.stderr


def test_a_tag_of_the_version_on_main_is_a_release(repository: Path) -> None:
    """Also where main has gone on since."""
    assert is_release(repository, f"v{VERSION}") == (0, f"v{VERSION} is a release.\n")
    git(repository, "update-ref", "refs/remotes/origin/main", "HEAD")
    assert is_release(repository, f"v{VERSION}")[0] == 0
    git(repository, "tag", "-f", "-a", "-m", "annotated", f"v{VERSION}")
    assert is_release(repository, f"v{VERSION}")[0] == 0


def test_another_tag_is_none(repository: Path) -> None:
    """One beside main, one that is not the program's version, and what is no version at all."""
    git(repository, "tag", "-f", f"v{VERSION}")
    assert is_release(repository, f"v{VERSION}") == (1, f"The commit of v{VERSION} does not lie on main.\n")
    git(repository, "tag", "v99.0.0", "main~1")
    assert is_release(repository, "v99.0.0")[0] == 1
    assert [is_release(repository, *words)[0] for words in ((), ("latest",), (VERSION,))] == [2, 2, 2]


RESULTS = {name: {"result": "success", "outputs": {}} for name in ("quality", "tests", "image")}
ENVIRONMENT = {
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_REPOSITORY": "owner/continuum",
    "GITHUB_SHA": "0123abc" + "0" * 33,
    "GITHUB_REF_NAME": "develop",
    "GITHUB_RUN_ID": "7",
    "COMMIT_MESSAGE": "Say <!channel> & more\n\nAt length.",
    "COMMIT_AUTHOR": "Ada",
}


async def notified(status: int, *, pasted: str = "", **changed: str) -> tuple[int, str, list[str]]:
    """Its exit code, what it said, and the texts that Slack was told at an address that ends with what was pasted."""
    texts: list[str] = []

    async def slack(request: web.Request) -> web.Response:
        texts.append((await request.json())["text"])
        return web.Response(text="ok", status=status)

    app = web.Application()
    app.router.add_post("/services/secret", slack)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        address = f"http://127.0.0.1:{runner.addresses[0][1]}/services/secret{pasted}"
        code, said = await _notify({"SLACK_WEBHOOK_URL": address, **changed})
    finally:
        await runner.cleanup()
    return code, said, texts


async def _notify(given: dict[str, str]) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        ROOT / "scripts" / "notify",
        env={"PATH": os.environ["PATH"], "RESULTS": json.dumps(RESULTS), **ENVIRONMENT, **given},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode is not None
    return process.returncode, said.decode()


@pytest.mark.parametrize(
    ("result", "whole"),
    [("success", "success"), ("skipped", "success"), ("failure", "failure"), ("cancelled", "cancelled")],
)
async def test_slack_is_told_of_every_outcome(result: str, whole: str) -> None:
    """The branch and the outcome; the commit, its subject and author; each job. What somebody wrote calls nobody."""
    results = RESULTS | {"staging": {"result": result, "outputs": {}}}
    code, _, [text] = await notified(200, RESULTS=json.dumps(results))
    assert code == 0
    first, second, third = text.splitlines()
    assert first.endswith(f"*owner/continuum* develop: {whole}")
    commit = "https://github.example/owner/continuum/commit/" + ENVIRONMENT["GITHUB_SHA"]
    assert second == f"<{commit}|0123abc> Say &lt;!channel&gt; &amp; more (Ada)"
    assert third.startswith("<https://github.example/owner/continuum/actions/runs/7|the run>: ")
    assert [part.split()[-1] for part in third.partition(": ")[2].split(", ")] == list(results)


async def test_without_a_webhook_nobody_is_told() -> None:
    """And that is no failure."""
    code, said, texts = await notified(200, SLACK_WEBHOOK_URL="")
    assert (code, texts) == (0, [])
    assert "not set" in said


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"SLACK_WEBHOOK_URL": "127.0.0.1/services/secret"},
        {"SLACK_WEBHOOK_URL": "http://127.0.0.1:9/services/secret"},
        {"SLACK_WEBHOOK_URL": "http://127.0.0.1/services/ secret"},
        {"SLACK_WEBHOOK_URL": "http://127.0.0.1:port/services/secret"},
        {"SLACK_WEBHOOK_URL": "file:///services/secret"},
    ],
)
async def test_a_slack_that_does_not_listen_is_told(changed: dict[str, str]) -> None:
    """Without its address, which is a secret: also where that was written down wrongly."""
    code, said, _ = await notified(500, **changed)
    assert code == 1
    assert "Slack was not told" in said
    assert "secret" not in said


async def test_a_line_break_after_the_address_does_no_harm() -> None:
    """As it is left by whoever pastes a secret."""
    code, _, texts = await notified(200, pasted="\n")
    assert (code, len(texts)) == (0, 1)
