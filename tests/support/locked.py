"""The programs of requirements-infra.lock."""

import os
import shutil
from pathlib import Path

from tests.support.processes import ROOT
from tests.support.services import unavailable


def locked_program(name: str) -> str:
    """Where scripts/test has put it, else where the machine has one of its own. Skips or fails where neither is."""
    locked = Path(os.environ.get("DATA_DIR", ROOT / "data")) / "venv-infra" / "bin" / name
    found = str(locked) if locked.exists() else shutil.which(name)
    if found is None:
        unavailable(f"no {name}: use scripts/test, which installs one")
    return str(found)
