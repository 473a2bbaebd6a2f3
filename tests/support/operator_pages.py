"""What the operator's pages name, and what of it is not there: each check gives a sentence for each mistake."""

import re
import subprocess
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click
import yaml

from continuum.cli.main import cli
from continuum.settings import Settings
from tests.support.manifests import KUBERNETES, OVERLAYS, ROOT, Document, Manifests, example_secrets, rendered

FOLDER = ROOT / "docs" / "operations"
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
_SHORT = {"pvc": "PersistentVolumeClaim", "hpa": "HorizontalPodAutoscaler"}
_KINDS = ("deployment", "statefulset", "service", "job", "cronjob", "secret", "scaledobject", "externalsecret", *_SHORT)
_SECRETS = {"docker-registry", "generic", "tls"}
"""Kinds of them, as kubectl makes them."""
_MESH = {"istio-system"}
"""A namespace that none of our manifests name."""
_OTHERS = {"NEO4J_USERNAME"}
"""A variable of cypher-shell."""
_ASKED_OF_OTHERS = {"label_replace", "container_cpu_cfs_throttled_seconds_total"}
"""A function of PromQL, and a metric of cAdvisor."""
_MADE_BY_METRICS = re.compile(r"_(bucket|sum|count)$")


@dataclass(frozen=True, slots=True)
class Page:
    """A page, and what of it is to be taken literally."""

    path: Path
    text: str

    @property
    def blocks(self) -> list[tuple[str, str]]:
        """Language and content of each fence."""
        return [(language, textwrap.dedent(body)) for _, language, body in _FENCE.findall(self.text)]

    @property
    def spans(self) -> list[str]:
        """What stands between back-quotes, on one line each."""
        return [" ".join(span.split()) for span in _SPAN.findall(_FENCE.sub("", self.text))]

    @property
    def code(self) -> list[str]:
        """All of it."""
        return [*self.spans, *(body for _, body in self.blocks)]

    @property
    def commands(self) -> list[str]:
        """What is typed, as one script for each fence."""
        shell = [body for language, body in self.blocks if language == "sh"]
        return shell + [typed(body) for language, body in self.blocks if language == "console"]

    def of(self, language: str) -> list[str]:
        """The fences of a language."""
        return [body for found, body in self.blocks if found == language]

    def __str__(self) -> str:
        return self.path.name


def pages() -> list[Page]:
    """All of them."""
    files = (*sorted(FOLDER.glob("*.md")), ROOT / "docs" / "changes-of-plan.md")
    return [Page(path, path.read_text(encoding="utf-8")) for path in files]


def typed(console: str) -> str:
    """The commands of a console without what they print: a command goes on for as long as it is not complete."""
    commands: list[str] = []
    open_command = ""
    for line in console.splitlines():
        if open_command:
            open_command += f"\n{line}"
        elif line.startswith("$ "):
            open_command = line[2:]
        if open_command and not line.endswith("\\") and is_shell(open_command):
            commands.append(open_command)
            open_command = ""
    return "\n".join([*commands, *([open_command] if open_command else [])])


def is_shell(script: str) -> bool:
    """Whether bash can read it."""
    ran = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, timeout=10, check=False)
    return ran.returncode == 0


def links(page: Page) -> Iterator[str]:
    """A link leads to a file, and to a heading of it."""
    for _, target in _LINK.findall(_FENCE.sub("", page.text)):
        file, _, anchor = target.partition("#")
        path = (page.path.parent / file) if file else page.path
        if target.startswith("http"):
            continue
        if not path.exists():
            yield f"there is no {target}"
        elif anchor and anchor not in _anchors(path.read_text(encoding="utf-8")):
            yield f"there is no heading {target}"


def _anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", _FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.replace("`", "").lower()).replace(" ", "-") for title in titles}


def fences(page: Page) -> Iterator[str]:
    """Commands can be read by bash, YAML by its parser."""
    for script in page.commands:
        if not is_shell(script):
            yield f"bash cannot read: {script}"
    for body in page.of("yaml"):
        try:
            list(yaml.safe_load_all(body))
        except yaml.YAMLError as error:
            yield f"no YAML: {error}"


def paths(page: Page) -> Iterator[str]:
    """A file of the repository exists."""
    pattern = re.compile(r"(?<![\w/.])(?:infra|docs|scripts|tests|web)/[\w./-]*\w|\b[A-Z]+\.md\b")
    for name in _found(pattern, page.code):
        if not (ROOT / name).exists():
            yield f"there is no {name}"


def settings(page: Page) -> Iterator[str]:
    """A name in capitals is a setting, the key of a Secret, or stands in what deploys or is asked for."""
    known = {name.upper() for name in Settings.model_fields}.union(_OTHERS, *example_secrets().values())
    for name in _found(re.compile(r"(?<![\w$.])[A-Z][A-Z0-9]*_\w+"), page.code):
        if name not in known and not re.search(rf"\b{name}\b", _words()):
            yield f"there is no {name}"


@cache
def _words() -> str:
    files = [*(ROOT / "infra").rglob("*.y*ml"), *KUBERNETES.rglob("*.env"), ROOT / "schema" / "schema.graphql"]
    files += [ROOT / "docs" / "graphql.md", ROOT / "docs" / "pictures.md"]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def programs(page: Page) -> Iterator[str]:
    """A command of the program, and its options, are there: typed, or as the arguments of a container. Within
    the image it is a module and no command."""
    line = re.compile(r"(?:^|-m )continuum ((?:--\w[\w-]* \S+ )*)([a-z]+)([^\n|;&]*)", re.MULTILINE)
    arguments = re.compile(r'\[()"([a-z]+)"((?:, "[^"]+")*)\]')
    texts = (*page.spans, *page.commands)
    yield from (f"no image has this: {text}" for text in texts if " -- continuum " in text)
    called = [found for text in texts for found in line.findall(text)]
    called += [found for text in page.code for found in arguments.findall(text)]
    for outer, name, rest in called:
        command = cli.commands.get(name)
        if command is None:
            yield f"there is no command {name}"
            continue
        known = {option for one in (cli, command) for parameter in one.params for option in _options(parameter)}
        yield from (f"{name} has no {o}" for o in re.findall(r"(?<![\w-])--[\w-]+", outer + rest) if o not in known)


def _options(parameter: click.Parameter) -> list[str]:
    return [*parameter.opts, *parameter.secondary_opts]


def objects(page: Page) -> Iterator[str]:
    """An object of the cluster is one of the manifests, or is made on the page."""
    making = re.compile(rf"create job ([\w-]+)|create secret (?:{'|'.join(_SECRETS)}) ([\w-]+)")
    made = set(making.findall("\n".join(page.code)))
    here = {name for pair in made for name in pair} | {d["metadata"]["name"] for d in _documents(page)}
    pattern = re.compile(rf"(?<![\w./-])({'|'.join(_KINDS)})(?:/| )([a-z][\w-]*)(?![\w./]*=)")
    for text in (*page.spans, *page.commands):
        for kind, name in pattern.findall(text):
            if name not in names(kind) | here | _SECRETS:
                yield f"there is no {kind} {name}"


def _documents(page: Page) -> Iterator[Document]:
    for body in page.of("yaml"):
        yield from (d for d in yaml.safe_load_all(body) if isinstance(d, dict) and "metadata" in d)


def names(kind: str) -> set[str]:
    """Those of a kind, written small or short, in what an operator may send."""
    kind = _SHORT.get(kind, kind)
    found = {d["metadata"]["name"] for d in everything().documents if d["kind"].lower() == kind.lower()}
    if kind == "secret":
        return found | set(example_secrets())
    if kind == "PersistentVolumeClaim":
        return found | {f"data-{d['metadata']['name']}-0" for d in everything().of("StatefulSet")}
    return found


@cache
def everything() -> Manifests:
    """Production with every component."""
    return rendered("production", every=True)


def places(page: Page) -> Iterator[str]:
    """Namespaces, containers and labels are those of the manifests."""
    text = "\n".join((*page.spans, *page.commands))
    spaces = {name for overlay in OVERLAYS for name in rendered(overlay).names("Namespace")} | _MESH
    yield from (
        f"no namespace {n}" for n in re.findall(r"kubectl (?:-n|--namespace) ([\w-]+)", text) if n not in spaces
    )
    for name, container in re.findall(r"(?:exec|logs) \w+/([\w-]+) (?:[^\n`]*? )?-c ([\w-]+)", text):
        if container not in {c["name"] for c in everything().workload(name).every_container}:
            yield f"{name} has no container {container}"
    used = {value for d in everything().documents for value in d["metadata"].get("labels", {}).values()}
    used |= {value for d in _documents(page) for value in d["metadata"].get("labels", {}).values()}
    label = re.compile(r"app\.kubernetes\.io/[\w-]+(?:=|: )([\w-]+)")
    yield from (f"nothing is labelled {value}" for value in _found(label, page.code) if value not in used)


def alerts(page: Page) -> Iterator[str]:
    """A link into the page of alerts that bears an alert's name is that alert's, and there is one."""
    rules = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "infra/prometheus/rules").glob("*.yml"))
    for name, target in _LINK.findall(page.text):
        page_of, _, anchor = target.partition("alerts.md#")
        if anchor and re.fullmatch(r"(?:[A-Z]\w+){2,}", name) and page_of in {"", "operations/"}:
            if anchor != name.lower():
                yield f"{name} leads to {anchor}"
            elif not re.search(rf"alert: {name}\b", rules):
                yield f"there is no alert {name}"


def metrics(page: Page) -> Iterator[str]:
    """A figure that is asked for is told."""
    told = set(re.findall(r"`([a-z_]+)`", (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")))
    asked = _found(re.compile(r"\b([a-z]+(?:_[a-z]+)+)(?=[{\[)])"), page.of("promql"))
    asked |= _found(re.compile(r"\b[a-z_]+_(?:total|seconds|info|bucket|waiting)\b"), page.code)
    for name in asked - _ASKED_OF_OTHERS:
        if name not in told and _MADE_BY_METRICS.sub("", name) not in told:
            yield f"there is no metric {name}"


def _found(pattern: re.Pattern[str], texts: Iterable[str]) -> set[str]:
    return {found for text in texts for found in pattern.findall(text)}
