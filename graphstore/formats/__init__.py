"""The graph as a file: import and export of JSON Lines, plain or compressed (docs/formats.md)."""

from graphstore.formats.compression import COMPRESSIONS, compressed, decompressed
from graphstore.formats.errors import FormatError, LineError, VersionError
from graphstore.formats.exporting import export_to, exported
from graphstore.formats.importing import import_from
from graphstore.formats.plain import Dataset
from graphstore.formats.records import kind_of
from graphstore.formats.report import Problem, Report

__all__ = [
    "COMPRESSIONS",
    "Dataset",
    "FormatError",
    "LineError",
    "Problem",
    "Report",
    "VersionError",
    "compressed",
    "decompressed",
    "export_to",
    "exported",
    "import_from",
    "kind_of",
]
