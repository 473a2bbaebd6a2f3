"""Figures of this process: by how much they have moved. The registry is one for all tests."""

from typing import Any

from prometheus_client import REGISTRY


class Moved:
    """Remembers all samples, and tells what has changed since."""

    def __init__(self) -> None:
        self._before = _samples()

    def __call__(self, name: str, *labels: str) -> float:
        """By how much one sample has moved; the values of its labels in their order."""
        return self.all(name).get(labels, 0.0)

    def all(self, name: str) -> dict[tuple[str, ...], float]:
        """All samples of this name that have moved, by the values of their labels."""
        before = self._before.get(name, {})
        now = _samples().get(name, {})
        moved = {labels: round(value - before.get(labels, 0.0), 9) for labels, value in now.items()}
        return {labels: by for labels, by in moved.items() if by}


def _samples() -> dict[str, dict[tuple[str, ...], float]]:
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in REGISTRY.collect():
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
    return found


def names() -> dict[str, set[str]]:
    """All series that this process may have, with the names of their labels, of which an info has some of its own."""
    families: set[Any] = {family for family in REGISTRY._names_to_collectors.values() if hasattr(family, "_labelnames")}
    return {
        name: {*family._labelnames, *(["model"] if family._type == "info" else [])}
        for family in families
        for name in REGISTRY._collector_to_names[family]
    }
