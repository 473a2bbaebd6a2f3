"""Ids as clients see them: Relay global ids, URL-safe base64 without padding of `Type:raw`."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode

from exploration.errors import InvalidRequest
from graphstore.model import RelationKey

CONCEPT = "Concept"
RELATION = "Relation"
SOURCE = "Source"
EXPLORATION = "Exploration"
STEP = "Step"
IMAGE = "Image"
TYPES = (CONCEPT, RELATION, SOURCE, EXPLORATION, STEP, IMAGE)
"""All types that have an id."""

_LONGEST = 300


def global_id(type: str, raw: str) -> str:
    """The id under which clients know a thing."""
    return encoded(f"{type}:{raw}".encode())


def relation_id(key: RelationKey) -> str:
    """The id under which clients know a relation."""
    return global_id(RELATION, ".".join(key))


def typed_id(argument: str, id: str) -> tuple[str, str]:
    """Type and raw id behind a global id. Raises `InvalidRequest`."""
    type, colon, raw = _decoded(id).partition(":")
    if not colon or type not in TYPES or not raw:
        raise InvalidRequest(argument, f"{id[:80]!r} is no id of this API; give one that it has returned")
    return type, raw


def raw_id(argument: str, id: str, wanted: str) -> str:
    """The raw id of a thing of the wanted type. Raises `InvalidRequest`."""
    type, raw = typed_id(argument, id)
    if type != wanted:
        raise InvalidRequest(argument, f"this is the id of a {type}; the id of a {wanted} is wanted")
    return raw


def relation_key(argument: str, id: str) -> RelationKey:
    """The relation behind a global id. Raises `InvalidRequest`."""
    return key_of(argument, raw_id(argument, id, RELATION))


def key_of(argument: str, raw: str) -> RelationKey:
    """The relation behind a raw id. Raises `InvalidRequest`."""
    parts = raw.split(".")
    if len(parts) != len(RelationKey._fields):
        raise InvalidRequest(argument, "this is no id of a Relation")
    return RelationKey(*parts)


def encoded(data: bytes) -> str:
    """URL-safe base64 without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """What was `encoded`. Raises `ValueError` for any other text, also for other spellings of the same bytes."""
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encoded(data) != text:
        raise ValueError("not in its only form")
    return data


def _decoded(id: str) -> str:
    if len(id) > _LONGEST:
        return ""
    try:
        return decoded(id).decode()
    except (ValueError, binascii.Error):
        return ""
