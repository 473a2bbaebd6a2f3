"""What the atlas is written in: entries, the statements they make, and the types of statement."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RelationType:
    """A way in which one concept can be related to another."""

    name: str
    """UPPER_SNAKE, as entries write it."""
    means: str
    reads: str
    """The sentence, with `{source}` and `{target}`."""
    restated_by: tuple[str, ...] = ()
    """Types that would say much the same from target to source: B USED_FOR A beside A USES B."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One relation, as the entry of its source states it. Both ends are labels."""

    source: str
    type: str
    target: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One concept of the atlas."""

    label: str
    """Unique in the atlas; what other entries call it."""
    name: str
    """What people call it; several entries may share one."""
    kind: str
    domain: str
    """The name of the file it stands in."""
    summary: str
    aliases: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = ()
    """In the order of the file."""
