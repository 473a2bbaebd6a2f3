"""The libraries of a Java program, fetched by Maven into a folder of ours."""

import fcntl
import hashlib
import subprocess
from pathlib import Path

from scripts.servers.place import Say, ServiceError


def class_path(pom: Path, folder: Path, say: Say) -> str:
    """The class path of what the file names; fetched when it is new or something of it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    known = folder / f"{hashlib.sha256(pom.read_bytes()).hexdigest()[:16]}.class-path"
    with (folder / "busy").open("w") as busy:
        fcntl.flock(busy, fcntl.LOCK_EX)
        if not _is_whole(known):
            say("  fetching its libraries by Maven (once, 150 MB) ...")
            _resolve(pom, folder, known)
    return known.read_text(encoding="utf-8")


def _is_whole(known: Path) -> bool:
    return known.exists() and all(Path(jar).exists() for jar in known.read_text(encoding="utf-8").split(":"))


def _resolve(pom: Path, folder: Path, known: Path) -> None:
    log = folder / "maven.log"
    new = known.with_suffix(".new")
    with log.open("w") as output:
        done = subprocess.run(
            [
                *("mvn", "--batch-mode", "--file", pom, f"-Dmaven.repo.local={folder / 'maven'}"),
                *("dependency:build-classpath", "-Dmdep.includeScope=runtime", f"-Dmdep.outputFile={new}"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
        )
    if done.returncode != 0:
        errors = [line for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("[ERROR]")]
        said = "\n".join(f"    {line[:200]}" for line in errors[:4])
        raise ServiceError(f"Maven could not fetch the libraries of Neo4j:\n{said}\n  All of it is in {log}.")
    new.replace(known)
