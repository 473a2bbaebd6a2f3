"""What the operator's pages name exists, what they add up is right, and what they tell to type can be typed."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml
from graphql import build_schema, parse, validate

from providers.knowledge.openai.source import OpenAiSource
from providers.knowledge.port import Question, Subject
from providers.openai.config import OpenAiConfig
from tests.support import operator_pages as look
from tests.support.locked import locked_program
from tests.support.manifest_capacity import needed_by, quantity, replicas
from tests.support.manifest_references import settings_of
from tests.support.manifests import (
    OURS,
    ROOT,
    Manifests,
    build,
    copied_to,
    is_ours,
    matches,
    rendered,
    values_of,
)
from tests.support.operator_pages import Page

Check: TypeAlias = Callable[[Page], Iterator[str]]

PAGES = {page.path.stem: page for page in look.pages()}
CHECKS: tuple[Check, ...] = (
    look.links,
    look.fences,
    look.paths,
    look.settings,
    look.programs,
    look.objects,
    look.places,
    look.alerts,
    look.metrics,
)
DOCUMENTS = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")} - {page.path for page in PAGES.values()})
SCHEMA = build_schema((ROOT / "schema" / "schema.graphql").read_text(encoding="utf-8"))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
@pytest.mark.parametrize("page", PAGES.values(), ids=str)
def test_what_a_page_names_is_there(page: Page, check: Check) -> None:
    """No link, path, setting, command, object, label, alert or metric leads nowhere."""
    assert list(check(page)) == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_link_leads_somewhere(path: Path) -> None:
    """In the other documents too."""
    assert list(look.links(Page(path, path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (look.links, "[a](nowhere.md)"),
        (look.links, "[a](README.md#nowhere)"),
        (look.fences, "```sh\nfor\n```"),
        (look.fences, "```console\n$ echo 'a\n```"),
        (look.fences, "```yaml\na: [\n```"),
        (look.paths, "`infra/kubernetes/overlays/productoin`"),
        (look.settings, "`LEASE_SECOND`"),
        (look.settings, "```sh\nNEO4J_USERS=a\n```"),
        (look.programs, "`continuum migrat --check`"),
        (look.programs, "```console\n$ continuum --workspace a restore --at b --to c\n```"),
        (look.programs, '`["restore", "--onto", "a"]`'),
        (look.programs, "`kubectl -n continuum exec POD -- continuum doctor`"),
        (look.objects, "`kubectl -n continuum rollout undo deployment/apis`"),
        (look.objects, "```console\n$ kubectl -n continuum delete pvc data-neo4j-1\n```"),
        (look.places, "`kubectl -n continum get pods`"),
        (look.places, "`kubectl -n continuum logs deployment/api -c scheme`"),
        (look.places, "`-l app.kubernetes.io/component=apis`"),
        (look.alerts, "[Neo4jDown](alerts.md#redisdown)"),
        (look.alerts, "[Neo4jGone](alerts.md#neo4jgone)"),
        (look.metrics, "```promql\nsum(rate(http_request_total[5m]))\n```"),
    ],
)
def test_what_is_not_there_is_found(check: Check, text: str) -> None:
    """Each check finds a mistake of its kind."""
    assert len(list(check(Page(look.FOLDER / "page.md", text)))) == 1


def test_every_page_is_short_and_in_the_index() -> None:
    """Whoever looks something up at night reads no book, and finds the page; alerts lead to sections of theirs."""
    index = PAGES["README"].text
    for path in look.FOLDER.glob("*.md"):
        assert path.name == "README.md" or f"]({path.name})" in index
    read = [page for name, page in PAGES.items() if name != "alerts"]
    assert not {str(page): lines for page in read if (lines := page.text.count("\n")) > 150}


def test_what_is_asked_by_graphql_can_be_asked() -> None:
    """Requests in commands and between back-quotes fit the schema."""
    typed = "\n".join(command for page in PAGES.values() for command in page.commands)
    bodies = [json.loads(body)["query"] for body in re.findall(r"-d '([^']+)'", typed)]
    spans = [span for page in PAGES.values() for span in page.spans if re.match(r"\{ \w+ \{", span)]
    assert len(bodies) >= 3
    assert spans
    for query in (*bodies, *spans):
        assert validate(SCHEMA, parse(query)) == [], query


def test_each_path_of_the_first_description_has_an_operation() -> None:
    """The table of operations names such as the schema has."""
    table = PAGES["changes-of-plan"].text
    named = [(kind, name) for kind, names in re.findall(OPERATIONS, table) for name in re.findall(r"`(\w+)`", names)]
    assert len(named) >= 9
    for kind, name in named:
        assert name in getattr(SCHEMA, f"{kind.rstrip('s') if kind != 'queries' else 'query'}_type").fields


OPERATIONS = r"(query|queries|mutation|subscription) ((?:`\w+`(?:,? (?:and|or) )?)+)"


def test_a_page_tells_how_long_pods_take_to_end() -> None:
    """Hook, drain, steps and five seconds more; and how long they are given."""
    sums = {}
    for name in ("api", "worker"):
        workload = rendered("production").workload(name)
        [container] = workload.containers
        settings = settings_of(rendered("production"), container)
        hook = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds")
        parts = [*([hook] if hook else []), int(settings.drain_seconds), int(settings.shutdown_seconds), 5]
        sums[name] = f"{' + '.join(map(str, parts))} = {sum(parts)} s"
        given = workload.pod["terminationGracePeriodSeconds"]
        assert re.search(rf"{re.escape(sums[name])} of (the )?{given}\b", _flat("upgrades"))


def test_a_page_adds_up_what_runs() -> None:
    """Pods, cores and memory of each part, at the least and at the most."""
    least, most = [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]
    for name in ("api", "worker", "neo4j", "redis", "redis-cache", "jaeger"):
        few, many = _requests(name)
        assert f"| `{name}` | {_range(few, many)} |" in PAGES["cost"].text
        least = [a + b for a, b in zip(least, few, strict=True)]
        most = [a + b for a, b in zip(most, many, strict=True)]
    assert f"| all | {_range(least, most)} |" in PAGES["cost"].text
    assert f"{least[1]:g} cores and {least[2]:.1f} GiB" in PAGES["first-deployment"].text


def _requests(name: str) -> tuple[list[float], list[float]]:
    everything = look.everything()
    workload = everything.workload(name)
    needed = needed_by(workload)
    one = [1.0, needed["requests.cpu"], needed["requests.memory"] / quantity("1Gi")]
    fewest, most = replicas(everything, workload)
    return [fewest * part for part in one], [most * part for part in one]


def _range(least: list[float], most: list[float]) -> str:
    return " | ".join(f"{a:g}" if a == b else f"{a:g} to {b:g}" for a, b in zip(least, most, strict=True))


def test_a_page_tells_what_a_step_costs_at_most() -> None:
    """The program's own reservation for a usual question, at the default prices."""
    question = Question(Subject("origami", summary="Folding paper."), breadth=12, path=("paper",))
    price = OpenAiSource(OpenAiConfig(api_key="key")).price(question)
    assert f"{price.tokens:,} tokens                $0.0188" in PAGES["cost"].text
    assert f"{price.cost_usd:.4f}" == "0.0188"
    assert f"1 / 0.0188 = {1 / price.cost_usd:.0f} steps" in PAGES["cost"].text


def test_the_image_is_put_into_the_manifests(tmp_path: Path) -> None:
    """What the pages call `manifests` names the image wherever our own runs, and changes nothing else."""
    [script] = [body for body in PAGES["README"].of("sh") if "manifests()" in body]
    text = yaml.safe_dump_all(rendered("production").documents)
    (tmp_path / "rendered.yaml").write_text(text, encoding="utf-8")
    script = re.sub(r"kubectl kustomize \S+", "cat rendered.yaml", script) + "manifests"
    ran = subprocess.run(["bash"], input=script, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=True)
    assert ran.stdout == text.replace(f"image: {OURS}\n", "image: ghcr.io/OWNER/continuum:1.2.3\n")
    assert OURS not in {c["image"] for w in _manifests(ran.stdout).workloads() for c in w.every_container}


def _manifests(text: str) -> Manifests:
    return Manifests(list(yaml.safe_load_all(text)))


def test_a_second_deployment_stands_beside_the_first(tmp_path: Path) -> None:
    """It has pods of its own, which the Service and the policies know and the first Deployment's count does not."""
    m = rendered("production")
    made = _patched(m.one("Deployment", "api"), "strategic", PAGES["releases"].of("yaml")[0], tmp_path)
    labels = made["spec"]["template"]["metadata"]["labels"]
    assert made["metadata"]["name"] == "api-second"
    assert matches(made["spec"]["selector"], labels)
    assert not matches(made["spec"]["selector"], m.workload("api").labels)
    assert matches({"matchLabels": m.one("Service", "api")["spec"]["selector"]}, labels)
    assert matches(m.one("NetworkPolicy", "api")["spec"]["podSelector"], labels)
    pod = made["spec"]["template"]["spec"]
    assert {c["image"] for c in (*pod["initContainers"], *pod["containers"])} == {"ghcr.io/OWNER/continuum:1.3.0"}
    assert pod["containers"][0]["envFrom"] == m.workload("api").containers[0]["envFrom"]


def test_the_service_is_held_and_switched(tmp_path: Path) -> None:
    """Held to one ReplicaSet it takes no pod of the second set; switched, only those; let go, it is as before."""
    service = rendered("production").one("Service", "api")
    text = "\n".join(PAGES["releases"].of("sh"))
    held = _patched(service, "merge", '{"spec": {"selector": {"pod-template-hash": "abc"}}}', tmp_path)
    switch, release = re.findall(r"--type=json --patch '(\[.*?\])'", text, re.DOTALL)
    switched = _patched(held, "json", switch, tmp_path)
    assert switched["spec"]["selector"] == service["spec"]["selector"] | {"app.kubernetes.io/instance": "second"}
    assert _patched(switched, "json", release, tmp_path)["spec"]["selector"] == service["spec"]["selector"]


def test_a_restore_is_a_backup_with_other_arguments(tmp_path: Path) -> None:
    """It may do what a backup may, and has room for the files that it fetches."""
    template = look.everything().one("CronJob", "backup")["spec"]["jobTemplate"]
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "restore"}, "spec": template["spec"]}
    [patch] = re.findall(r"--type=json -o json -p '(\[.*?\])' \|", PAGES["disaster-recovery"].text, re.DOTALL)
    [container] = _patched(job, "json", patch, tmp_path)["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["restore"]
    assert {"name": "DATA_DIR", "value": "/tmp"} in container["env"]
    assert "/tmp" in {mount["mountPath"] for mount in container["volumeMounts"]}


def test_a_proxy_can_take_the_place_of_the_password(tmp_path: Path) -> None:
    """The patch of the page changes who is let in to the API, and nothing else of the Ingress."""
    before = rendered("production").one("Ingress", "api")["metadata"]["annotations"]
    patched = _with_patches(yaml.safe_load(PAGES["first-deployment"].of("yaml")[0]), tmp_path)
    after = patched.one("Ingress", "api")["metadata"]["annotations"]
    gone, new = (
        {f"nginx.ingress.kubernetes.io/auth-{name}" for name in names}
        for names in (["type", "secret", "realm"], ["url", "signin"])
    )
    assert set(before) - set(after) == gone
    assert set(after) - set(before) == new
    assert all(after[name] == value for name, value in before.items() if name not in gone)


def test_an_image_that_is_not_public_can_be_fetched(tmp_path: Path) -> None:
    """The patch of the page gives the registry's key to the pods that run the program, and to no others."""
    patched = _with_patches(yaml.safe_load(PAGES["secrets"].of("yaml")[0]), tmp_path)
    given = {a["metadata"]["name"] for a in patched.of("ServiceAccount") if a.get("imagePullSecrets")}
    ours = [w for w in patched.workloads() if any(map(is_ours, w.every_container))]
    assert given == {w.pod["serviceAccountName"] for w in ours}
    assert "secret docker-registry registry " in PAGES["secrets"].text
    assert {s["name"] for s in chain.from_iterable(values_of(patched.documents, "imagePullSecrets"))} == {"registry"}


def _with_patches(patches: list[dict[str, Any]], folder: Path) -> Manifests:
    overlay = copied_to(folder) / "overlays" / "production"
    file = overlay / "kustomization.yaml"
    whole = yaml.safe_load(file.read_text(encoding="utf-8"))
    whole["patches"] += patches
    file.write_text(yaml.safe_dump(whole), encoding="utf-8")
    return Manifests(build(overlay))


def test_a_mesh_knows_accounts_and_ports() -> None:
    """The policies of the page are about accounts and ports that there are."""
    m = look.everything()
    documents = [d for body in PAGES["mesh"].of("yaml") for d in yaml.safe_load_all(body)]
    accounts = re.findall(r"cluster\.local/ns/continuum/sa/([\w-]+)", json.dumps(documents))
    assert len(accounts) == 4
    assert set(accounts) <= m.names("ServiceAccount")
    for policy in (d for d in documents if d["kind"] == "AuthorizationPolicy"):
        [workload] = [w for w in m.workloads() if matches(policy["spec"]["selector"], w.labels)]
        ports = {int(p) for rule in policy["spec"]["rules"] for to in rule["to"] for p in to["operation"]["ports"]}
        assert ports <= set(workload.ports.values())


def _patched(document: dict[str, Any], type: str, patch: str, folder: Path) -> dict[str, Any]:
    file, change = folder / "object.json", folder / "patch.yaml"
    file.write_text(json.dumps(document), encoding="utf-8")
    change.write_text(patch, encoding="utf-8")
    change_it = [f"--type={type}", "--patch-file", str(change)]
    command = [locked_program("kubectl"), "patch", "--local", "-f", str(file), *change_it, "-o", "json"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return dict(json.loads(ran.stdout))


def _flat(name: str) -> str:
    return " ".join(PAGES[name].text.split())
