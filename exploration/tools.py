"""What explorations are run with: how fast, by whom, and through which ports."""

from collections.abc import Callable
from dataclasses import dataclass

from exploration.activity.port import Activity
from exploration.feed.port import Feed
from exploration.images.drawing import Drawing
from exploration.sources import SourceBook
from graphstore.port import Database


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast and how patiently explorations run. Times are in seconds."""

    steps_at_once: int = 4
    """Of one exploration; pictures come beside them."""
    pictures_at_once: int = 2
    """Of one exploration."""
    lease: float = 10.0
    source_limit: float = 60.0
    """How long one source may take to answer."""
    attempts: int = 4
    """After this many failed attempts a step is failed for good."""
    first_retry: float = 0.5
    """The wait before the second attempt; it doubles with each further one, give or take half (jitter)."""
    longest_retry: float = 30.0


@dataclass(frozen=True, slots=True)
class Tools:
    """What a run works with."""

    database: Database
    sources: SourceBook
    drawing: Drawing
    feed: Feed
    activity: Activity
    pace: Pace
    jitter: Callable[[], float]
    """A number from 0.5 to 1.5."""
