"""Where the bytes of pictures are kept: a folder, or a bucket of an S3-compatible server, by obstore."""

from graphstore.bytes.opening import open_bytes
from graphstore.bytes.pictures import PictureBytes, StoredBytes
from graphstore.bytes.thumbnails import THUMBNAIL_TYPE, WIDTHS, Thumbnails

__all__ = ["THUMBNAIL_TYPE", "WIDTHS", "PictureBytes", "StoredBytes", "Thumbnails", "open_bytes"]
