"""Errors of choosing knowledge sources."""

from collections.abc import Iterable


class UnknownSourceError(LookupError):
    """No knowledge source has this name."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        self.known = tuple(sorted(known))
        super().__init__(f"there is no knowledge source {name!r}; there are: {', '.join(self.known)}")
