"""The alerts of infra/prometheus and their cases, read as text, so that one thing is changed in a copy and no other."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.prometheus import INFRA

RULES = INFRA / "prometheus" / "rules"
CASES = INFRA / "prometheus" / "tests"
_NUMBER = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)([smhd]?)(?!\w)")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_KEY = r"^        {}: (.*(?:\n {{10,}}.*)*)"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alerting rule, and the cases that are called after it."""

    name: str
    file: str
    text: str
    """From `- alert:` on, as it stands in the file."""
    cases: tuple[str, ...]

    @property
    def expression(self) -> str:
        """What it watches."""
        return self._value("expr")

    @property
    def severity(self) -> str:
        """Who is told: `critical`, `warning` or `info`."""
        return self._value("labels").removeprefix("{severity: ").removesuffix("}")

    @property
    def runbook(self) -> str:
        """Where it is explained: a path of this repository, and an anchor."""
        found = re.search(r"runbook_url: (\S+)", self.text)
        return found[1] if found else ""

    def changed(self) -> Iterator[tuple[str, str]]:
        """Its text with one number somewhat larger or smaller: what was changed, and the text."""
        for key, numbers in (("for", self._numbers("for")), ("expr", self._numbers("expr"))):
            for found in numbers:
                for other in _others(key, found[1], found[2]):
                    around = self.text[max(0, found.start() - 30) : found.end() + 5].replace("\n", " ")
                    told = f"{key}: {found[0]} -> {other} in …{around}…"
                    yield told, self.text[: found.start()] + other + self.text[found.end() :]

    def write(self, folder: Path, text: str) -> Path:
        """The rule with this text, alone, and its cases: the file for `promtool test rules`."""
        (folder / "rules").mkdir(exist_ok=True)
        (folder / "rules" / self.file).write_text(f"groups:\n  - name: one\n    rules:\n      - {text}\n")
        (folder / "tests").mkdir(exist_ok=True)
        cases = folder / "tests" / self.file
        cases.write_text(_head(self.file) + "".join(self.cases))
        return cases

    def _value(self, key: str) -> str:
        found = re.search(_KEY.format(key), self.text, re.MULTILINE)
        return re.sub(r"\s+", " ", found[1].removeprefix(">")).strip() if found else ""

    def _numbers(self, key: str) -> Iterator["re.Match[str]"]:
        found = re.search(_KEY.format(key), self.text, re.MULTILINE)
        return _NUMBER.finditer(self.text, found.start(1), found.end(1)) if found else iter(())


def _others(key: str, number: str, unit: str) -> tuple[str, str]:
    """The next smaller and larger number that should make a difference."""
    if unit:
        seconds = float(number) * _SECONDS[unit]
        step = seconds / 10 if key == "expr" else 15 if seconds <= 600 else 60
        return f"{seconds - step:.0f}s", f"{seconds + step:.0f}s"
    if "." not in number and len(number) == 1:
        return str(int(number) - 1), str(int(number) + 1)
    return f"{float(number) * 0.9:.6g}", f"{float(number) * 1.1:.6g}"


@cache
def alerts() -> tuple[Alert, ...]:
    """All of them, in the order of their files."""
    return tuple(alert for file in sorted(RULES.glob("*.yml")) for alert in _of(file))


def _of(file: Path) -> Iterator[Alert]:
    cases = re.split(r"^(?=  - name: )", (CASES / file.name).read_text(), flags=re.MULTILINE)[1:]
    for text in re.split(r"^      - (?=alert: )", file.read_text(), flags=re.MULTILINE)[1:]:
        own = re.split(r"^(?:      #|  - name: )", text, maxsplit=1, flags=re.MULTILINE)[0].rstrip()
        name = own.partition("\n")[0].removeprefix("alert: ")
        yield Alert(name, file.name, own, tuple(case for case in cases if case.startswith(f"  - name: '{name}: ")))


def _head(file: str) -> str:
    return (CASES / file).read_text().partition("  - name: ")[0]
