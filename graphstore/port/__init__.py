"""What a store does, in small roles. A `Store` is bound to one workspace, so that no query can forget it.

Every method is one batch: its cost in round trips does not grow with the number of ids it is given.
Answers keyed by id leave out what does not exist; pages and counts are given for every id that was asked.
Limits are the caller's to set and at most 1,000 rows.
Any method may raise `UnavailableError`; methods that write may raise `ReadOnlyError` and then changed nothing.
"""

from graphstore.port.archive import Archive
from graphstore.port.database import Connections, Database
from graphstore.port.explorations import Control, Explorations, Work
from graphstore.port.graph import Concepts, Curation, Relations
from graphstore.port.images import ImageJobs, Images
from graphstore.port.operations import ExplorationRef, ImageRef, Operations, SchemaVersions, StoreStatus, Waiting
from graphstore.port.store import Store

__all__ = [
    "Archive",
    "Concepts",
    "Connections",
    "Control",
    "Curation",
    "Database",
    "ExplorationRef",
    "Explorations",
    "ImageJobs",
    "ImageRef",
    "Images",
    "Operations",
    "Relations",
    "SchemaVersions",
    "Store",
    "StoreStatus",
    "Waiting",
    "Work",
]
