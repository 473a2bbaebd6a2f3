"""The pipeline for GitHub as its checks read it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from tests.support.compose import ROOT

GITHUB = ROOT / ".github"
PIPELINE = GITHUB / "workflows" / "pipeline.yml"
DEPENDABOT = GITHUB / "dependabot.yml"
ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12"
"""It comes as Go's module alone."""
RUNS: Mapping[str, Mapping[str, str]] = {
    "a pull request": {"event_name": "pull_request", "ref": "refs/pull/7/merge"},
    "`develop`": {"event_name": "push", "ref": "refs/heads/develop"},
    "`main`": {"event_name": "push", "ref": "refs/heads/main"},
    "tag `v1.2.3`": {"event_name": "push", "ref": "refs/tags/v1.2.3"},
}
"""What a run is of, by the names that docs/development.md has for it, and what GitHub says of it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a job."""

    document: dict[str, Any]

    @property
    def action(self) -> str:
        """Which action it uses, without its version; empty where it runs a script."""
        return str(self.document.get("uses", "")).partition("@")[0]

    @property
    def script(self) -> str:
        return str(self.document.get("run", ""))

    @property
    def inputs(self) -> dict[str, Any]:
        return dict(self.document.get("with", {}))

    def happens(self, run: Mapping[str, str]) -> bool:
        return holds(str(self.document.get("if", "")), run)


@dataclass(frozen=True, slots=True)
class Job:
    """One job."""

    name: str
    document: dict[str, Any]

    @property
    def steps(self) -> list[Step]:
        return [Step(document) for document in self.document["steps"]]

    @property
    def needs(self) -> set[str]:
        needed = self.document.get("needs", [])
        return {needed} if isinstance(needed, str) else set(needed)

    @property
    def scripts(self) -> str:
        return "\n".join(step.script for step in self.steps)

    def happens(self, run: Mapping[str, str]) -> bool:
        return holds(str(self.document.get("if", "")), run)

    def using(self, action: str) -> Step:
        """Its only step with this action."""
        [found] = [step for step in self.steps if step.action == action]
        return found


@dataclass(frozen=True, slots=True)
class Workflow:
    """The file."""

    text: str
    document: dict[str, Any]

    @property
    def triggers(self) -> dict[str, Any]:
        return dict(self.document["on"])

    @property
    def jobs(self) -> dict[str, Job]:
        return {name: Job(name, document) for name, document in self.document["jobs"].items()}

    def happens_in(self, run: Mapping[str, str]) -> set[str]:
        """The jobs of a run in which nothing fails."""
        found: set[str] = set()
        for name, job in self.jobs.items():  # each stands after those that it needs
            if job.happens(run) and (job.needs <= found or "always()" in str(job.document.get("if"))):
                found.add(name)
        return found


class _Loader(yaml.SafeLoader):
    """YAML as GitHub reads it: `on` is a word."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the base class's own attribute
        first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def read(text: str) -> Workflow:
    """The file's text."""
    return Workflow(text, yaml.load(text, _Loader))


def holds(condition: str, run: Mapping[str, str]) -> bool:
    """Whether one of our conditions is true in a run in which nothing fails; none is."""
    words = condition.replace("${{", "").replace("}}", "").strip() or "True"
    words = re.sub(r"startsWith\(github\.(\w+), ('[^']*')\)", r"github['\1'].startswith(\2)", words)
    words = re.sub(r"github\.(\w+)", r"github['\1']", words)
    words = re.sub(r"hashFiles\('[^']*'\) != ''", "True", words)
    words = words.replace("always()", "True").replace("!cancelled()", "True").replace("&&", "and").replace("||", "or")
    return bool(eval(words, {"__builtins__": {}}, {"github": run}))


def secrets(document: object) -> set[str]:
    """The names of the secrets that are read anywhere in it."""
    return set(re.findall(r"secrets\.(\w+)", str(document)))


def table(text: str, first: str) -> Iterator[dict[str, str]]:
    """The rows of a document's table whose head begins with these words, by column."""
    lines = text[text.index(f"| {first} |") :].partition("\n\n")[0].splitlines()
    head, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    yield from (dict(zip(head, row, strict=True)) for row in rows[1:])


def described() -> str:
    """The document that tells of it."""
    return (ROOT / "docs" / "development.md").read_text(encoding="utf-8")
