"""A store that counts how often it is called."""

from collections import Counter
from typing import Any

ROLES = ("concepts", "relations", "explorations", "curation", "control", "work", "images", "image_jobs")


class CountedDatabase:
    """A `graphstore.port.Database` that passes every call on and counts it as `role.method`."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self.calls: Counter[str] = Counter()

    def within(self, workspace: str) -> Any:
        """A store of which each call is counted."""
        return _CountedStore(self._database.within(workspace), self.calls)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


class _CountedStore:
    def __init__(self, store: Any, calls: Counter[str]) -> None:
        self._store = store
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        return _CountedRole(found, name, self._calls) if name in ROLES else found


class _CountedRole:
    def __init__(self, role: Any, name: str, calls: Counter[str]) -> None:
        self._role = role
        self._name = name
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._role, name)

        def counted(*args: Any, **kwargs: Any) -> Any:
            self._calls[f"{self._name}.{name}"] += 1
            return method(*args, **kwargs)

        return counted
