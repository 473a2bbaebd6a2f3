"""The two services, and the ways to run each: what it takes, where it answers, what a program is told of it."""

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from scripts.servers.answers import HOST, PASSWORD, USER, neo4j_answers, redis_answers
from scripts.servers.container import Container
from scripts.servers.maven import class_path
from scripts.servers.place import Place, Running, Say
from scripts.servers.process import Process

JAVA = 17
LIBRARIES = "libraries"
"""The folder beside those of the sets for what the servers of all sets are made of."""
_HERE = Path(__file__).parent
_OPEN = ("java.nio", "java.io", "sun.nio.ch")
_JAVA_FLAGS = ("-Xmx1g", *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPEN))


class Way(Protocol):
    """A way to run a server."""

    @property
    def name(self) -> str:
        """What a person calls it."""
        ...

    @property
    def missing(self) -> Callable[[], str]:
        """Says what this machine lacks for it; nothing when it has all."""
        ...

    def start(self, place: Place, port: int, say: Say) -> Running:
        """Start it; it need not answer yet. Raises `ServiceError`."""
        ...

    def ready(self, place: Place, running: Running) -> bool:
        """Whether who answers at its port is the one that was started."""
        ...

    def runs(self, place: Place, running: Running) -> bool:
        """Whether it still lives."""
        ...

    def stop(self, place: Place, running: Running) -> None:
        """End it and wait for that. Raises `ServiceError`."""
        ...


@dataclass(frozen=True, slots=True)
class Service:
    """A server that can be had in several ways, the first that works is taken."""

    name: str
    title: str
    port: int
    patience: float
    answers: Callable[[int], bool]
    ways: Sequence[Way]
    to_get_it: str
    settings: Callable[[int], Mapping[str, str]]

    def way(self, name: str) -> Way:
        """The way of this name."""
        return next(way for way in self.ways if way.name == name)


def _java_missing() -> str:
    if not shutil.which("java"):
        return "no java"
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    if not found or int(found[1]) < JAVA:
        return f"java is older than {JAVA}"
    return "" if shutil.which("mvn") else "no mvn"


def _java_command(place: Place, port: int, say: Say) -> Sequence[str | Path]:
    libraries = class_path(_HERE / "pom.xml", place.folder.parent.parent / LIBRARIES, say)
    return ("java", *_JAVA_FLAGS, "-cp", libraries, _HERE / "Neo4j.java", place.data, str(port), PASSWORD)


def _redis_missing() -> str:
    return "" if shutil.which("redis-server") else "no redis-server"


_REDIS_OPTIONS = ("--appendonly", "yes", "--maxmemory-policy", "noeviction", "--save", "", "--databases", "64")


def _redis_command(place: Place, port: int, _say: Say) -> Sequence[str | Path]:
    return ("redis-server", "--bind", HOST, "--port", str(port), "--dir", place.data, *_REDIS_OPTIONS)


NEO4J = Service(
    name="neo4j",
    title="Neo4j 5.26",
    port=7687,
    patience=180,
    answers=neo4j_answers,
    ways=(
        Container(
            "neo4j:5.26",
            7687,
            {
                "NEO4J_AUTH": f"{USER}/{PASSWORD}",
                "NEO4J_server_memory_heap_max__size": "1g",
                "NEO4J_server_memory_pagecache_size": "256m",
                "NEO4J_dbms_usage__report_enabled": "false",
            },
        ),
        Process(f"Java {JAVA}", _java_missing, _java_command, ready_word="ready\n"),
    ),
    to_get_it=f"Docker, or Java {JAVA} and Maven (Debian: apt-get install openjdk-17-jre-headless maven)",
    settings=lambda port: {
        "NEO4J_URI": f"bolt://{HOST}:{port}",
        "NEO4J_USER": USER,
        "NEO4J_PASSWORD": PASSWORD,
        "NEO4J_DATABASE": "neo4j",
    },
)

REDIS = Service(
    name="redis",
    title="Redis",
    port=6379,
    patience=60,
    answers=redis_answers,
    ways=(
        Container("redis:7", 6379, arguments=("redis-server", *_REDIS_OPTIONS)),
        Process("redis-server", _redis_missing, _redis_command, ready_word="Ready to accept connections"),
    ),
    to_get_it="Docker, or redis-server (Debian: apt-get install redis-server)",
    settings=lambda port: {"REDIS_URL": f"redis://{HOST}:{port}/0"},
)

SERVICES = (NEO4J, REDIS)
