"""Jaeger's configuration names what it has, keeps what it is told, and listens to others."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.support.compose import INFRA

TEXT = (INFRA / "jaeger" / "config.yaml").read_text(encoding="utf-8")
KNOWN = {
    "receivers": {"otlp"},
    "processors": {"batch"},
    "exporters": {"jaeger_storage_exporter"},
    "extensions": {"jaeger_storage", "jaeger_query", "healthcheckv2"},
}
"""Components of Jaeger 2 that are needed here, by the kind that they are."""
A_DAY = 24
MUTATIONS = [
    ("0.0.0.0:4317", "127.0.0.1:4317", "is for itself alone"),
    ("  otlp:\n", "  jaeger:\n", "receivers: named, there or known, not all three"),
    ("processors: [batch]", "processors: [batches]", "processors: named"),
    ("exporters: [jaeger_storage_exporter]", "exporters: [debug]", "exporters: named"),
    ("extensions: [jaeger_storage, jaeger_query, healthcheckv2]", "extensions: [jaeger_storage]", "extensions: named"),
    ("traces: disk", "traces: disc", "is asked for in"),
    ("trace_storage: disk", "trace_storage: memory", "is asked for in"),
    ("ephemeral: false", "ephemeral: true", "is forgotten"),
    ("spans: 168h", "spans: 1h", "is forgotten"),
    ("        badger:", "        memory:", "is forgotten"),
    ("use_v2: true", "use_v2: false", "its health"),
]


def wrong(config: dict[str, Any]) -> Iterator[str]:
    """What does not hold of it, each in a few words."""
    [pipeline] = config["service"]["pipelines"].values()
    for kind, known in KNOWN.items():
        named = set(config["service"]["extensions"] if kind == "extensions" else pipeline[kind])
        if not named == set(config[kind]) == known:
            yield f"{kind}: named, there or known, not all three: {named}, {set(config[kind])}"
            return
    yield from _storage(config)
    own = re.findall(r"'endpoint': '(?!0\.0\.0\.0:)([^']*)'", str(config))
    yield from (f"{endpoint} is for itself alone" for endpoint in own)
    if config["extensions"]["healthcheckv2"].get("use_v2") is not True:
        yield "its health is not told as it is asked for"


def _storage(config: dict[str, Any]) -> Iterator[str]:
    backends = config["extensions"]["jaeger_storage"]["backends"]
    written = config["exporters"]["jaeger_storage_exporter"]["trace_storage"]
    shown = config["extensions"]["jaeger_query"]["storage"]["traces"]
    if {written, shown} != set(backends):
        yield f"what is in {set(backends)} is asked for in {shown}, and written to {written}"
        return
    badger = backends[written].get("badger", {"ephemeral": True})
    if badger["ephemeral"] or int(badger["ttl"]["spans"].removesuffix("h")) < A_DAY:
        yield "what it was told is forgotten"


def test_it_names_what_it_has() -> None:
    """Components, storage and endpoints: no name leads nowhere, and a restart forgets nothing."""
    assert list(wrong(yaml.safe_load(TEXT))) == []


@pytest.mark.parametrize(("old", "new", "told"), MUTATIONS)
def test_a_mistake_is_noticed(old: str, new: str, told: str) -> None:
    """Each of these is caught, and its message says what it is."""
    assert old in TEXT
    assert told in "\n".join(wrong(yaml.safe_load(TEXT.replace(old, new, 1))))
