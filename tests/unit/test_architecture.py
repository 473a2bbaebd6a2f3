"""The house: which package may import which, and which library lives where."""

import ast
import os
import subprocess
import sys
from importlib.metadata import Distribution, distributions
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ORDER = (
    ("continuum",),
    ("schema",),
    ("resolvers",),
    ("exploration",),
    ("graphstore", "providers"),
    ("telemetry",),
)
"""From left to right: a package may import what stands to its right; neighbours never meet."""

HOMES = {
    "strawberry": ("schema/", "continuum/view.py"),
    "aiohttp": ("continuum/", "providers/"),
    "sqlite3": ("graphstore/sqlite/",),
    "neo4j": ("graphstore/neo4j/",),
    "redis": (
        "exploration/redis/",
        *(f"exploration/{port}/" for port in ("dispatch", "activity")),
        *(f"providers/images/{port}/redis.py" for port in ("cache", "flights")),
    ),
    "saq": ("exploration/dispatch/",),
    "click": ("continuum/cli/",),
    "rich": ("continuum/cli/",),
    "pydantic_settings": ("continuum/settings.py",),
    "openai": ("providers/openai/", "providers/images/openai.py", "providers/knowledge/openai/"),
    "httpx2": ("providers/openai/",),
    "obstore": ("graphstore/bytes/",),
    "PIL": ("providers/images/", "graphstore/bytes/"),
}
"""Where a library may be imported."""

PORTS = ("dispatch", "feed", "activity")
ADAPTERS = {
    "graphstore.sqlite": ("graphstore/sqlite/",),
    "graphstore.neo4j": ("graphstore/neo4j/",),
    "exploration.redis": ("exploration/redis/", *(f"exploration/{port}/" for port in PORTS)),
    **{f"exploration.{port}.{kind}": () for port in PORTS for kind in ("local", "redis")},
    **{
        f"providers.images.{adapter}": ("providers/images/cache/redis.py",)
        for adapter in ("cache.memory", "cache.redis")
    },
    **{f"providers.images.flights.{kind}": ("providers/images/flights/redis.py",) for kind in ("local", "redis")},
}
"""Where an adapter may be named, beside the composition root and the commands that put one together."""

RANK = {package: rank for rank, packages in enumerate(ORDER) for package in packages}
SOURCES = sorted(path for package in RANK for path in (ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The dotted names that a file imports."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = (alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names)
    of = (node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level)
    return set(chain(plain, of))


def package_of(path: Path) -> str:
    """The top-level package of a file."""
    return path.relative_to(ROOT).parts[0]


def id_of(path: Path) -> str:
    """What a test of this file is called."""
    return path.relative_to(ROOT).as_posix()


def test_there_is_something_to_check() -> None:
    """Every package has sources, so that the tests below cannot pass for want of any."""
    assert {package_of(path) for path in SOURCES} == set(RANK)


@pytest.mark.parametrize("path", SOURCES, ids=id_of)
def test_packages_import_only_to_their_right(path: Path) -> None:
    """A package imports itself and what stands to its right, never to its left or beside it."""
    own = package_of(path)
    tops = {name.split(".")[0] for name in imported(path)} & RANK.keys()
    assert not {top for top in tops if top != own and RANK[top] <= RANK[own]}


@pytest.mark.parametrize("path", SOURCES, ids=id_of)
def test_libraries_stay_at_home(path: Path) -> None:
    """A library that must be exchangeable, or that belongs to one edge, is imported there only."""
    where = path.relative_to(ROOT).as_posix()
    tops = {name.split(".")[0] for name in imported(path)}
    assert not {top for top in tops & HOMES.keys() if not where.startswith(HOMES[top])}


@pytest.mark.parametrize("path", SOURCES, ids=id_of)
def test_adapters_are_named_by_the_composition_root_only(path: Path) -> None:
    """Only the adapters themselves, the composition root and the commands that put one together name an adapter."""
    strangers = {adapter for adapter, homes in ADAPTERS.items() if not id_of(path).startswith(("continuum/", *homes))}
    assert not {name for name in imported(path) if name.startswith(tuple(strangers))}


@pytest.mark.parametrize("path", SOURCES, ids=id_of)
def test_the_environment_is_read_by_the_settings_only(path: Path) -> None:
    """No other file looks at environment variables."""
    if id_of(path) == "continuum/settings.py":
        return
    text = path.read_text(encoding="utf-8")
    assert "environ" not in text
    assert "getenv" not in text


def test_the_embedded_default_loads_no_driver() -> None:
    """Who names neither Neo4j nor Redis does not wait for their libraries."""
    look = (
        "import sys, continuum.cli, continuum.app, continuum.worker; print(*{'neo4j', 'redis', 'saq'} & {*sys.modules})"
    )
    loaded = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []


def test_a_command_that_asks_nobody_loads_no_http(tmp_path: Path) -> None:
    """Who explores the atlas does not wait for the library with which others are asked, a sixth of the start."""
    look = """
import sys
from continuum.cli import main
try:
    main(["explore", "jazz", "--concepts", "2", "--source", "atlas"])
finally:
    print("loaded", *{"aiohttp", "openai", "strawberry"} & {*sys.modules})
"""
    environment = {**os.environ, "DATA_DIR": str(tmp_path)}
    told = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True, env=environment
    )
    assert told.stdout.splitlines()[-1] == "loaded"


def test_relative_imports_are_not_used() -> None:
    """Every import names its whole path, so that the tests above see it."""
    nodes = ((path, node) for path in SOURCES for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    assert not [id_of(path) for path, node in nodes if isinstance(node, ast.ImportFrom) and node.level]


def test_no_dependency_brings_a_module_of_our_names() -> None:
    """No installed distribution owns a top-level module that is called like one of our packages."""
    ours = RANK.keys() | {"tests", "infra"}
    clashes = {(d.name, name) for d in distributions() if d.name != "continuum" for name in _modules(d) & ours}
    assert not clashes


def _modules(distribution: Distribution) -> set[str]:
    listed = distribution.read_text("top_level.txt")
    if listed is not None:
        return set(listed.split())
    return {file.parts[0].removesuffix(".py") for file in distribution.files or ()}
