"""A store bound to one workspace."""

from typing import Protocol

from graphstore.port.archive import Archive
from graphstore.port.explorations import Control, Explorations, Work
from graphstore.port.graph import Concepts, Curation, Relations
from graphstore.port.images import ImageJobs, Images


class Store(Protocol):
    """A store bound to one workspace."""

    @property
    def workspace(self) -> str:
        """Its name."""
        ...

    @property
    def concepts(self) -> Concepts:
        """Read concepts."""
        ...

    @property
    def relations(self) -> Relations:
        """Read relations, evidence, sources."""
        ...

    @property
    def curation(self) -> Curation:
        """Change the graph."""
        ...

    @property
    def explorations(self) -> Explorations:
        """Read explorations."""
        ...

    @property
    def control(self) -> Control:
        """Start explorations and change their course."""
        ...

    @property
    def work(self) -> Work:
        """Own explorations."""
        ...

    @property
    def images(self) -> Images:
        """Read images."""
        ...

    @property
    def image_jobs(self) -> ImageJobs:
        """Ask for images and make them."""
        ...

    @property
    def archive(self) -> Archive:
        """Everything, as records."""
        ...
