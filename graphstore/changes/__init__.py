"""What every change to a store does, decided once for all adapters over their `Transaction` statements."""

from graphstore.changes.control import StoreControl
from graphstore.changes.curation import StoreCuration
from graphstore.changes.images import StoreImageJobs
from graphstore.changes.loading import load
from graphstore.changes.work import StoreWork

__all__ = ["StoreControl", "StoreCuration", "StoreImageJobs", "StoreWork", "load"]
