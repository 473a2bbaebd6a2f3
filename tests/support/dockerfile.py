"""The Dockerfile as its checks read it, and what must agree with the rest of the project."""

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from continuum import alive
from continuum.cli.main import cli
from continuum.settings import Settings
from continuum.version import VERSION

ROOT = Path(__file__).parents[2]
USER = "1000:1000"
NOT_OURS = re.compile(r"PATH|PYTHON[A-Z]+|PIP_[A-Z_]+")
_HALF_A_MINUTE = 30
SECRET = re.compile(r"KEY|PASSWORD|TOKEN|SECRET|CREDENTIAL")
INSTALLS = re.compile(r"\b(?:pip|npm|apt-get|apt|curl|wget|gcc|make)\s+(?:install|ci|https?:|-)")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction, its lines joined."""

    word: str
    value: str

    @property
    def words(self) -> list[str]:
        """Its value, split; of a list in JSON the elements."""
        return json.loads(self.value) if self.value.startswith("[") else self.value.split()

    @property
    def assignments(self) -> dict[str, str]:
        """Of ENV, ARG and LABEL: what is given which value."""
        return {name: value.strip('"') for name, value in re.findall(r'([\w.]+)=("[^"]*"|\S*)', self.value)}


@dataclass(frozen=True)
class Dockerfile:
    """A Dockerfile, with the .dockerignore that belongs to it."""

    text: str
    ignored: str

    @cached_property
    def instructions(self) -> list[Instruction]:
        """All of them, in order."""
        lines = (line for line in self.text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
        joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
        return [Instruction(*line.split(maxsplit=1)) for line in joined.splitlines()]

    @property
    def last_stage(self) -> list[Instruction]:
        """What makes the image itself."""
        starts = [n for n, instruction in enumerate(self.instructions) if instruction.word == "FROM"]
        return self.instructions[starts[-1] :]

    def one(self, word: str) -> Instruction:
        """The last stage's only instruction of this kind."""
        [found] = [instruction for instruction in self.last_stage if instruction.word == word]
        return found

    def all(self, word: str) -> dict[str, str]:
        """All assignments of the last stage by this instruction."""
        return {k: v for i in self.last_stage if i.word == word for k, v in i.assignments.items()}

    @property
    def copied(self) -> list[str]:
        """What is taken from the project, as paths of it."""
        copies = [i.words for i in self.instructions if i.word == "COPY" and "--from=" not in i.value]
        return [source.rstrip("/") for *sources, _ in copies for source in sources]

    @property
    def destinations(self) -> dict[str, str]:
        """Where the last stage puts what another one made."""
        copies = [i.words for i in self.last_stage if i.word == "COPY"]
        return {stage.removeprefix("--from="): destination for stage, _, destination in copies}


def let_through(path: str, ignored: str) -> bool:
    """Whether a path of the project goes to whoever builds: of the lines that fit it, the last one counts."""
    passes = True
    for line in (line.strip() for line in ignored.splitlines()):
        if line and not line.startswith("#") and _fits(path, line.removeprefix("!")):
            passes = line.startswith("!")
    return passes


def _fits(path: str, pattern: str) -> bool:
    """A pattern fits a path or a folder above it; `**/` stands for any folders, `*` for anything within a name."""
    folders = r"(?:.*/)?" if pattern.startswith("**/") else ""
    name = re.escape(pattern.removeprefix("**/")).replace(r"\*", "[^/]*").replace(r"\[", "[").replace(r"\]", "]")
    return re.fullmatch(f"{folders}{name}(?:/.*)?", path) is not None


def disagreements(file: Dockerfile) -> list[str]:
    """What in it is at odds with the rest of the project, each in a few words."""
    checks = (_ports, _python, _places, _stages_places, _user, _commands, _environment, _sources, _stages, _labels)
    return [problem for check in checks for problem in check(file)]


def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _ports(file: Dockerfile) -> Iterator[str]:
    defaults = {name.upper(): str(Settings.model_fields[name].default) for name in ("port", "worker_port")}
    given = {name: file.all("ENV").get(name) for name in defaults}
    if given != defaults:
        yield f"ports {given} are not the settings' {defaults}"
    if set(file.one("EXPOSE").words) != set(defaults.values()):
        yield "EXPOSE is not the settings' ports"
    if not all(f'\\"${name}\\"' in file.one("HEALTHCHECK").value for name in defaults):
        yield "HEALTHCHECK leaves out a port"


def _python(file: Dockerfile) -> Iterator[str]:
    given = file.all("ENV")
    if given.get("HOST") != "0.0.0.0":
        yield "nobody outside of the container reaches it"
    if missing := {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONSAFEPATH"} - given.keys():
        yield f"Python is not told {sorted(missing)}"


def _places(file: Dockerfile) -> Iterator[str]:
    data = file.all("ENV").get("DATA_DIR")
    if {file.one("VOLUME").value, file.one("WORKDIR").value, data} != {"/data"}:
        yield "DATA_DIR, VOLUME and WORKDIR differ"
    if file.all("ENV").get("PAGES_DIR") != file.destinations.get("pages"):
        yield "PAGES_DIR is not where the pages are put"
    if file.all("ENV").get("PYTHONPATH") != file.destinations.get("program"):
        yield "PYTHONPATH is not where the program is put"
    if not file.all("ENV").get("PATH", "").startswith(f"{file.destinations.get('packages')}/bin:"):
        yield "PATH does not begin with the packages' own"


def _stages_places(file: Dockerfile) -> Iterator[str]:
    """What the last stage takes is where the other stages put it."""
    copies = [i.words for i in file.last_stage if i.word == "COPY"]
    taken = {stage.removeprefix("--from="): source for stage, source, _ in copies}
    written = {
        "packages": f"python3.11 -m venv {taken.get('packages')} ",
        "pages": f"--out {taken.get('pages')}\n",
        "program": f"AS program\nWORKDIR {taken.get('program')}\n",
    }
    yield from (
        f"nothing of {stage} lies there: {taken.get(stage)}" for stage, w in written.items() if w not in file.text
    )


def _user(file: Dockerfile) -> Iterator[str]:
    if file.one("USER").value != USER:
        yield f"USER is not {USER}"
    user, group = USER.split(":")
    runs = " ".join(i.value for i in file.last_stage if i.word == "RUN")
    for made in (
        f"groupadd --gid {group} ",
        f"useradd --uid {user} --gid {group} ",
        f"--owner={user} --group={group} ",
    ):
        if made not in runs:
            yield f"no {made.strip()}"


def _commands(file: Dockerfile) -> Iterator[str]:
    _, *modules = re.findall(
        r"python -m ([\w.]+)", " ".join([*file.one("ENTRYPOINT").words, file.one("HEALTHCHECK").value])
    )
    entry = file.one("ENTRYPOINT").words
    if entry[:2] != ["python", "-m"] or not (ROOT / entry[2] / "__main__.py").exists():
        yield "ENTRYPOINT starts no program of ours"
    if [name for name in modules if not (ROOT / name.replace(".", "/")).with_suffix(".py").exists()]:
        yield "HEALTHCHECK starts no program of ours"
    times = dict(re.findall(r"--(interval|timeout)=(\d+)s ", file.one("HEALTHCHECK").value))
    if not 2 * alive.TIME_LIMIT < int(times.get("timeout", 0)) < int(times.get("interval", 0)) <= _HALF_A_MINUTE:
        yield "HEALTHCHECK asks too seldom, or does not wait for the answer"
    if file.one("STOPSIGNAL").value != "SIGTERM":
        yield "STOPSIGNAL is none that ends it in good order"
    if file.one("CMD").words != ["serve"] or "serve" not in cli.commands:
        yield "CMD is no command"


def _environment(file: Dockerfile) -> Iterator[str]:
    ours = {name.upper() for name in Settings.model_fields}
    for instruction in file.instructions:
        if instruction.word not in {"ENV", "ARG"}:
            continue
        for name in instruction.assignments:
            if instruction.word == "ENV" and name not in ours and not NOT_OURS.fullmatch(name):
                yield f"{name} is no setting"
            if SECRET.search(name):
                yield f"{name} is a secret, which an image keeps for all to read"


def _sources(file: Dockerfile) -> Iterator[str]:
    let_through = {line[1:] for line in file.ignored.splitlines() if line.startswith("!")}
    if "*" not in file.ignored.splitlines():
        yield ".dockerignore lets everything through"
    if let_through != {source.split("/")[0] for source in file.copied}:
        yield ".dockerignore lets through something else than what is copied"
    yield from (f"{source} does not exist" for source in file.copied if not (ROOT / source).exists())
    packages = {name.rstrip("*") for name in _project()["tool"]["setuptools"]["packages"]["find"]["include"]}
    if packages != {source for source in file.copied if (ROOT / source / "__init__.py").exists()}:
        yield "the packages are not those of pyproject.toml"


def _stages(file: Dockerfile) -> Iterator[str]:
    minor = re.findall(r"\d+\.\d+", _project()["project"]["requires-python"])[0]
    bases = [i.words[0] for i in file.instructions if i.word == "FROM"]
    if {base for base in bases if base.startswith("python:")} != {f"python:{minor}-slim"}:
        yield f"not all of Python's bases are python:{minor}-slim"
    installs = [i.value for i in file.instructions if "pip install" in i.value]
    if not all("--require-hashes" in value and "--only-binary=:all:" in value for value in installs):
        yield "packages are installed that no lock names"
    pages = [i.value for i in file.instructions if i.value.startswith("npm ")]
    if not pages or not all(value.startswith("npm ci ") and "--ignore-scripts" in value for value in pages):
        yield "packages of the pages run what they like, or others come than the lock names"
    if [i for i in file.last_stage if i.word == "RUN" and INSTALLS.search(i.value)]:
        yield "the last stage installs something"


def _labels(file: Dockerfile) -> Iterator[str]:
    if file.all("ARG").get("VERSION") != VERSION:
        yield f"VERSION is not {VERSION}"
    if file.all("ARG").get("SOURCE") != "":
        yield "a source is named that whoever builds should name"
    labels = {name.rpartition(".")[2]: value for name, value in file.all("LABEL").items()}
    if labels.get("description") != _project()["project"]["description"]:
        yield "the description is not that of pyproject.toml"
    bases = {f"docker.io/library/{i.words[0]}" for i in file.last_stage if i.word == "FROM"}
    if {file.all("LABEL").get("org.opencontainers.image.base.name")} != bases:
        yield "another base is told"
    if not labels.keys() >= {"title", "version", "revision", "source"}:
        yield "a label is missing"
