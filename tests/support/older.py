"""The program of the release before, or of the commit before, as git has it."""

import subprocess
import tarfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest

from tests.support.processes import ROOT

VERSION = "0.0.0+before"
"""What the older program is made to call itself, so that nobody takes one for the other."""


@dataclass(frozen=True, slots=True)
class Older:
    """Its source, in a folder of its own. It runs with today's packages."""

    folder: Path
    commit: str

    @property
    def settings(self) -> dict[str, object]:
        """By which a process runs this source (tests.support.processes), whatever folder it is started in."""
        return {"pythonpath": self.folder, "pythonsafepath": 1}

    @property
    def has_other_packages(self) -> bool:
        """Whether it was made for other versions of packages than those it is run with."""
        lock = "requirements.lock"
        return (self.folder / lock).read_bytes() != (ROOT / lock).read_bytes()


def older_program(folder: Path) -> Older:
    """The last release before this commit, else the commit before. Skips where git does not have it: no history came
    with the source, or a shallow clone's ends here."""
    found = _git("describe", "--tags", "--abbrev=0", "--match", "v[0-9]*", "HEAD~1") or _git("rev-parse", "HEAD~1")
    if found is None:
        pytest.skip("no older program: git has no commit before this one here (a shallow clone, or no clone)")
    commit = found.decode().strip()
    archived = _git("archive", "--format=tar", commit)
    if archived is None:
        pytest.skip(f"no older program: git does not have all of {commit} here")
    with tarfile.open(fileobj=BytesIO(archived)) as tree:
        tree.extractall(folder, filter="data")
    (folder / "continuum/version.py").write_text(f'"""The version."""\n\nVERSION = "{VERSION}"\n', encoding="utf-8")
    return Older(folder, commit)


def _git(*arguments: str) -> bytes | None:
    """What git says; None where it cannot."""
    try:
        done = subprocess.run(("git", "-C", str(ROOT), *arguments), capture_output=True, timeout=60, check=False)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None
