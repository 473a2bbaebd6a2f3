"""What an import did."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

SHOWN: Final = 20
"""Problems that are kept in full; the others are only counted."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that could not be used."""

    line: int
    reason: str


@dataclass(slots=True)
class Report:
    """Grows while an import runs."""

    form: str = "plain"
    """plain or full."""
    stored: Counter[str] = field(default_factory=Counter)
    """Records that are in the store now, by kind; those that had been there before are among them."""
    created: int = 0
    """Plain form: concepts that are new in the store."""
    problems: list[Problem] = field(default_factory=list)
    """The first `SHOWN` of them, by the order in which they were found."""
    failed: int = 0
    """How many problems there are in all."""

    def refuse(self, line: int, reason: str) -> None:
        """Note that a line could not be used."""
        self.failed += 1
        if len(self.problems) < SHOWN:
            self.problems.append(Problem(line, reason))
