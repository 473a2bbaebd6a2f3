"""Ids as people give them on the command line: as the API shows them, or as they are stored."""

import re

from resolvers.ids import CONCEPT, raw_id

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def concept_id(argument: str, given: str) -> str:
    """The stored id of a concept. Raises `InvalidRequest`."""
    return given.lower() if _UUID.fullmatch(given) else raw_id(argument, given, CONCEPT)
