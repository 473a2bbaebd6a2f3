"""Where bytes are kept, those of pictures above all: a folder, or a bucket of an S3-compatible server, by obstore."""

from graphstore.bytes.copying import copy_pictures
from graphstore.bytes.objects import Objects, StoredObject
from graphstore.bytes.opening import open_bytes, open_objects
from graphstore.bytes.paths import workspace_folder
from graphstore.bytes.pictures import PictureBytes, StoredBytes
from graphstore.bytes.thumbnails import THUMBNAIL_TYPE, WIDTHS, Thumbnails

__all__ = [
    "THUMBNAIL_TYPE",
    "WIDTHS",
    "Objects",
    "PictureBytes",
    "StoredBytes",
    "StoredObject",
    "Thumbnails",
    "copy_pictures",
    "open_bytes",
    "open_objects",
    "workspace_folder",
]
